import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EgressMeter, listenersWithin } from './egress.ts';

describe('the way out', () => {
  test('is measured over the last seconds', () => {
    const meter = new EgressMeter();
    let bps = 0;
    for (let atMs = 0; atMs <= 20_000; atMs += 100) bps = meter.sample(atMs, atMs * 125);
    expect(bps).toBeCloseTo(1_000_000, -3);
    for (let atMs = 20_100; atMs <= 40_000; atMs += 100) bps = meter.sample(atMs, 20_000 * 125);
    expect(bps).toBeLessThan(1_000);
  });

  test('without a bound holds any number', () => {
    expect(listenersWithin(0, 1e12, 5)).toBe(Number.POSITIVE_INFINITY);
  });

  test('[P1] [property] never sends away, and never lets in more than fit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e11 }),
        fc.integer({ min: 0, max: 1e11 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (boundBps, sentBps, listeners) => {
          const places = listenersWithin(boundBps, sentBps, listeners);
          expect(places).toBeGreaterThanOrEqual(listeners);
          if (sentBps >= boundBps) expect(places).toBe(listeners);
          const eachBps = listeners === 0 ? 0 : sentBps / listeners;
          if (places > listeners)
            expect(sentBps + (places - listeners) * eachBps).toBeLessThanOrEqual(boundBps + 1);
        },
      ),
    );
  });
});
