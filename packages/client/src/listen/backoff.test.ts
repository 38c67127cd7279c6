import { PROFILES, type ProfileId } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FIRST_RETRY_MS_MAX,
  parseRetryAfterMs,
  RECONNECT_MS,
  RETRY_AFTER_MS_MAX,
  RETRY_MS_MAX,
  retryDelayMs,
  SPREAD_MS_MAX,
} from './backoff.ts';

const PROFILE_IDS: readonly ProfileId[] = ['near', 'steady', 'far'];
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('backoff', () => {
  it('[P1] tries again at once the first time, with a small jitter', () => {
    fc.assert(fc.property(random, (r) => retryDelayMs(1, r) <= FIRST_RETRY_MS_MAX));
  });

  it('[P1] spreads the first retry over what the buffer leaves, and keeps time to connect', () => {
    const ahead = fc.double({ min: 0, max: 10_000, noNaN: true });
    fc.assert(
      fc.property(random, ahead, (r, aheadMs) => {
        const waitMs = retryDelayMs(1, r, 0, aheadMs);
        const leftMs = aheadMs - RECONNECT_MS;
        return waitMs <= SPREAD_MS_MAX && waitMs <= Math.max(FIRST_RETRY_MS_MAX, leftMs);
      }),
    );
    expect(retryDelayMs(1, 0.5, 0, 2_600)).toBe(800);
    expect(retryDelayMs(2, 0.5, 0, 2_600)).toBe(retryDelayMs(2, 0.5));
  });

  it('never ends, and never waits longer than its bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), random, (failures, r) => {
        const waitMs = retryDelayMs(failures, r);
        return waitMs >= 0 && waitMs <= RETRY_MS_MAX;
      }),
    );
  });

  it('is spread, so that a house does not knock in step', () => {
    expect(retryDelayMs(5, 0)).toBeLessThan(retryDelayMs(5, 0.99));
  });

  it.each(PROFILE_IDS)(
    '[P1] lets no second stand far above the mean once a house has backed off: %s',
    (id) => {
      const { bufferMs, flushMs } = PROFILES[id];
      const uniform = mulberry(7);
      const untilS = 60;
      for (const retryAfterMs of [0, 1_000]) {
        const bins = new Array<number>(untilS).fill(0);
        // Everybody loses the connection at once, and nothing answers, or everything is refused.
        for (let client = 0; client < 5_000; client++) {
          let atMs = retryDelayMs(1, uniform(), 0, bufferMs - flushMs * uniform());
          for (let failures = 2; atMs < untilS * 1_000; failures++) {
            bins[Math.floor(atMs / 1_000)]!++;
            atMs += retryDelayMs(failures, uniform(), retryAfterMs);
          }
        }
        const backedOff = bins.slice(RETRY_MS_MAX / 1_000);
        const mean = backedOff.reduce((sum, count) => sum + count, 0) / backedOff.length;
        // Twice the mean is what may be; waits from half of the step on would be close to it.
        expect(Math.max(...backedOff)).toBeLessThan(1.5 * mean);
      }
    },
  );

  it('never comes before Retry-After', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        random,
        fc.integer({ min: 1, max: RETRY_AFTER_MS_MAX }),
        (n, r, ms) => retryDelayMs(n, r, ms) >= ms,
      ),
    );
  });

  it('reads Retry-After as seconds or as a date (RFC 9110 §10.2.3)', () => {
    const now = Date.parse('Sun, 06 Nov 1994 08:49:07 GMT');
    expect(parseRetryAfterMs('120', now)).toBe(120_000);
    expect(parseRetryAfterMs('Sun, 06 Nov 1994 08:49:37 GMT', now)).toBe(30_000);
    expect(parseRetryAfterMs('Sun, 06 Nov 1994 08:00:00 GMT', now)).toBe(0);
    for (const field of [null, '', 'soon', '-5', '1e9'])
      expect(parseRetryAfterMs(field, now)).toBe(0);
  });
});

/** A small seeded generator, uniform in [0, 1). */
function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
