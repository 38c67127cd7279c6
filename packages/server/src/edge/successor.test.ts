import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ANCHOR_MS, aSpace, type RunningEdge, runEdge } from './edge.fixture.ts';

let running: RunningEdge;
beforeEach(async () => {
  running = await runEdge();
});
afterEach(() => running.close());

const ended = { state: 'ended', endedAtMs: ANCHOR_MS } as const;
const ask = (path: string) => fetch(`${running.url}${path}`, { redirect: 'manual' });

describe('a space that was given up', () => {
  it('[P2] leads newcomers to its successor, also over one that was given up itself', async () => {
    running.feed.space(aSpace({ ...ended, successor: 'second' }));
    running.feed.space(aSpace({ ...ended, id: 'second', successor: 'third' }));
    running.feed.space(aSpace({ id: 'third' }));
    for (const [path, location] of [
      ['/evening', '/third'],
      ['/second', '/third'],
      ['/radio/evening.ogg', '/radio/third.ogg'],
    ] as const) {
      const answer = await ask(path);
      expect(answer.status).toBe(302);
      expect(answer.headers.get('location')).toBe(location);
      expect(answer.headers.get('cache-control')).toBe('no-store');
    }
    expect(await (await ask('/spaces/evening.json')).json()).toMatchObject({ successor: 'second' });
    expect((await ask('/live/evening')).status).toBe(410);
    expect((await ask('/third')).headers.get('location')).toBeNull();
  });

  it('is shown itself once its successor is over or gone, and circles end', async () => {
    running.feed.space(aSpace({ ...ended, successor: 'second' }));
    expect((await ask('/evening')).headers.get('location')).toBeNull();
    running.feed.space(aSpace({ ...ended, id: 'second', successor: 'evening' }));
    expect((await ask('/evening')).headers.get('location')).toBeNull();
    expect((await ask('/radio/evening.ogg')).status).toBe(410);
  });
});
