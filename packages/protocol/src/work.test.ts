import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { beginsWithZeros, solveWork } from './work.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

describe('work', () => {
  test('counts zeros as they stand, bit by bit', () => {
    const digest = fc.uint8Array({ minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(digest, fc.nat(32), fc.nat(32), (bytes, bits, zeros) => {
        const value = zeros === 32 ? 0 : Buffer.from(bytes).readUInt32BE() >>> zeros;
        const written = Buffer.alloc(4);
        written.writeUInt32BE(value);
        const text = value.toString(2).padStart(32, '0');
        expect(beginsWithZeros(written, bits)).toBe(text.startsWith('0'.repeat(bits)));
      }),
    );
  });

  test('is done by the first number that does it', () => {
    const hash = (n: number): Uint8Array => sha256(Buffer.from(`a challenge:${n}`));
    const n = solveWork({ text: 'a challenge', bits: 9 }, sha256);
    expect(beginsWithZeros(hash(n), 9)).toBe(true);
    for (let before = 0; before < n; before++) expect(beginsWithZeros(hash(before), 9)).toBe(false);
  });
});
