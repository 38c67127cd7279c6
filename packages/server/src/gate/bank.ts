/**
 * The coordinator's account of places. A credit is leave for an edge to hold one listener. What is booked
 * for an edge is the most that it may believe it has: what it last confirmed, or whatever was sent since.
 * Invariant: the sum of all that is booked, with the float of every edge, never exceeds the capacity; a
 * raise is booked before it is sent, a cut counts once it is confirmed. What an edge that is gone had in
 * use is kept for a while for those who come back from it.
 *
 * The seats of a group are a row of their own, taken out of its space's share: what is booked of the row is
 * never more than its seats, and all groups of a space together are kept at most what the space is.
 */
import { spaceOfRow } from './group.ts';
import type { SpaceReport } from './messages.ts';

/** Of a space's share, kept for those who come back; and at least so many, where the share allows. */
const RESERVE_SHARE = 0.05;
const RESERVE_MIN = 8;
/** For how long the places of an edge that is gone are kept for its listeners, ms. */
const RETURN_MS = 30_000;
/** Different grants that an edge may not have confirmed; beyond, the last is repeated. */
const UNCONFIRMED_MAX = 64;

interface Account {
  /** The edge's newest report speaks of it. */
  named: boolean;
  used: number;
  /** Confirmed. */
  held: number;
  limit: number;
  spare: number;
  /** Of a group: somebody of it found no seat at this edge lately. */
  wanted: boolean;
  /** Sent since, oldest first. */
  readonly sent: { number: number; readonly total: number }[];
}

interface Book {
  readonly accounts: Map<string, Account>;
  /** Number of its newest report. */
  reported: number;
  /** It may hold anything: an earlier coordinator's. */
  unknown: boolean;
  /** It closes, and is given nothing more. */
  leaving: boolean;
}

interface Returning {
  readonly untilMs: number;
  readonly spaceId: string;
  readonly places: number;
  /** What the other edges had in use when it went: what they have more has come back. */
  readonly usedBefore: number;
  /** The most of them that were back at once: who leaves again has been back all the same. */
  back: number;
}

export interface Places {
  readonly limit: number;
  readonly spare: number;
  /** Of a group: seats of it that are empty, at all edges. */
  readonly empty?: number;
}

export class Bank<Edge> {
  capacity = 0;
  readonly #float: number;
  /** Edges for which a float is kept apart even while they are not there. */
  readonly #edgesMin: number;
  readonly #books = new Map<Edge, Book>();
  #returning: Returning[] = [];
  /** By space: its groups' rows and the seats each was given by its owner, by the newest report. */
  readonly #groups = new Map<string, Map<string, number>>();

  /** @param float places each edge has without asking @param edges how many there are ordinarily */
  constructor(float: number, edges: number) {
    this.#float = float;
    this.#edgesMin = edges;
  }

  /** @param fresh it holds nothing yet; otherwise nothing is given before it has said what it holds */
  opened(edge: Edge, fresh: boolean): void {
    if (this.#books.has(edge)) return;
    const accounts = new Map<string, Account>();
    this.#books.set(edge, { accounts, reported: 0, unknown: !fresh, leaving: false });
  }

  /** It is known of every edge what it holds. */
  get complete(): boolean {
    for (const { unknown } of this.#books.values()) if (unknown) return false;
    return true;
  }

  /** It closes by itself: what it has is not added to. */
  leaving(edge: Edge): void {
    const book = this.#books.get(edge);
    if (book !== undefined) book.leaving = true;
  }

  /** It is certain that this edge holds nobody any more. */
  closed(edge: Edge, nowMs: number): void {
    const book = this.#books.get(edge);
    if (book === undefined) return;
    this.#books.delete(edge);
    for (const [spaceId, { used }] of book.accounts)
      if (used > 0)
        this.#returning.push({
          untilMs: nowMs + RETURN_MS,
          spaceId,
          places: used,
          usedBefore: this.used(spaceId),
          back: 0,
        });
  }

  /** @returns whether it was news; what comes late is not */
  reported(edge: Edge, number: number, heard: number, spaces: readonly SpaceReport[]): boolean {
    const book = this.#books.get(edge);
    if (book === undefined || number <= book.reported) return false;
    book.reported = number;
    book.unknown = false;
    const named = new Set(spaces.map(({ id }) => id));
    for (const { id, used, held, seats = 0, wanted = false } of spaces) {
      const account = accountOf(book, id);
      account.wanted = wanted;
      this.#knowGroup(id, seats);
      account.named = true;
      account.used = used;
      account.held = held;
    }
    for (const [id, account] of book.accounts) {
      while (account.sent.length > 0 && account.sent[0]!.number <= heard) account.sent.shift();
      // An edge names every space that is open, and every other that it has a place of.
      if (named.has(id)) continue;
      account.named = false;
      account.held = 0;
      account.used = 0;
      if (account.sent.length === 0) book.accounts.delete(id);
    }
    return true;
  }

