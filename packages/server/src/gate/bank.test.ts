import { describe, expect, it } from 'vitest';
import { Bank } from './bank.ts';

const SPACE = 'evening';
let number = 0;

/** Says what an edge uses, and that it goes by grant `heard`, until a second grant says the same. */
function settle(bank: Bank<string>, edges: Readonly<Record<string, number>>, nowMs: number) {
  let grants = new Map<string, { limit: number; spare: number }>();
  for (let round = 1; round <= 4; round++) {
    for (const [edge, used] of Object.entries(edges)) {
      const { limit = 0, spare = 0 } = grants.get(edge) ?? {};
      const held = Math.max(used, limit + spare);
      number++;
      bank.reported(edge, number, number, [
        { id: SPACE, used, held, front: { second: 0, rank: 0 }, issued: [], entrants: null },
      ]);
    }
    grants = bank.grant(SPACE, nowMs, () => number + 1);
  }
  return grants;
}

describe('the account of places', () => {
  it('[P1] gives an edge nothing before it has said a word: who comes back finds the places elsewhere', () => {
    const bank = new Bank<string>(0, 2);
    bank.capacity = 1_000;
    bank.opened('a', true);
    bank.opened('b', true);
    settle(bank, { a: 480, b: 480 }, 0);
    bank.closed('b', 0);
    bank.opened('c', true);
    const before = settle(bank, { a: 480 }, 0);
    expect(before.get('a')).toEqual({ limit: 480, spare: 520 });
    expect(before.get('c')).toEqual({ limit: 0, spare: 0 });
    const after = settle(bank, { a: 480, c: 0 }, 0);
    expect(after.get('c')!.spare).toBe(260);
    expect(bank.booked).toBeLessThanOrEqual(1_000);
  });
});
