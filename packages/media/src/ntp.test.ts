import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getNtp, setNtp } from './ntp.ts';

const view = new DataView(new ArrayBuffer(8));

describe('NTP time', () => {
  it('is the one RFC 5905 gives for the Unix epoch', () => {
    setNtp(view, 0, 0);
    expect([view.getUint32(0), view.getUint32(4)]).toEqual([2_208_988_800, 0]);
  });

  it('keeps whole milliseconds exactly and fractions to the microsecond, beyond 2036 too', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_290_000_000_000_000 }), (micros) => {
        setNtp(view, 0, micros / 1000);
        expect(getNtp(view, 0)).toBeCloseTo(micros / 1000, 3);
      }),
    );
    const in2040 = Date.UTC(2040, 0, 1, 12, 0, 0, 123);
    setNtp(view, 0, in2040);
    expect(getNtp(view, 0)).toBe(in2040);
  });

  it('carries a fraction that rounds up into the seconds', () => {
    setNtp(view, 0, 999.999_999_999_99);
    expect([view.getUint32(0), view.getUint32(4)]).toEqual([2_208_988_801, 0]);
  });
});
