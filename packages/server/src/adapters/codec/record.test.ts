import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProgrammeRecord } from '../../ports/programme-log.ts';
import { decodeRecord, encodeRecord, recordLength } from './index.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const seq = fc.nat({ max: Number.MAX_SAFE_INTEGER - 1 });
const epoch = fc.nat({ max: 2 ** 32 - 1 });
const capturedAtMs = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 });
const chunk = fc.record({
  kind: fc.constant('chunk' as const),
  seq,
  epoch,
  capturedAtMs,
  peak: fc.nat({ max: 255 }),
  frames: fc.array(bytes(1275), { minLength: 10, maxLength: 10 }),
  snapshot: bytes(2_000),
});
const hole = fc
  .record({
    kind: fc.constant('hole' as const),
    seq,
    epoch,
    capturedAtMs,
    length: fc.integer({ min: 1, max: 1e9 }),
  })
  .map(({ length, ...rest }) => ({
    ...rest,
    endSeq: Math.min(rest.seq + length, Number.MAX_SAFE_INTEGER),
  }));
const record: fc.Arbitrary<ProgrammeRecord> = fc.oneof(chunk, hole);

/** Buffers and Uint8Arrays of the same bytes are the same content. */
const plain = (value: ProgrammeRecord | null): unknown =>
  value?.kind === 'chunk'
    ? { ...value, frames: value.frames.map((frame) => [...frame]), snapshot: [...value.snapshot] }
    : value;

describe('record bytes', () => {
  it('[P7] give back the record they were made from', () => {
    fc.assert(
      fc.property(record, (value) => {
        const encoded = encodeRecord(value);
        expect(recordLength(encoded, 0)).toBe(encoded.length);
        expect(plain(decodeRecord(encoded))).toEqual(plain(value));
      }),
      { numRuns: 200 },
    );
  });

  it('[P7] are refused when torn or when any bit is flipped', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.nat({ max: 7 }), (value, where, bit) => {
        const encoded = encodeRecord(value);
        expect(decodeRecord(encoded.subarray(0, where % encoded.length))).toBeNull();
        encoded[where % encoded.length]! ^= 1 << bit;
        expect(decodeRecord(encoded)).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('are never understood from noise, and noise never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 300 }), (noise) => {
        const encoded = Buffer.from(noise);
        encoded.write('PL\x01\x01', 0, 'latin1');
        encoded.writeUInt32BE(encoded.length, 4);
        expect(decodeRecord(encoded)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  it('refuse a chunk that has not ten frames', () => {
    const wrong = {
      kind: 'chunk',
      seq: 0,
      epoch: 1,
      capturedAtMs: 0,
      peak: 0,
      frames: [],
      snapshot: new Uint8Array(),
    } as const;
    expect(() => encodeRecord(wrong)).toThrow(/10 frames, not 0/);
  });
});
