import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Histogram } from './histogram.ts';

const times = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('histogram', () => {
  it('tells every percentile to 3 % or a quarter of a millisecond, never below the truth', () => {
    fc.assert(
      fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, share) => {
        const sorted = values.toSorted((a, b) => a - b);
        const truth = sorted[Math.max(1, Math.ceil(share * values.length)) - 1]!;
        const told = histogramOf(values).at(share)!;
        expect(told).toBeGreaterThanOrEqual(truth - 1e-9);
        expect(told).toBeLessThanOrEqual(truth * 1.032 + 0.26);
      }),
    );
  });

  it('says the same of two merged as of all in one', () => {
    fc.assert(
      fc.property(times, times, (some, others) => {
        const merged = histogramOf(some);
        merged.add(histogramOf(others).tally());
        expect(merged.percentiles()).toEqual(histogramOf([...some, ...others]).percentiles());
      }),
    );
  });

  it('is empty again when it was cleared', () => {
    const histogram = histogramOf([1, 2, 3]);
    expect(histogram.below(2.5)).toBe(2);
    histogram.clear();
    expect(histogram.percentiles()).toBeNull();
    expect(histogram.tally()).toEqual({ pairs: [], maxMs: 0 });
  });
});
