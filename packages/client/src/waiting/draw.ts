/**
 * The lottery of those who came before doors, as one of them sees it: their own rank from what was
 * published, and whether the seed that was revealed is the one that was promised. Pure.
 */
import {
  DIGEST_BYTES,
  drawnOrder,
  type LotteryWord,
  type Order,
  RANKS,
  rankBytes,
  rankOf,
} from '@parterre/protocol';
import { sha256 } from './sha256.ts';

/** How the draw stands for one entrant. */
export interface Draw {
  readonly entrants: number;
  /** 1 is the first of all entrants, about; null until it is drawn. */
  readonly position: number | null;
  /** SHA-256 of the revealed seed is what was published before; null until it is drawn. */
  readonly kept: boolean | null;
  /** What `parterre lottery verify` takes. */
  readonly ticket: string;
  readonly nonce: string;
}

/** What an entrant holds. */
export interface Entry {
  readonly ticket: string;
  readonly id: string;
  readonly nonce: string;
  /** As it was published when the ticket was issued. */
  readonly commit: string;
}

/** The place in the order that was drawn; null until it is. */
export function orderDrawn(lottery: LotteryWord, { id, nonce }: Entry): Order | null {
  const [seed, root] = [bytesOf(lottery.seed), bytesOf(lottery.root)];
  if (seed === null || root === null) return null;
  return drawnOrder(lottery, rankOf(sha256(rankBytes(seed, root, id, nonce))));
}

export function drawOf(lottery: LotteryWord, entry: Entry): Draw {
  const { ticket, nonce } = entry;
  const known = { entrants: lottery.entrants, ticket, nonce };
  const order = orderDrawn(lottery, entry);
  const seed = bytesOf(lottery.seed);
  if (order === null || seed === null) return { ...known, position: null, kept: null };
  const position = 1 + Math.floor((order.rank / RANKS) * lottery.entrants);
  return { ...known, position, kept: hexOf(sha256(seed)) === entry.commit };
}

/** Null for anything but the hexadecimal of one digest. */
function bytesOf(hex: string | null): Uint8Array | null {
  if (hex === null || hex.length !== DIGEST_BYTES * 2 || !/^[0-9a-f]*$/.test(hex)) return null;
  return Uint8Array.from({ length: DIGEST_BYTES }, (_, at) =>
    Number.parseInt(hex.slice(at * 2, at * 2 + 2), 16),
  );
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
