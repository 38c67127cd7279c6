import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entrantBytes, MerkleTree, rankBytes, rankOf } from './lottery.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** As RFC 6962 §2.1 says it, word for word. */
function treeHead(leaves: readonly Uint8Array[]): Uint8Array {
  const { length } = leaves;
  if (length === 0) return sha256(new Uint8Array(0));
  if (length === 1) return leaves[0]!;
  let split = 1;
  while (split * 2 < length) split *= 2;
  const left = treeHead(leaves.slice(0, split));
  return sha256(Buffer.concat([Uint8Array.of(1), left, treeHead(leaves.slice(split))]));
}

const id = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const nonce = fc.stringMatching(/^[A-Za-z0-9_-]{16,43}$/);

describe('the lottery', () => {
  test('[P2] has the root of RFC 6962, however many entered, leaf by leaf', () => {
    const leaves = fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 70 });
    fc.assert(
      fc.property(leaves, (all) => {
        const tree = new MerkleTree(sha256);
        for (const [index, leaf] of all.entries()) {
          expect(hex(tree.root())).toBe(hex(treeHead(all.slice(0, index))));
          tree.add(leaf);
        }
        expect(tree.size).toBe(all.length);
        expect(hex(tree.root())).toBe(hex(treeHead(all)));
      }),
      { numRuns: 50 },
    );
  });

  test('has the roots of the test vectors of Certificate Transparency', () => {
    const inputs = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657'];
    const tree = new MerkleTree(sha256);
    for (const input of inputs) tree.add(sha256(Buffer.from(`00${input}`, 'hex')));
    expect(hex(tree.root())).toBe(
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    );
    tree.add(sha256(Buffer.from('00606162636465666768696a6b6c6d6e6f', 'hex')));
    expect(hex(tree.root())).toBe(
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    );
  });

  test('a rank follows from seed, root, id and nonce as the documents say, and from nothing else', () => {
    const digest = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(digest, digest, id, nonce, (seed, root, ticket, own) => {
        const by = createHash('sha256').update('parterre-lottery-1').update(seed).update(root);
        by.update(Uint8Array.of(ticket.length)).update(ticket);
        by.update(Uint8Array.of(own.length)).update(own);
        const rank = rankOf(sha256(rankBytes(seed, root, ticket, own)));
        expect(rank).toBe(by.digest().readUInt32BE(0));
      }),
    );
  });

  test('no two entrants have the same leaf', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.nat({ max: 60 }), (text, cut) => {
        const at = Math.min(cut, text.length);
        const moved = entrantBytes(text.slice(0, at), text.slice(at));
        const other = entrantBytes(text, '');
        expect(hex(moved) === hex(other)).toBe(at === text.length);
      }),
    );
  });

  test('ranks are spread evenly', () => {
    const tenths = new Array<number>(10).fill(0);
    for (let index = 0; index < 10_000; index++) {
      const bytes = rankBytes(sha256(Buffer.from('s')), sha256(Buffer.from('r')), `${index}`, 'n');
      tenths[Math.floor((rankOf(sha256(bytes)) / 2 ** 32) * 10)]!++;
    }
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