  #knowGroup(row: string, seats: number): void {
    const spaceId = spaceOfRow(row);
    if (spaceId === null) return;
    const groups = this.#groups.get(spaceId) ?? new Map<string, number>();
    this.#groups.set(spaceId, groups.set(row, seats));
  }

  /** Spaces that some edge names. */
  spaces(): string[] {
    const ids = new Set<string>();
    for (const { accounts } of this.#books.values())
      for (const [id, { named }] of accounts) if (named && spaceOfRow(id) === null) ids.add(id);
    return [...ids];
  }

  /** The rows of a space's groups; those that no edge names any more are forgotten. */
  groups(spaceId: string): string[] {
    const groups = this.#groups.get(spaceId);
    if (groups === undefined) return [];
    for (const row of groups.keys()) if (!this.#isNamed(row)) groups.delete(row);
    if (groups.size === 0) this.#groups.delete(spaceId);
    return [...groups.keys()];
  }

  /** Nobody speaks of this space any more. */
  forget(spaceId: string): void {
    this.#groups.delete(spaceId);
  }

  #isNamed(row: string): boolean {
    for (const { accounts } of this.#books.values())
      if (accounts.get(row)?.named === true) return true;
    return false;
  }

  /** The most listeners there can be, the float included. */
  get booked(): number {
    let sum = this.#floats();
    for (const { accounts } of this.#books.values())
      for (const account of accounts.values()) sum += bookedOf(account);
    return sum;
  }

  used(spaceId: string): number {
    let sum = 0;
    for (const { accounts } of this.#books.values()) sum += accounts.get(spaceId)?.used ?? 0;
    return sum;
  }

  /** Places of a space that newcomers may take. */
  free(spaceId: string, nowMs: number): number {
    const share = this.#share(spaceId);
    return Math.max(0, share - this.used(spaceId) - this.#spare(spaceId, share, nowMs));
  }

  /**
   * What each edge is to have of a space, or of a group's row, now; booked with this call, so that it must
   * be sent.
   * @param numberOf the number of the grant that takes it to that edge
   */
  grant(row: string, nowMs: number, numberOf: (edge: Edge) => number): Map<Edge, Places> {
    const spaceId = spaceOfRow(row);
    if (spaceId !== null) return this.#grantSeats(spaceId, row, nowMs, numberOf);
    const share = this.#share(row);
    const free = this.free(row, nowMs);
    const spare = this.#spare(row, share, nowMs);
    const count = [...this.#books.values()].filter(takesIn).length;
    const grants = new Map<Edge, Places>();
    let index = 0;
    for (const [edge, book] of this.#books) {
      const account = accountOf(book, row);
      const wanted = { limit: account.used, spare: 0 };
      if (takesIn(book)) {
        wanted.limit += part(free, index, count);
        wanted.spare = part(spare, count - 1 - index, count);
        index++;
      }
      grants.set(edge, this.#book(account, wanted, numberOf(edge), this.#left()));
    }
    return grants;
  }

  /** Free seats go to the edges where somebody of the group found none; else to all alike. */
  #grantSeats(
    spaceId: string,
    row: string,
    nowMs: number,
    numberOf: (edge: Edge) => number,
  ): Map<Edge, Places> {
    const seats = this.#seatsOf(spaceId, row);
    const empty = Math.max(0, seats - this.used(row));
    const spare = Math.min(empty, this.#comingBack(row, nowMs));
    const free = empty - spare;
    const open = [...this.#books].filter(([, book]) => takesIn(book));
    const wanting = open.filter(([, book]) => accountOf(book, row).wanted);
    const takers = (wanting.length > 0 ? wanting : open).map(([edge]) => edge);
    const grants = new Map<Edge, Places>();
    for (const [edge, book] of this.#books) {
      const account = accountOf(book, row);
      const index = takers.indexOf(edge);
      const count = takers.length;
      const wanted = { limit: account.used, spare: 0 };
      if (index !== -1) {
        wanted.limit += part(free, index, count);
        wanted.spare = part(spare, count - 1 - index, count);
      }
      const left = Math.min(this.#left(), Math.max(0, seats - this.#bookedOfRow(row)));
      grants.set(edge, { ...this.#book(account, wanted, numberOf(edge), left), empty });
    }
    return grants;
  }

  #left(): number {
    return Math.max(0, this.capacity - this.booked);
  }

  #bookedOfRow(row: string): number {
    let sum = 0;
    for (const { accounts } of this.#books.values()) {
      const account = accounts.get(row);
      if (account !== undefined) sum += bookedOf(account);
    }
    return sum;
  }

  /** @param left how much more may be booked */
  #book(account: Account, wanted: Places, number: number, left: number): Places {
    const last = account.sent.at(-1);
    if (account.sent.length >= UNCONFIRMED_MAX) {
      if (last !== undefined) last.number = number;
      return { limit: account.limit, spare: account.spare };
    }
    const total = Math.min(wanted.limit + wanted.spare, bookedOf(account) + left);
    account.spare = Math.min(wanted.spare, total);
    account.limit = total - account.spare;
    if (last?.total === total) last.number = number;
    else account.sent.push({ number, total });
    return { limit: account.limit, spare: account.spare };
  }

  /** What all that is not for groups may come to, in this space. */
  #share(spaceId: string): number {
    const house = this.#house;
    const spaces = this.spaces();
    const kept = keptOf(house, spaces.length);
    let share = house - this.#keptSeats(spaceId, kept);
    for (const id of spaces)
      if (id !== spaceId) share -= Math.max(kept, this.used(id) + this.#keptSeats(id, kept));
    return Math.max(0, share);
  }

  /** Seats of a space's groups, whether anybody sits on them or not. @param kept for the space */
  #keptSeats(spaceId: string, kept: number): number {
    let left = kept;
    let sum = 0;
    for (const [row, given] of this.#groups.get(spaceId) ?? NO_GROUPS) {
      const seats = Math.min(given, left);
      left -= seats;
      sum += Math.max(seats, this.used(row));
    }
    return sum;
  }

  /** Seats a group may come to: what its owner gave it, as far as its space has them for its groups. */
  #seatsOf(spaceId: string, row: string): number {
    let left = keptOf(this.#house, this.spaces().length);
    for (const [each, given] of this.#groups.get(spaceId) ?? NO_GROUPS) {
      const seats = Math.min(given, left);
      if (each === row) return seats;
      left -= seats;
    }
    return 0;
  }

  get #house(): number {
    return Math.max(0, this.capacity - this.#floats());
  }

  /** Places that an edge that is gone had, and whose people are not back yet. */
  #comingBack(spaceId: string, nowMs: number): number {
    this.#returning = this.#returning.filter(({ untilMs }) => untilMs > nowMs);
    const lost = this.#returning.filter((one) => one.spaceId === spaceId);
    const [first] = lost.toSorted((a, b) => a.usedBefore - b.usedBefore);
    if (first === undefined) return 0;
    first.back = Math.max(first.back, this.used(spaceId) - first.usedBefore);
    const places = lost.reduce((sum, one) => sum + one.places, 0);
    return Math.max(0, places - first.back);
  }

  #spare(spaceId: string, share: number, nowMs: number): number {
    const returning = this.#comingBack(spaceId, nowMs);
    const least = Math.min(RESERVE_MIN, Math.floor(share / 4));
    const reserve = Math.max(least, Math.floor(share * RESERVE_SHARE));
    return Math.max(0, Math.min(share - this.used(spaceId), reserve + returning));
  }

  #floats(): number {
    return this.#float * (Math.max(this.#edgesMin, this.#books.size) + 1);
  }
}

/** One that has said nothing yet is not open yet: it would keep places from those who come back meanwhile. */
function takesIn({ leaving, reported }: Book): boolean {
  return !leaving && reported > 0;
}

const NO_GROUPS: ReadonlyMap<string, number> = new Map();

/** Half of an equal part of the house is kept for each space, whether it is used or not. */
function keptOf(house: number, spaces: number): number {
  return Math.floor(house / (2 * Math.max(1, spaces)));
}

function bookedOf({ held, sent }: Account): number {
  let most = held;
  for (const { total } of sent) most = Math.max(most, total);
  return most;
}

function accountOf(book: Book, spaceId: string): Account {
  let account = book.accounts.get(spaceId);
  if (account === undefined) {
    account = { named: false, used: 0, held: 0, limit: 0, spare: 0, wanted: false, sent: [] };
    book.accounts.set(spaceId, account);
  }
  return account;
}

/** The `index`th of `count` whole parts of `sum`. */
function part(sum: number, index: number, count: number): number {
  return Math.floor(sum / count) + (index < sum % count ? 1 : 0);
}
