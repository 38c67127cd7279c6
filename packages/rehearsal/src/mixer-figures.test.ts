import { describe, expect, it } from 'vitest';
import { latenessBetween } from './mixer-figures.ts';

const before = {
  count: 100,
  sumS: 0.1,
  buckets: [
    [0.001, 90],
    [0.01, 100],
    [0.1, 100],
    [1, 100],
  ] as [number, number][],
};

describe('the mixers’ lateness', () => {
  it('[P3] is that of the ticks between two moments', () => {
    const after = {
      count: 300,
      sumS: 1.1,
      buckets: [
        [0.001, 270],
        [0.01, 298],
        [0.1, 299],
        [1, 300],
      ] as [number, number][],
    };
    expect(latenessBetween(before, after)).toEqual({
      ticks: 200,
      meanMs: 5,
      p99MsAtMost: 10,
      later: 1,
    });
  });

  it('is not known without ticks, nor of a programme that began anew', () => {
    expect(latenessBetween(before, before)).toBe(null);
    expect(latenessBetween(before, { ...before, count: 3 })).toBe(null);
    expect(latenessBetween(null, before)).toBe(null);
  });

  it('has no percentile where the worst are beyond all buckets', () => {
    const after = { count: 200, sumS: 900, buckets: before.buckets };
    expect(latenessBetween(before, after)).toMatchObject({ p99MsAtMost: null, later: 100 });
  });
});
