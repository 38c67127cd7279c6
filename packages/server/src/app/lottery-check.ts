/**
 * Checks a place in the line from before doors, out of what the server publishes alone: that the seed is the
 * one promised, that the root is that of all entrants, that this entrant is one of them; and the rank that
 * follows. Pure. What does not agree is named; nothing is taken on the server's word but the documents.
 */
import { createHash } from 'node:crypto';
import {
  compareOrder,
  DIGEST_BYTES,
  drawnOrder,
  entrantBytes,
  type LotteryWord,
  MerkleTree,
  type NowServing,
  RANKS,
  rankBytes,
  rankOf,
} from '@parterre/protocol';

export interface Entrant {
  readonly id: string;
  readonly nonce: string;
  /** The promise as it was when they entered; null when that was not kept. */
  readonly commit: string | null;
}

/** A lottery that is drawn. */
export type Drawn = LotteryWord & { readonly root: string; readonly seed: string };

export interface Check {
  readonly holds: boolean;
  readonly what: string;
}

export interface Place {
  readonly checks: readonly Check[];
  readonly second: number;
  /** In [0, 2^32). */
  readonly rank: number;
  /** Of the entrants, about as many as this stand before; ranks of others are not public. */
  readonly about: number;
  readonly called: boolean;
}

/** @param leaves all entrants', as the server publishes them */
export function placeOf(
  document: Pick<NowServing, 'front'>,
  lottery: Drawn,
  leaves: Uint8Array,
  entrant: Entrant,
): Place {
  const seed = Buffer.from(lottery.seed, 'hex');
  const root = Buffer.from(lottery.root, 'hex');
  const leaf = sha256(entrantBytes(entrant.id, entrant.nonce));
  const tree = new MerkleTree(sha256);
  let index = -1;
  for (let at = 0; at + DIGEST_BYTES <= leaves.length; at += DIGEST_BYTES) {
    const each = Buffer.from(leaves.buffer, leaves.byteOffset + at, DIGEST_BYTES);
    if (index === -1 && each.equals(leaf)) index = tree.size;
    tree.add(each);
  }
  const isWhole = leaves.length === lottery.entrants * DIGEST_BYTES;
  const { commit } = entrant;
  const checks: Check[] = [
    {
      holds: sha256(seed).toString('hex') === lottery.commit,
      what: 'The seed is the one whose hash the server shows.',
    },
    {
      holds: isWhole,
      what: `The list of entrants has as many as the server says: ${lottery.entrants}.`,
    },
    { holds: root.equals(tree.root()), what: 'The root is that of the list of entrants.' },
    { holds: index !== -1, what: 'This entrant is in the list.' },
  ];
  if (commit !== null)
    checks.push({
      holds: commit === lottery.commit,
      what: 'The hash is the one that was shown when this ticket was taken.',
    });
  const order = drawnOrder(
    lottery,
    rankOf(sha256(rankBytes(seed, root, entrant.id, entrant.nonce))),
  );
  return {
    checks,
    ...order,
    about: Math.floor((order.rank / RANKS) * lottery.entrants),
    called: compareOrder(order, document.front) <= 0,
  };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
