/**
 * What the coordinator and an edge say to each other about places. Every figure is absolute and every
 * message numbered by its sender, so that one that is lost, late, doubled or out of order costs time and
 * never a place. Who has come back is told once: where that is lost, the old connection ends by itself.
 */
import type { NowServing, Order } from '@parterre/protocol';
import type { EntrantsWord } from './lotteries.ts';

/** How an edge stands with one space, or with a group of one (`group.ts`). */
export interface SpaceReport {
  readonly id: string;
  /** Listeners it has, those that are on their way in included. */
  readonly used: number;
  /** The most it may come to without another word from the coordinator. */
  readonly held: number;
  /** How far the line has come, as it was told. */
  readonly front: Order;
  /** Tickets it has issued, by second of arrival: all of a second, of the seconds that changed lately. */
  readonly issued: readonly (readonly [second: number, count: number])[];
  /** Of those who came before doors, at all edges; null where there are none. */
  readonly entrants: EntrantsWord | null;
  /** Of a group's row alone: its seats. */
  readonly seats?: number;
  /** Of a group's row: somebody of the group found none of them here lately. */
  readonly wanted?: boolean;
}

/** A player's name, as the number that all edges make of it, and which of its connections this is. */
export interface SessionName {
  readonly player: number;
  readonly connection: number;
}

export interface EdgeReport {
  readonly number: number;
  /** The newest grant it goes by. */
  readonly heard: number;
  readonly spaces: readonly SpaceReport[];
  /** Who came back here, and whose old connection is at another edge if it still is. */
  readonly resumed: readonly SessionName[];
}

/** Who has their turn: everybody up to `front`, but those up to `lapsed`, whose turn is over. */
export interface LineWord {
  /** Somebody waits, or was called and has not come: nobody enters without a ticket. */
  readonly open: boolean;
  readonly front: Order;
  readonly lapsed: Order;
  readonly document: NowServing;
}

export interface SpaceGrant {
  readonly id: string;
  /** Listeners up to which newcomers are taken in. */
  readonly limit: number;
  /** Beyond that, for those who come back. */
  readonly spare: number;
  /** Of a group: seats of it that nobody sits on, at all edges. */
  readonly empty?: number;
  /** Null for a group: it has no line. */
  readonly line: LineWord | null;
}

export interface EdgeGrant {
  readonly number: number;
  readonly joinsPerS: number;
  readonly spaces: readonly SpaceGrant[];
  /** Who has come back at another edge: an old connection here is theirs no more. */
  readonly resumed: readonly SessionName[];
}

/** What becomes of a ticket that somebody comes with. */
export type Spending = 'spent' | 'used_before' | 'not_yet' | 'lapsed';
