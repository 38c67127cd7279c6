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
