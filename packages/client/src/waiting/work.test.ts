import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from './sha256.ts';
import { BITS_MAX, solutionIn, solve } from './work.ts';

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

describe('SHA-256', () => {
  it('is what the system’s is, for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Buffer.from(sha256(bytes))).toEqual(createHash('sha256').update(bytes).digest());
      }),
    );
  });
});

describe('the work that a place costs', () => {
  it('is the first number whose hash begins with so many zero bits', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), fc.nat(9), (text, bits) => {
        const found = solutionIn({ text, bits }, 0, 2 ** 14);
        if (found === null) return;
        const zeros = (n: number): boolean =>
          hashOf(`${text}:${n}`).readUInt32BE() < 2 ** (32 - bits);
        expect(zeros(found)).toBe(true);
        for (let n = 0; n < found; n++) expect(zeros(n)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  it('is done without a worker too', async () => {
    expect(
      hashOf(`some text:${await solve({ text: 'some text', bits: 10 })}`).readUInt16BE(),
    ).toBeLessThan(64);
  });

  it('is not taken up when it is none, or would take for ever', async () => {
    expect(await solve({ text: 'x', bits: BITS_MAX + 1 })).toBeNull();
    expect(await solve({ text: 'x', bits: -1 })).toBeNull();
    expect(await solve({ text: null as unknown as string, bits: 1 })).toBeNull();
  });
});
