/**
 * The waiting room as the public sees it: one document for all who wait, from which each computes their
 * own place and time. Pure. The order is by second of arrival, and within a second by rank, which is
 * random: first come first served between seconds, a draw within one.
 */

import type { LotteryWord } from './lottery.ts';

/** A place in the order: second since the Unix epoch, and rank in [0, 2^32). */
export interface Order {
  readonly second: number;
  readonly rank: number;
}

export const RANKS = 2 ** 32;

/** Negative when `a` comes before `b`. */
export function compareOrder(a: Order, b: Order): number {
  return a.second - b.second || a.rank - b.rank;
}

/** `GET /gate/{space}`. Times are ms since the Unix epoch. */
export interface NowServing {
  readonly space: string;
  readonly atMs: number;
  /** There is a line: newcomers need a ticket. */
  readonly open: boolean;
  /** Everybody up to here has their turn or has had it. */
  readonly front: Order;
  /** A turn that is not taken lapses after this long, s. */
  readonly turnS: number;
  /** Turns a minute lately; null before it is known. */
  readonly perMinute: number | null;
  /** How many wait, in all. */
  readonly waiting: number;
  /** Ascending: a second, how many wait before it, and how many of it. */
  readonly seconds: readonly (readonly [second: number, before: number, count: number])[];
  /** Of those who came before doors; null where nobody did and nobody can. */
  readonly lottery?: LotteryWord | null;
}

/** `POST /gate/{space}/tickets?key=&nonce=` */
export interface IssuedTicket {
  readonly ticket: string;
  /** 22 of A–Z, a–z, 0–9, - and _. */
  readonly id: string;
  /** Of arrival; before doors that of the doors, as announced. */
  readonly second: number;
  /** Null before doors: it is drawn. */
  readonly rank: number | null;
  readonly expiresAtMs: number;
  /** Before doors: the lottery's, for whoever wants to check later that it is still the same. */
  readonly commit?: string;
}

/** The place of an entrant with this rank. */
export function drawnOrder({ closesAtMs }: Pick<LotteryWord, 'closesAtMs'>, rank: number): Order {
  return { second: Math.floor(closesAtMs / 1_000), rank };
}

/** How many stand before this place; 0 when it has been called. */
export function aheadOf(document: NowServing, order: Order): number {
  const { front, seconds, waiting } = document;
  if (compareOrder(order, front) <= 0) return 0;
  let ahead = waiting;
  for (const [second, before, count] of seconds) {
    if (second < order.second) continue;
    const from = second === front.second ? front.rank : 0;
    const share = second > order.second ? 0 : (order.rank - from) / (RANKS - from);
    ahead = before + count * share;
    break;
  }
  return Math.max(1, Math.ceil(ahead));
}

/** Time until a turn, ms from now, as a range. `why` is set when it is later than was said before. */
export interface Eta {
  readonly leastMs: number;
  readonly mostMs: number;
  readonly why: 'slower' | null;
}

const LEAST = 0.7;
const MOST = 1.5;
/** What would be later by less is not said. */
const LATER = 1.25;

/**
 * @param before what was said last, and `passedMs` since then
 * @returns null while nobody can know
 */
export function etaOf(
  document: NowServing,
  ahead: number,
  before: Eta | null,
  passedMs: number,
): Eta | null {
  const left =
    before === null
      ? null
      : {
          leastMs: Math.max(0, before.leastMs - passedMs),
          mostMs: Math.max(0, before.mostMs - passedMs),
          why: null,
        };
  const { perMinute } = document;
  if (perMinute === null || perMinute <= 0) return left;
  const ms = (ahead / perMinute) * 60_000;
  const now = { leastMs: ms * LEAST, mostMs: ms * MOST };
  if (left === null) return { ...now, why: null };
  if (now.mostMs > Math.max(left.mostMs * LATER, left.mostMs + POLL_MS_MIN))
    return { ...now, why: 'slower' };
  const mostMs = Math.min(now.mostMs, left.mostMs);
  return { leastMs: Math.min(now.leastMs, left.leastMs, mostMs), mostMs, why: null };
}

export const POLL_MS_MIN = 3_000;
export const POLL_MS_MAX = 120_000;

/** When to look again: a tenth of what is left, spread. @param random uniform in [0, 1) */
export function pollMs(eta: Eta | null, random: number): number {
  const ms = eta === null ? POLL_MS_MIN * 2 : eta.leastMs / 10;
  return Math.min(POLL_MS_MAX, Math.max(POLL_MS_MIN, ms)) * (0.8 + 0.4 * random);
}
