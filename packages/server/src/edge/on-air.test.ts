import type { OnAir, Snapshot } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { ANCHOR_MS, aChunk, aSpace, type RunningEdge, runEdge } from './edge.fixture.ts';

let nowMs = 0;
const clock: Clock = { monotonicMs: () => nowMs, wallMs: () => ANCHOR_MS + nowMs };

let running: RunningEdge;
beforeEach(async () => {
  nowMs = 0;
  running = await runEdge({ clock });
});
afterEach(() => running.close());

function snapshot(speaking: string): string {
  const seat = (name: string) => ({ id: name, name, muted: false, speaking: name === speaking });
  const about: Partial<Snapshot> = { holding: false, seats: [seat('Ada'), seat('Grace')] };
  return JSON.stringify(about);
}

const url = (): string => `${running.url}/spaces/evening/now.json`;
const ask = async (): Promise<OnAir> => (await (await fetch(url())).json()) as OnAir;

describe('who speaks, for those who wait', () => {
  test('[P2] comes from the newest snapshot, made once a second', async () => {
    running.feed.space(aSpace());
    running.feed.record(aChunk(0, snapshot('Ada')));
    running.feed.record(aChunk(1));
    const first = { space: 'evening', atMs: ANCHOR_MS, state: 'live', holding: false };
    expect(await ask()).toEqual({ ...first, speaking: ['Ada'], seats: ['Ada', 'Grace'] });
    running.feed.record(aChunk(2, snapshot('Grace')));
    nowMs = 999;
    expect((await ask()).speaking).toEqual(['Ada']);
    nowMs = 1_000;
    expect(await ask()).toMatchObject({ atMs: ANCHOR_MS + 1_000, speaking: ['Grace'] });
  });

  test('says that nobody does before the first snapshot, and after the end', async () => {
    running.feed.space(aSpace({ state: 'doors' }));
    expect(await ask()).toMatchObject({ state: 'doors', holding: true, speaking: [], seats: [] });
    running.feed.record(aChunk(0, snapshot('Ada')));
    running.feed.space(aSpace({ state: 'ended' }));
    nowMs = 1_000;
    expect(await ask()).toMatchObject({ state: 'ended', holding: false, speaking: [], seats: [] });
  });

  test('outlives a snapshot that is none', async () => {
    running.feed.space(aSpace());
    running.feed.record(aChunk(0, 'not json'));
    expect(await ask()).toMatchObject({ holding: true, speaking: [] });
  });

  test('may be read by any page and kept for a second; HEAD has its length', async () => {
    running.feed.space(aSpace());
    const answer = await fetch(url());
    const head = await fetch(url(), { method: 'HEAD' });
    const { length } = Buffer.from(await answer.arrayBuffer());
    for (const { headers } of [answer, head]) {
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('cache-control')).toBe('public, max-age=1');
      expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
      expect(headers.get('content-length')).toBe(String(length));
    }
    expect(await head.text()).toBe('');
  });

  test('is refused for a space that there is not, and by POST', async () => {
    const unknown = await fetch(url());
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'unknown_space' } });
    running.feed.space(aSpace());
    expect((await fetch(url(), { method: 'POST' })).status).toBe(405);
  });
});
