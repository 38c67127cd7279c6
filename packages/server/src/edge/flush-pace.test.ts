import { PROFILES } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CALM_MS, FlushPace, LATE_MS_MAX, WRITE_SHARE_MAX } from './flush-pace.ts';

const TICK_MS = 50;
const { near, steady } = PROFILES;

/** Ticks for `forMs`, each as late and with as much writing as said. @returns the interval at the end */
function pass(pace: FlushPace, fromMs: number, forMs: number, lateMs = 0, share = 0): number {
  for (let atMs = fromMs + TICK_MS; atMs <= fromMs + forMs; atMs += TICK_MS)
    pace.tick(atMs, lateMs, share * TICK_MS);
  return pace.flushMs;
}

describe('the flush interval', () => {
  test('is the profile’s own while the process keeps up', () => {
    expect(pass(new FlushPace(steady, TICK_MS, 0), 0, 60_000, 5, 0.2)).toBe(1_000);
  });

  test.each([
    ['ticks come late', LATE_MS_MAX * 3, 0.1],
    ['writing takes the time', 0, WRITE_SHARE_MAX * 1.9],
  ])('grows at once to what the buffers have announced when %s', (_why, lateMs, share) => {
    const pace = new FlushPace(steady, TICK_MS, 0);
    expect(pass(pace, 0, 1_000, lateMs, share)).toBeGreaterThan(1_020);
    expect(pass(pace, 1_000, 2_000, lateMs, share)).toBe(2_000);
  });

  test('is not moved by one late tick', () => {
    const pace = new FlushPace(steady, TICK_MS, 0);
    pass(pace, 0, 5_000);
    pace.tick(5_150, 100, 0);
    expect(pass(pace, 5_150, 1_000)).toBe(1_000);
  });

  test('shrinks only after a calm, and slowly', () => {
    const pace = new FlushPace(steady, TICK_MS, 0);
    pass(pace, 0, 5_000, LATE_MS_MAX * 3);
    expect(pass(pace, 5_000, CALM_MS)).toBe(2_000);
    const after = pass(pace, 5_000 + CALM_MS, 5_000);
    expect(after).toBeLessThan(2_000);
    expect(after).toBeGreaterThan(1_500);
    expect(pass(pace, 10_000 + CALM_MS, 20_000)).toBe(1_000);
  });

  test('does not swing where the shorter interval is too much', () => {
    const pace = new FlushPace(steady, TICK_MS, 0);
    // The work is given: what is written takes 0.6 s for everybody, however often.
    let atMs = 0;
    let changes = 0;
    let last = 0;
    for (; atMs < 300_000; atMs += TICK_MS) {
      const before = pace.flushMs;
      pace.tick(atMs, 0, (TICK_MS * 600) / before);
      const direction = Math.sign(pace.flushMs - before);
      if (direction !== 0 && direction !== last) changes++;
      if (direction !== 0) last = direction;
    }
    expect(pace.flushMs).toBeGreaterThan(1_150);
    expect(changes).toBeLessThanOrEqual(2);
  });

  test('[P1] of `near` stays what was promised, whatever happens', () => {
    expect(pass(new FlushPace(near, TICK_MS, 0), 0, 60_000, 500, 1)).toBe(200);
  });
});

describe('turns', () => {
  const ticks = fc.array(
    fc.record({
      stepMs: fc.oneof(fc.constant(TICK_MS), fc.double({ min: 0, max: 400, noNaN: true })),
      lateMs: fc.double({ min: -50, max: 2_000, noNaN: true }),
      writingMs: fc.double({ min: 0, max: 400, noNaN: true }),
    }),
    { minLength: 1, maxLength: 600 },
  );

  test.each([near, steady])(
    '[P1] $id: every listener is flushed within the announced interval, and none twice in a turn',
    (profile) => {
      fc.assert(
        fc.property(ticks, (steps) => {
          const pace = new FlushPace(profile, TICK_MS, 0);
          const flushedMs = Array.from({ length: pace.slices }, () => 0);
          let nowMs = 0;
          for (const { stepMs, lateMs, writingMs } of steps) {
            nowMs += stepMs;
            const { first, count } = pace.tick(nowMs, lateMs, writingMs);
            expect(pace.flushMs).toBeGreaterThanOrEqual(profile.flushMs);
            expect(pace.flushMs).toBeLessThanOrEqual(profile.flushMsMax);
            expect(count).toBeLessThanOrEqual(pace.slices);
            for (let turn = first; turn < first + count; turn++)
              flushedMs[turn % pace.slices] = nowMs;
            // A tick may come late by its own step; beyond that nobody waits longer than announced.
            const oldest = Math.min(...flushedMs);
            expect(nowMs - oldest).toBeLessThanOrEqual(profile.flushMsMax + 400 + 1e-6);
          }
        }),
      );
    },
  );

  test('go round in order, at an even distance', () => {
    const pace = new FlushPace(steady, TICK_MS, 0);
    const seen: number[] = [];
    for (let atMs = TICK_MS; atMs <= 1_000; atMs += TICK_MS) {
      const { first, count } = pace.tick(atMs, 0, 0);
      expect(count).toBe(2);
      for (let i = 0; i < count; i++) seen.push((first + i) % pace.slices);
    }
    expect(seen).toEqual(Array.from({ length: 40 }, (_, i) => i));
  });
});
