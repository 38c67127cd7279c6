import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lookForDoorsMs } from './doors.ts';

const uniform = fc.double({ min: 0, max: 0.999, noNaN: true });

describe('looking whether the doors are open', () => {
  it('[P2] is never before Retry-After, but for what that was rounded up by, and at least once a minute', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e6, max: 1e9 }),
        uniform,
        fc.nat(60),
        (untilMs, at, retryS) => {
          const ms = lookForDoorsMs(untilMs, at, retryS * 1_000);
          expect(ms).toBeGreaterThanOrEqual(Math.max(500, (retryS - 1) * 1_000));
          expect(ms).toBeLessThan(62_000);
        },
      ),
    );
  });

  it('is spread, so that a house does not knock in step', () => {
    expect(lookForDoorsMs(5_000, 0.9) - lookForDoorsMs(5_000, 0.1)).toBeGreaterThan(1_000);
  });
});
