import { describe, expect, it } from 'vitest';
import { Arrivals, peakToMean } from './arrivals.ts';

function ratio(house: number, ...atMs: readonly number[]): number {
  const arrivals = new Arrivals();
  for (const ms of atMs) arrivals.record(ms);
  return peakToMean(arrivals.counts, house);
}

describe('how a crowd comes back', () => {
  it('[P1] compares the fullest second with the mean', () => {
    expect(ratio(3, 100, 1_100, 2_100)).toBeCloseTo(1);
    expect(ratio(4, 100, 200, 300, 2_900)).toBeCloseTo((3 * 3) / 4);
    expect(ratio(2, 100, 200)).toBe(1);
    expect(ratio(1)).toBe(0);
  });

  it('takes neither one who comes late nor a few for a wave', () => {
    const wave = Array.from({ length: 200 }, (_, at) => at * 10);
    expect(ratio(200, ...wave)).toBeCloseTo(1);
    expect(ratio(201, ...wave, 30_000)).toBeCloseTo(1);
    expect(ratio(1_000, 100, 200, 300, 2_900)).toBe(0);
  });

  it('looks from a second on, and adds up what several processes tell', () => {
    const all = new Arrivals();
    const one = new Arrivals();
    for (const ms of [10, 20, 1_500, 2_500]) one.record(ms);
    all.add(one.take());
    all.add([0, 1, 1]);
    expect(one.counts).toEqual([]);
    expect(all.counts).toEqual([2, 2, 2]);
    all.add([100]);
    expect(peakToMean(all.counts, 10, 1)).toBe(1);
  });

  it('is bounded', () => {
    const arrivals = new Arrivals();
    arrivals.record(1e9);
    arrivals.record(-5);
    expect(arrivals.counts).toHaveLength(120);
    expect([arrivals.counts[0], arrivals.counts[119]]).toEqual([1, 1]);
  });
});
