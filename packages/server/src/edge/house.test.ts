import { FragmentReader, holdingFrames } from '@parterre/media';
import { describe, expect, test } from 'vitest';
import { LAG_CHUNKS_MAX, QUEUE_BYTES_MAX, STALL_MS_MAX } from './cohort.ts';
import { EdgeCounters } from './counters.ts';
import { aSpace, FakeFeed, FakeSink, ManualTime } from './edge.fixture.ts';
import { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
import { House } from './house.ts';

function aHouse(profile: 'near' | 'steady' = 'near') {
  const time = new ManualTime();
  const feed = new FakeFeed();
  const counters = new EdgeCounters();
  const house = new House({
    clock: time,
    timers: time,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    counters,
  });
  house.open(feed);
  feed.space(aSpace({ profile }));
  feed.ready();
  const join = (from: number | null = null, sink = new FakeSink()): FakeSink => {
    const admission = house.admit('live', 'evening', from, null);
    if ('refusal' in admission) throw new Error(admission.refusal);
    house.join(sink, admission, from !== null, null);
    return sink;
  };
  /** Chunks as they come, one each 200 ms. */
  const broadcast = (fromSeq: number, endSeq: number): void => {
    for (let seq = fromSeq; seq < endSeq; seq++) {
      feed.chunks(seq, seq + 1);
      time.pass(200);
    }
  };
  return { time, feed, house, counters, join, broadcast };
}

function sequences(sink: FakeSink): number[] {
  return new FragmentReader().push(sink.bytes).flatMap((part) => {
    if (part.kind === 'error') throw part.error;
    return part.kind === 'fragment' ? [part.seq] : [];
  });
}

const range = (from: number, end: number): number[] =>
  Array.from({ length: end - from }, (_, i) => from + i);

describe('a listener', () => {
  test('is given the profile’s buffer at once, then every chunk once', () => {
    const { feed, join, broadcast } = aHouse();
    feed.chunks(100, 120);
    const sink = join();
    expect(sequences(sink)).toEqual([116, 117, 118, 119]);
    broadcast(120, 130);
    expect(sequences(sink)).toEqual(range(116, 130));
  });

  test('costs one write a flush, of a Buffer that all share', () => {
    const { feed, join, broadcast, time } = aHouse('steady');
    feed.chunks(0, 50);
    const sinks = range(0, 40).map(() => join());
    time.pass(1_000);
    const before = sinks.map((sink) => sink.writes.length);
    broadcast(50, 55);
    for (const [i, sink] of sinks.entries()) expect(sink.writes.length - before[i]!).toBe(1);
    const buffers = new Set(sinks.map((sink) => sink.writes.at(-1)));
    // One for each place in the second at which a slice is flushed; not one for each listener.
    expect(buffers.size).toBeLessThanOrEqual(5);
  });

  test('[P1] is not flushed more often because others arrive', () => {
    const { feed, join, broadcast, time } = aHouse('steady');
    feed.chunks(0, 50);
    const first = join();
    time.pass(1_000);
    const before = first.writes.length;
    for (let seq = 50; seq < 100; seq++) {
      range(0, 10).forEach(() => void join());
      broadcast(seq, seq + 1);
    }
    expect(first.writes.length - before).toBeLessThanOrEqual(11);
    time.pass(1_000);
    expect(sequences(first)).toEqual(range(32, 100));
  });

  test('who comes before the first chunk begins with it', () => {
    const { join, broadcast } = aHouse();
    const sink = join();
    expect(sequences(sink)).toEqual([]);
    broadcast(7, 10);
    expect(sequences(sink)).toEqual([7, 8, 9]);
  });
});

describe('[P1] resuming', () => {
  test('goes on exactly where it was', () => {
    const { feed, join, broadcast } = aHouse();
    feed.chunks(0, 300);
    const sink = join(200);
    broadcast(300, 310);
    expect(sequences(sink)).toEqual(range(200, 310));
  });

  test('begins at the oldest chunk when it is older than that', () => {
    const { feed, join, broadcast } = aHouse();
    feed.chunks(0, 700);
    const sink = join(3);
    broadcast(700, 720);
    expect(sequences(sink)[0]).toBe(100);
    expect(sequences(sink)).toEqual(range(100, 720));
  });

  test('waits when it is a little ahead of this edge', () => {
    const { feed, join, broadcast } = aHouse();
    feed.chunks(0, 100);
    const sink = join(103);
    broadcast(100, 110);
    expect(sequences(sink)).toEqual(range(103, 110));
  });

  test('is refused when it is far ahead', () => {
    const { feed, house } = aHouse();
    feed.chunks(0, 100);
    expect(house.admit('live', 'evening', 151, null)).toMatchObject({ refusal: 'bad_request' });
  });

  test('a pause of the programme skips nobody: all get the hole as sound', () => {
    const { feed, join, broadcast, time, counters } = aHouse();
    feed.chunks(0, 100);
    const sink = join();
    time.pass(20_000);
    feed.record({ kind: 'hole', seq: 100, endSeq: 200, epoch: 2, capturedAtMs: 0 });
    broadcast(200, 205);
    time.pass(1_000);
    expect(sequences(sink)).toEqual(range(96, 205));
    expect(counters.skips).toBe(0);
  });
});

describe('a slow reader', () => {
  test('is never buffered without bound, and taken forward on a chunk boundary', () => {
    const { feed, join, broadcast, counters } = aHouse();
    feed.chunks(0, 100);
    const sink = join();
    sink.taking = false;
    broadcast(100, 250);
    expect(sink.writableLength).toBeLessThan(QUEUE_BYTES_MAX + 50_000);
    const stoppedAt = sequences(sink).at(-1)!;
    expect(stoppedAt).toBeLessThan(249 - LAG_CHUNKS_MAX);
    sink.drain();
    broadcast(250, 255);
    expect(counters.skips).toBe(1);
    const after = sequences(sink).filter((seq) => seq > stoppedAt);
    expect(after).toEqual(range(246, 255).slice(-after.length));
    expect(counters.skippedChunks).toBe(after[0]! - stoppedAt - 1);
  });

  test('loses nothing when it is slow for a moment', () => {
    const { feed, join, broadcast, counters } = aHouse();
    feed.chunks(0, 100);
    const sink = join();
    sink.writableLength = QUEUE_BYTES_MAX + 1;
    broadcast(100, 110);
    sink.drain();
    broadcast(110, 115);
    expect(sequences(sink)).toEqual(range(96, 115));
    expect(counters.skips).toBe(0);
  });

  test('is dropped, with the reason, when it takes nothing for long', () => {
    const { feed, join, broadcast, counters } = aHouse();
    feed.chunks(0, 100);
    const sink = join();
    sink.writableLength = QUEUE_BYTES_MAX + 1;
    broadcast(100, 100 + STALL_MS_MAX / 200 + 5);
    expect(sink.destroyed).toBe(true);
    expect(counters.drops.stalled).toBe(1);
  });

  test('[P1] does not hold up the others', () => {
    const { feed, join, broadcast } = aHouse();
    feed.chunks(0, 100);
    const slow = join();
    const sound = join();
    slow.writableLength = QUEUE_BYTES_MAX + 1;
    broadcast(100, 150);
    expect(sequences(sound)).toEqual(range(96, 150));
  });
});

describe('a space', () => {
  test('that ends lets its listeners go when they have everything', () => {
    const { feed, join, time, house } = aHouse('steady');
    feed.chunks(0, 20);
    const sink = join();
    feed.chunks(20, 23);
    feed.space(aSpace({ state: 'ended', profile: 'steady' }));
    time.pass(2_100);
    expect(sequences(sink)).toEqual(range(2, 23));
    expect(sink.ended).toBe(true);
    expect(house.admit('live', 'evening', null, null)).toEqual({ refusal: 'ended' });
    expect(house.room('evening')!.rings.live.ring.headSeq).toBe(-1);
  });

  test('that is scheduled says when to come back', () => {
    const { feed, house } = aHouse();
    feed.space(aSpace({ state: 'scheduled', doorsAtMs: 1_800_000_005_000 }));
    expect(house.admit('live', 'evening', null, null)).toEqual({
      refusal: 'not_open',
      retryAfterS: 5,
    });
  });

  test('is not called unknown before the programme has told of its spaces', () => {
    const time = new ManualTime();
    const house = new House({
      clock: time,
      timers: time,
      formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
      holding: holdingFrames,
      counters: new EdgeCounters(),
    });
    const feed = new FakeFeed();
    house.open(feed);
    expect(house.admit('live', 'evening', null, null)).toMatchObject({ refusal: 'part_away' });
    feed.ready();
    expect(house.admit('live', 'evening', null, null)).toEqual({ refusal: 'unknown_space' });
  });

  test('that is removed lets everyone go', () => {
    const { feed, join, house } = aHouse();
    feed.chunks(0, 20);
    const sink = join();
    feed.removed('evening');
    expect(sink.ended).toBe(true);
    expect(house.admit('live', 'evening', null, null)).toEqual({ refusal: 'unknown_space' });
  });
});

test('moving lets the listeners go a few at a time', async () => {
  const { feed, join, house, time, counters } = aHouse();
  feed.chunks(0, 20);
  const sinks = range(0, 100).map(() => join());
  const left = (): number => sinks.filter((sink) => !sink.ended).length;
  const moved = house.moveAll(1_000);
  expect(left()).toBe(90);
  time.pass(450);
  expect(left()).toBe(50);
  time.pass(500);
  await moved;
  expect(left()).toBe(0);
  expect(counters.drops.moved).toBe(100);
});

test('[P2] a house with ten thousand spaces that are over still opens for a new one', () => {
  const { feed, house } = aHouse();
  for (let ended = 1; ended < 9_999; ended++) {
    feed.space(aSpace({ id: `ended-${ended}`, state: 'ended' }));
  }
  feed.space(aSpace({ id: 'tonight' }));
  expect(house.admit('live', 'tonight', null, null)).toHaveProperty('cohort');
});
