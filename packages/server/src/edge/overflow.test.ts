import { holdingFrames } from '@parterre/media';
import { LEAN_RENDITIONS, PROFILES } from '@parterre/protocol';
import { describe, expect, test } from 'vitest';
import { RUNGS, type Rung } from '../gate/index.ts';
import type { Admission } from './admission.ts';
import { EdgeCounters } from './counters.ts';
import {
  aChunk,
  aSpace,
  FakeFeed,
  FakeSink,
  liveRequest,
  ManualTime,
  RawClient,
  runEdge,
} from './edge.fixture.ts';
import { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
import { TestGate } from './gate.fixture.ts';
import { House } from './house.ts';

/** A house whose places, and whose way out, are under the test's hand. */
function aHouse(has: readonly Rung[] = RUNGS) {
  const time = new ManualTime();
  const feed = new FakeFeed();
  const strain = { egress: 0 };
  const gate = new TestGate();
  const house = new House({
    clock: time,
    timers: time,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    counters: new EdgeCounters(),
    gate: gate.keeper,
    overflow: { has: new Set(has), egress: () => strain.egress, hlsBase: 'https://cache.example' },
  });
  house.open(feed);
  feed.space(aSpace({ profile: 'steady' }));
  feed.ready();
  feed.chunks(0, 100);
  const grant = (limit: number): void => gate.grant(limit, 10, (id) => house.used(id));
  grant(100);
  const rung = (): Rung | null => house.room('evening')!.ladder.rung;
  const ask = (pass: string | null = null): Admission =>
    house.admit('live', 'evening', null, null, pass);
  const join = (): FakeSink => {
    const admission = ask();
    if ('refusal' in admission) throw new Error(admission.refusal);
    const sink = new FakeSink();
    house.join(sink, admission, false, null);
    return sink;
  };
  return { time, feed, house, strain, grant, rung, ask, join };
}

const wordOf = (admission: Admission): string =>
  'refusal' in admission ? admission.refusal : admission.cohort.word;

describe('a house that runs short', () => {
  test('[P1] gives newcomers what the step says, and who comes back what they had', () => {
    const { time, house, strain, rung, ask, join } = aHouse(['flush', 'far', 'voice24']);
    const back = house.returnToken('evening');
    expect(wordOf(ask())).toBe('profile=steady&rendition=voice');
    strain.egress = 0.95;
    time.pass(10_000);
    expect(rung()).toBe('voice24');
    expect(wordOf(ask())).toBe('profile=far&rendition=voice24');
    join();
    expect(wordOf(ask(back))).toBe('profile=steady&rendition=voice');
    const kept = house.admit('live', 'evening', 90, 'far', back, 'voice24');
    expect(wordOf(kept)).toBe('profile=far&rendition=voice24');
    expect(house.overflow.newcomers).toEqual({ far: 1, hls: 0, voice24: 1 });
    strain.egress = 0.1;
    time.pass(30_000);
    expect(rung()).toBeNull();
    expect(wordOf(ask())).toBe('profile=steady&rendition=voice');
  });

  test('[P2] sends newcomers to the cache before the last place is taken', () => {
    const { time, house, grant, rung, ask, join } = aHouse(['flush', 'far', 'hls']);
    grant(20);
    for (let count = 0; count < 19; count++) join();
    time.pass(10_000);
    expect(rung()).toBe('hls');
    expect(house.step(house.room('evening')!)).toEqual({
      overflow: 'hls',
      overflowBy: 'places',
      overflowSinceMs: expect.any(Number) as number,
    });
    expect(ask()).toEqual({
      refusal: 'take_hls',
      location: 'https://cache.example/hls/evening/index.m3u8',
    });
    // There is room again: a little is not enough.
    grant(24);
    time.pass(30_000);
    expect(rung()).toBe('hls');
    grant(100);
    time.pass(30_000);
    expect(wordOf(ask())).toBe('profile=steady&rendition=voice');
  });

  test('never sends the radio elsewhere', () => {
    const { time, house, grant, join } = aHouse(['flush', 'far', 'hls']);
    grant(20);
    for (let count = 0; count < 19; count++) join();
    time.pass(10_000);
    expect(wordOf(house.admit('radio', 'evening', null, null))).toBe(
      'profile=steady&rendition=voice',
    );
  });

  test('a house without the rung does without', () => {
    const { time, grant, rung, join } = aHouse(['flush', 'far']);
    grant(20);
    for (let count = 0; count < 19; count++) join();
    time.pass(10_000);
    expect(rung()).toBeNull();
  });
});

describe('the profile far', () => {
  test('leaves the time to reconnect at its longest flush, as every profile does', () => {
    for (const { bufferMs, flushMsMax } of Object.values(PROFILES))
      expect(bufferMs - flushMsMax).toBeGreaterThanOrEqual(600);
    expect(PROFILES.far.bufferMs - PROFILES.far.flushMsMax).toBeGreaterThanOrEqual(1_600);
  });

  test('[P1] is sent its buffer at once and then seldom, every chunk once', () => {
    const { time, feed, house } = aHouse();
    const admission = house.admit('live', 'evening', null, 'far', 'back');
    if ('refusal' in admission) throw new Error(admission.refusal);
    const sink = new FakeSink();
    house.join(sink, admission, false, null);
    const before = sink.writes.length;
    for (let seq = 100; seq < 200; seq++) {
      feed.chunks(seq, seq + 1);
      time.pass(200);
    }
    expect(100 - admission.startSeq).toBe(PROFILES.far.bufferMs / 200);
    expect(sink.writes.length - before).toBeLessThanOrEqual(9);
    expect(sink.writes.length - before).toBeGreaterThanOrEqual(7);
  });
});

describe('the lean rendition', () => {
  test('[P1] may be gone on with at any chunk, and is never another’s', () => {
    const { house, feed } = aHouse();
    const lean = holdingFrames(LEAN_RENDITIONS.voice!, 7);
    house.record('evening', 'voice24', { ...aChunk(98), frames: lean });
    house.record('evening', 'voice24', { ...aChunk(99), frames: lean });
    feed.chunks(100, 101);
    const room = house.room('evening')!;
    expect(room.lean!.ring.headSeq).toBe(100);
    expect(room.rings.live.ring.headSeq).toBe(101);
    const bytesOf = (frames: readonly Uint8Array[]) => frames.map((frame) => [...frame]);
    expect(bytesOf(room.lean!.ring.chunk(99).frames)).toEqual(bytesOf(lean));
    const admission = house.admit('live', 'evening', 99, 'steady', 'back', 'voice24');
    expect(wordOf(admission)).toBe('profile=steady&rendition=voice24');
  });
});

describe('an edge that runs short', () => {
  test('says so in its answers, on the fast path and on the other', async () => {
    const has = new Set<Rung>(['flush', 'far', 'hls']);
    const overflow = { has, egress: () => 0, hlsBase: '' };
    const running = await runEdge({ overflow, hlsMode: 'cached' });
    try {
      running.feed.space(aSpace({ profile: 'steady' }));
      running.feed.chunks(0, 100);
      const about = async (): Promise<unknown> =>
        (await (await fetch(`${running.url}/spaces/evening.json`)).json()) as unknown;
      const list = async (): Promise<string | null> =>
        (await fetch(`${running.url}/hls/evening/opus/index.m3u8`)).headers.get('parterre-lane');
      const fast = new RawClient(running.port, liveRequest());
      await fast.until((bytes) => bytes.includes('\r\n\r\n'));
      expect(fast.text).toMatch(/\r\nparterre-lane: profile=steady&rendition=voice\r\n/);
      expect(await about()).toMatchObject({
        overflow: 'none',
        overflowBy: null,
        overflowSinceMs: null,
      });
      expect(await list()).toBe('profile=far&room=1');
      const { ladder } = running.edge.house.room('evening')!;
      const full = { flush: 0, load: 0, places: 1, egress: 0 };
      for (let atMs = 0; ladder.rung !== 'hls'; atMs += 250) ladder.tick(atMs, full);
      expect(await about()).toMatchObject({ overflow: 'hls', overflowBy: 'places' });
      expect(await list()).toBe('profile=far');
      const moved = new RawClient(running.port, liveRequest());
      await moved.until((bytes) => bytes.includes('"take_hls"'));
      expect(moved.text).toMatch(/^HTTP\/1\.1 307 Temporary Redirect\r\n/);
      expect(moved.text).toMatch(/\r\nlocation: \/hls\/evening\/index\.m3u8\r\n/);
      // An escape goes the way of the full parser.
      const slow = await fetch(`${running.url}/live/evening?x=%20`, { redirect: 'manual' });
      expect(slow.status).toBe(307);
      expect(slow.headers.get('location')).toBe('/hls/evening/index.m3u8');
      // Who comes back is none of them.
      const back = new RawClient(running.port, liveRequest('/live/evening?from=90&return=abc'));
      await back.until((bytes) => bytes.includes('\r\n\r\n'));
      expect(back.text).toMatch(/^HTTP\/1\.1 200 /);
      for (const client of [fast, moved, back]) client.socket.destroy();
    } finally {
      await running.close();
    }
  });
});
