import { SeededRandom } from '@parterre/sim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { IdSet } from './id-set.ts';

const random = new SeededRandom(8);
const anId = (): string => Buffer.from(random.bytes(16)).toString('base64url');

describe('a set of ids', () => {
  test('[P2] has what was added and nothing else, as a set has', () => {
    // Few values for each word, so that ids meet in one slot and differ in one word alone.
    const word = fc.constantFrom(0, 1, 256, 0xffff_ffff, 0x8000_0000);
    const id = fc.tuple(word, word, word, word).map((words) => {
      const bytes = Buffer.alloc(16);
      for (const [index, value] of words.entries()) bytes.writeUInt32LE(value || 2, index * 4);
      return bytes.toString('base64url');
    });
    fc.assert(
      fc.property(fc.array(id, { maxLength: 500 }), id, (ids, other) => {
        const set = new IdSet(10_000);
        const reference = new Set<string>();
        for (const each of ids) {
          expect(set.add(each)).toBe(!reference.has(each));
          reference.add(each);
          expect(set.has(each)).toBe(true);
        }
        expect(set.has(other)).toBe(reference.has(other));
        expect(set.size).toBe(reference.size);
      }),
    );
  });

  test('grows to its bound and refuses beyond it', () => {
    const set = new IdSet(50_000);
    const ids = Array.from({ length: 50_000 }, anId);
    for (const id of ids) expect(set.add(id)).toBe(true);
    expect(set.isFull).toBe(true);
    expect(set.add(anId())).toBe(false);
    for (const id of ids) expect(set.has(id)).toBe(true);
    for (let index = 0; index < 10_000; index++) expect(set.has(anId())).toBe(false);
  });

  test('of half a million ids takes 8 MiB', () => {
    const set = new IdSet(500_000);
    for (let index = 0; index < 500_000; index++) set.add(anId());
    expect(set.size).toBe(500_000);
    expect(set.bytes).toBe(8 * 2 ** 20);
  });
});
