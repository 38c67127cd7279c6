/** What every `Entrants` must do. */
import { describe, expect, it } from 'vitest';
import { ENTRANT_BYTES, type Entrants } from './entrants.ts';

const record = (value: number): Uint8Array => new Uint8Array(ENTRANT_BYTES).fill(value);
const records = (...values: number[]): Uint8Array => Buffer.concat(values.map(record));
const valuesOf = (bytes: Uint8Array | null): number[] | null =>
  bytes === null ? null : [...bytes].filter((_, index) => index % ENTRANT_BYTES === 0);

/** @param create two views of one place, as two edges have; `evening` exists in it, `nowhere` does not */
export function entrantsContract(create: () => Promise<readonly [Entrants, Entrants]>): void {
  describe('entrants', () => {
    it('[P2] begin once, whoever is first', async () => {
      const [one, other] = await create();
      expect(await one.read('evening', 0, 9)).toBeNull();
      const begun = await Promise.all([
        one.begin('evening', record(1)),
        other.begin('evening', record(2)),
      ]);
      expect(begun).toEqual([true, true]);
      const first = valuesOf(await one.read('evening', 0, 9));
      expect([[1], [2]]).toContainEqual(first);
      expect(valuesOf(await other.read('evening', 0, 9))).toEqual(first);
    });

    it('[P2] are in one order for all, each append in one piece', async () => {
      const [one, other] = await create();
      await one.begin('evening', record(0));
      const appends = Array.from({ length: 20 }, (_, index) => {
        const by = index % 2 === 0 ? one : other;
        return by.append('evening', records(index + 1, index + 1, index + 1), index === 7);
      });
      expect(await Promise.all(appends)).toEqual(appends.map(() => true));
      const all = valuesOf(await one.read('evening', 1, 100))!;
      expect(valuesOf(await other.read('evening', 1, 100))).toEqual(all);
      expect(all).toHaveLength(60);
      for (let at = 0; at < 60; at += 3) expect(new Set(all.slice(at, at + 3)).size).toBe(1);
      expect(new Set(all).size).toBe(20);
    });

    it('are read in parts', async () => {
      const [one] = await create();
      await one.begin('evening', record(0));
      await one.append('evening', records(1, 2, 3, 4), false);
      expect(valuesOf(await one.read('evening', 2, 2))).toEqual([2, 3]);
      expect(valuesOf(await one.read('evening', 4, 9))).toEqual([4]);
      expect(valuesOf(await one.read('evening', 5, 9))).toEqual([]);
    });

    it('are not of a space that is not there', async () => {
      const [one] = await create();
      expect(await one.begin('nowhere', record(1))).toBe(false);
      expect(await one.append('nowhere', record(1), false)).toBe(false);
      expect(await one.append('evening', record(1), false)).toBe(false);
      expect(await one.read('nowhere', 0, 1)).toBeNull();
    });

    it('keep what came out', async () => {
      const [one, other] = await create();
      expect(await one.keptDraw('evening')).toBeNull();
      const draw = { closesAtMs: 1_800_000_000_000, entrants: 3, root: 'ab'.repeat(32) };
      await Promise.all([one.keepDraw('evening', draw), other.keepDraw('evening', draw)]);
      expect(await other.keptDraw('evening')).toEqual(draw);
    });
  });
}
