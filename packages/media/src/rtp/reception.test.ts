import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ReceptionStats, Unwrapper } from './index.ts';

/** Packet `index` of a stream that began at `first`, with timestamps of 20 ms. */
function feed(stats: ReceptionStats, first: number, indices: readonly number[], lateMs = 0): void {
  for (const index of indices) {
    stats.receive((first + index) % 65_536, (index * 960) % 2 ** 32, index * 20 + lateMs);
  }
}

const range = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('reception statistics', () => {
  it('has nothing to report before the first packet', () => {
    expect(new ReceptionStats(1).report(0)).toBeNull();
  });

  it('counts what is lost, whatever order packets come in and wherever the sequence wraps', () => {
    const lostSet = fc.uniqueArray(fc.integer({ min: 1, max: 198 }), { maxLength: 60 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 65_535 }),
        lostSet,
        fc.boolean(),
        (first, lost, swap) => {
          const stats = new ReceptionStats(7);
          const order = range(0, 200).filter((index) => !lost.includes(index));
          if (swap) {
            for (let at = 2; at + 2 < order.length; at += 2) {
              [order[at], order[at + 1]] = [order[at + 1]!, order[at]!];
            }
          }
          feed(stats, first, order);
          const report = stats.report(4_000);
          expect(report).toMatchObject({
            ssrc: 7,
            cumulativeLost: lost.length,
            fractionLost: Math.floor((lost.length * 256) / 200),
            highestSequence: first + 199,
          });
        },
      ),
    );
  });

  it('reports the fraction since the report before, and the sum since the beginning', () => {
    const stats = new ReceptionStats(1);
    feed(stats, 0, [0, 1, 2, 3, 6, 7]);
    expect(stats.report(0)).toMatchObject({ fractionLost: 64, cumulativeLost: 2 });
    feed(stats, 0, range(8, 16));
    expect(stats.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 2 });
    expect(stats.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: 2 });
  });

  it('counts a doubled packet as less than none lost', () => {
    const stats = new ReceptionStats(1);
    feed(stats, 0, [0, 1, 1, 2]);
    expect(stats.report(0)).toMatchObject({ fractionLost: 0, cumulativeLost: -1 });
  });

  it('has no jitter for an even stream, also where the timestamp wraps', () => {
    const stats = new ReceptionStats(1);
    for (const index of range(0, 50)) {
      stats.receive(index, (2 ** 32 - 9_600 + index * 960) % 2 ** 32, 1_000 + index * 20);
    }
    expect(stats.jitter).toBe(0);
  });

  it('estimates jitter as RFC 3550 A.8 does', () => {
    const stats = new ReceptionStats(1);
    let expected = 0;
    for (const index of range(0, 100)) {
      stats.receive(index, index * 960, index * 20 + (index % 2 === 0 ? 0 : 5));
      if (index > 0) expected += (240 - expected) / 16;
    }
    expect(stats.jitter).toBeCloseTo(expected, 6);
    expect(stats.report(0)?.jitter).toBe(Math.floor(expected));
  });

  it('counts packets that are late by less than the limit, and starts over when the source does', () => {
    const stats = new ReceptionStats(1);
    feed(stats, 60_000, range(0, 100));
    expect(stats.receive(60_050, 0, 0)).toBe(true);
    expect(stats.receive(20_000, 0, 0)).toBe(false);
    expect(stats.received).toBe(101);
    expect(stats.receive(20_001, 960, 20)).toBe(true);
    expect(stats).toMatchObject({ received: 1, expected: 1, lost: 0 });
  });

  it('gives the round trip its two fields', () => {
    const stats = new ReceptionStats(1);
    stats.receive(0, 0, 0);
    expect(stats.report(500)).toMatchObject({ lastSr: 0, delaySinceLastSr: 0 });
    stats.senderReport(0xabcd_1234, 1_000);
    expect(stats.report(2_500)).toMatchObject({ lastSr: 0xabcd_1234, delaySinceLastSr: 98_304 });
  });

  it('stays within the fields of a report, whatever comes', () => {
    const packet = fc.tuple(
      fc.integer({ min: 0, max: 65_535 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      fc.double({ min: 0, max: 1e13, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(packet, { minLength: 1 }), (packets) => {
        const stats = new ReceptionStats(1);
        for (const [sequence, timestamp, atMs] of packets) stats.receive(sequence, timestamp, atMs);
        const report = stats.report(0)!;
        expect(report.fractionLost).toBeGreaterThanOrEqual(0);
        expect(report.fractionLost).toBeLessThan(256);
        for (const value of [report.highestSequence, report.jitter, report.delaySinceLastSr]) {
          expect(value >>> 0).toBe(value);
        }
        expect(Math.abs(report.cumulativeLost)).toBeLessThanOrEqual(0x80_0000);
      }),
    );
  });
});

describe('unwrapping', () => {
  it.each([16, 32] as const)('restores %i-bit values from their remainders', (bits) => {
    const modulus = 2 ** bits;
    const steps = fc.array(fc.integer({ min: -(modulus / 4), max: modulus / 4 - 1 }), {
      maxLength: 100,
    });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: modulus - 1 }), steps, (first, list) => {
        const unwrapper = new Unwrapper(bits);
        expect(unwrapper.unwrap(first)).toBe(first);
        let newest = first;
        for (const step of list) {
          const value = newest + step;
          const remainder = ((value % modulus) + modulus) % modulus;
          expect(unwrapper.unwrap(remainder)).toBe(value);
          newest = Math.max(newest, value);
        }
      }),
    );
  });
});
