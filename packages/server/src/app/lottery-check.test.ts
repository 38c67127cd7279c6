import { createHash } from 'node:crypto';
import { entrantBytes, MerkleTree, rankBytes, rankOf } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { type Drawn, type Entrant, type Place, placeOf } from './lottery-check.ts';

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const SEED = sha256(Buffer.from('a seed'));
const COMMIT = sha256(SEED).toString('hex');
const ENTRANTS: readonly Entrant[] = Array.from({ length: 100 }, (_, index) => ({
  id: `${index}`.padStart(22, 'i'),
  nonce: `${index}`.padStart(16, 'n'),
  commit: COMMIT,
}));
const LEAVES = Buffer.concat(ENTRANTS.map(({ id, nonce }) => sha256(entrantBytes(id, nonce))));
const ROOT = rootOf(LEAVES);
const LOTTERY: Drawn = {
  commit: COMMIT,
  closesAtMs: 1_800_000_000_900,
  entrants: 100,
  root: ROOT,
  seed: SEED.toString('hex'),
};
const FRONT = { front: { second: 1_800_000_000, rank: 2 ** 31 } };
const ME = ENTRANTS[42]!;

function rootOf(leaves: Uint8Array): string {
  const tree = new MerkleTree(sha256);
  for (let at = 0; at < leaves.length; at += 32) tree.add(leaves.subarray(at, at + 32));
  return Buffer.from(tree.root()).toString('hex');
}

const faults = ({ checks }: Place): string[] =>
  checks.filter(({ holds }) => !holds).map(({ what }) => what);
const flipped = (hex: string): string => (hex.startsWith('0') ? '1' : '0') + hex.slice(1);

describe('a place from before doors', () => {
  it('[P2] agrees for everybody, and is the rank that follows', () => {
    for (const entrant of ENTRANTS) {
      const place = placeOf(FRONT, LOTTERY, LEAVES, entrant);
      expect(faults(place)).toEqual([]);
      const bytes = rankBytes(SEED, Buffer.from(ROOT, 'hex'), entrant.id, entrant.nonce);
      const rank = rankOf(sha256(bytes));
      expect(place).toMatchObject({ second: 1_800_000_000, rank, called: rank <= 2 ** 31 });
      expect(place.about).toBe(Math.floor((rank / 2 ** 32) * 100));
    }
  });

  const without = Buffer.concat([LEAVES.subarray(0, 42 * 32), LEAVES.subarray(43 * 32)]);
  const changed = Buffer.from(LEAVES);
  changed[7]! ^= 1;
  const swapped = Buffer.concat([
    LEAVES.subarray(32, 64),
    LEAVES.subarray(0, 32),
    LEAVES.subarray(64),
  ]);
  it.each<[string, Drawn, Uint8Array, Entrant, RegExp[]]>([
    ['another seed', { ...LOTTERY, seed: flipped(LOTTERY.seed) }, LEAVES, ME, [/seed/]],
    [
      'another promise',
      { ...LOTTERY, commit: flipped(COMMIT) },
      LEAVES,
      ME,
      [/seed/, /shown when/],
    ],
    ['another root', { ...LOTTERY, root: flipped(ROOT) }, LEAVES, ME, [/root/]],
    ['another number', { ...LOTTERY, entrants: 101 }, LEAVES, ME, [/as many/]],
    ['a list that was changed', LOTTERY, changed, ME, [/root/]],
    ['a list in another order', LOTTERY, swapped, ME, [/root/]],
    ['a list cut short', LOTTERY, LEAVES.subarray(0, -1), ME, [/as many/, /root/]],
    ['a list without me', LOTTERY, without, ME, [/as many/, /root/, /This entrant/]],
    [
      'a list made to fit without me',
      { ...LOTTERY, entrants: 99, root: rootOf(without) },
      without,
      ME,
      [/This entrant/],
    ],
    ['another nonce', LOTTERY, LEAVES, { ...ME, nonce: 'n'.repeat(16) }, [/This entrant/]],
  ])('[P2] does not agree with %s', (_what, lottery, leaves, entrant, expected) => {
    const found = faults(placeOf(FRONT, lottery, leaves, entrant));
    expect(found).toHaveLength(expected.length);
    for (const [index, words] of expected.entries()) expect(found[index]).toMatch(words);
  });
});
