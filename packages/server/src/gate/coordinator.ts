/**
 * The gate's one head: the account of places, a line for each space and the tickets that were spent. Pure:
 * it is told what happened and when, and returns what is to be sent. It keeps nothing of anybody who
 * waits, and whatever it does late costs newcomers time and listeners nothing [P1].
 */
import type { Order } from '@parterre/protocol';
import { Bank } from './bank.ts';
import type { GateCapacity } from './capacity.ts';
import { spaceOfRow } from './group.ts';
import { Line } from './line.ts';
import type {
  EdgeGrant,
  EdgeReport,
  LineWord,
  SessionName,
  SpaceGrant,
  Spending,
} from './messages.ts';
import { SpentSet } from './spent.ts';

/** For how long one's turn is kept, ms: longer than those at the end of a line look away (two minutes and a fifth). */
export const TURN_MS = 150_000;

interface Standing {
  /** Of the newest grant. */
  number: number;
}

export interface CoordinatorOptions {
  readonly capacity: GateCapacity;
  /** Places each edge has without asking. */
  readonly float: number;
  /** How many edges there are ordinarily. */
  readonly edges: number;
  readonly nowMs: number;
  /** Above that of every coordinator before. */
  readonly epoch?: number;
  readonly turnMs?: number;
}

/** A space that no edge has named for so long is not open any more, ms. */
const UNNAMED_MS = 15_000;
/** So many of a second's joins may be called at once. */
const CALL_BURST_S = 0.5;
/** Of one edge, told at once; what is beyond ends by itself. */
const RESUMED_MAX = 20_000;
/** More than a coordinator sends in a life. */
const EPOCH_GRANTS = 2 ** 32;

export class GateCoordinator<Edge> {
  readonly #bank: Bank<Edge>;
  readonly #turnMs: number;
  readonly #edges = new Map<Edge, Standing>();
  readonly #lines = new Map<string, Line>();
  /** When an edge last named a space, ms. */
  readonly #namedMs = new Map<string, number>();
  /** Who has come back, and where: told to the other edges with the next step. */
  readonly #resumed = new Map<Edge, SessionName[]>();
  readonly #counts = new Map<string, Map<number, Map<Edge, number>>>();
  readonly #spent: SpentSet;
  /** Grants of an earlier coordinator have lower numbers. */
  readonly #numberFirst: number;
  #capacity: GateCapacity;
  /** How many may be called now, in all lines together. */
  #callable = 0;
  #steppedMs: number;

  constructor({ capacity, float, edges, nowMs, epoch = 0, turnMs = TURN_MS }: CoordinatorOptions) {
    this.#capacity = capacity;
    this.#steppedMs = nowMs;
    this.#bank = new Bank(float, edges);
    this.#bank.capacity = capacity.listeners;
    this.#turnMs = turnMs;
    this.#numberFirst = epoch * EPOCH_GRANTS;
    this.#spent = new SpentSet(2 * turnMs, nowMs);
  }

  /** From here on the house is so large; nobody who is in is sent away. */
  set capacity(capacity: GateCapacity) {
    this.#capacity = capacity;
    this.#bank.capacity = capacity.listeners;
  }

  get capacity(): GateCapacity {
    return this.#capacity;
  }

  /** The most listeners there can be now, at all edges. */
  get booked(): number {
    return this.#bank.booked;
  }

  /**
   * There is this edge.
   * @param fresh its process has just begun. One that an earlier coordinator knew may hold anything: until
   *   it has answered nothing is given to anybody
   */
  opened(edge: Edge, fresh = true): void {
    if (this.#edges.has(edge)) return;
    this.#edges.set(edge, { number: this.#numberFirst });
    this.#bank.opened(edge, fresh);
  }

  /** An edge's process has ended: it holds nobody any more. */
  closed(edge: Edge, nowMs: number): void {
    if (!this.#edges.delete(edge)) return;
    this.#resumed.delete(edge);
    this.#bank.closed(edge, nowMs);
  }

  /** An edge has begun to close: it takes in nobody any more. */
  leaving(edge: Edge): void {
    this.#bank.leaving(edge);
  }

  /** @returns false for one that came late or is of no edge */
  reported(edge: Edge, report: EdgeReport): boolean {
    const { number, heard, spaces, resumed } = report;
    // One that goes by an earlier coordinator's word may still hear more of it.
    if (this.#numberFirst > 0 && heard <= this.#numberFirst) return false;
    if (!this.#bank.reported(edge, number, heard, spaces)) return false;
    if (resumed.length > 0) this.#cameBack(edge, resumed);
    for (const { id, front, issued, entrants } of spaces) {
      if (spaceOfRow(id) !== null) continue;
      const line = this.#line(id);
      line.reached(front);
      if (entrants !== null) line.entered(entrants.count, entrants.second);
      for (const [second, count] of issued)
        line.issued(second, this.#count(id, second, edge, count));
    }
    return true;
  }

  #cameBack(edge: Edge, resumed: readonly SessionName[]): void {
    const here = this.#resumed.get(edge) ?? [];
    this.#resumed.set(edge, here);
    here.push(...resumed.slice(0, RESUMED_MAX - here.length));
  }

  /** Who has come back at any edge but this. */
  #resumedBeside(edge: Edge): SessionName[] {
    const names: SessionName[] = [];
    for (const [at, resumed] of this.#resumed) if (at !== edge) names.push(...resumed);
    return names;
  }

  #line(spaceId: string): Line {
    let line = this.#lines.get(spaceId);
    if (line === undefined) {
      line = new Line(spaceId, this.#turnMs);
      this.#lines.set(spaceId, line);
    }
    return line;
  }

  /** @returns the tickets of a second, at all edges */
  #count(spaceId: string, second: number, edge: Edge, count: number): number {
    const seconds = this.#counts.get(spaceId) ?? new Map<number, Map<Edge, number>>();
    this.#counts.set(spaceId, seconds);
    const edges = seconds.get(second) ?? new Map<Edge, number>();
    seconds.set(second, edges);
    edges.set(edge, Math.max(count, edges.get(edge) ?? 0));
    // In order of arrival but for the clock's steps: what an edge may still report is among the last.
    if (seconds.size > SECONDS_COUNTED_MAX) seconds.delete(seconds.keys().next().value!);
    let sum = 0;
    for (const each of edges.values()) sum += each;
    return sum;
  }

  /** Somebody has come with a ticket whose seal and expiry are good. */
  spend(spaceId: string, order: Order, ticketId: string, nowMs: number): Spending {
    const line = this.#lines.get(spaceId);
    const standing = line?.standing(order) ?? 'not_yet';
    if (line === undefined || standing === 'not_yet') return 'not_yet';
    if (standing === 'lapsed') return 'lapsed';
    if (!this.#spent.spend(ticketId, nowMs)) return 'used_before';
    line.redeemed(order, nowMs);
    return 'spent';
  }

  /** A crowd that waits for doors is called as fast as it can come in, and no faster. */
  #refill(nowMs: number): void {
    const { joinsPerS } = this.#capacity;
    const passedS = Math.max(0, nowMs - this.#steppedMs) / 1_000;
    this.#steppedMs = nowMs;
    this.#callable = Math.min(joinsPerS * CALL_BURST_S, this.#callable + joinsPerS * passedS);
  }

  /** A line outlives the last edge by as long as the next takes to know of it. */
  #forget(spaces: readonly string[], nowMs: number): void {
    for (const id of spaces) this.#namedMs.set(id, nowMs);
    for (const id of this.#lines.keys()) {
      if (!this.#bank.complete || nowMs - (this.#namedMs.get(id) ?? 0) < UNNAMED_MS) continue;
      this.#lines.delete(id);
      this.#counts.delete(id);
      this.#namedMs.delete(id);
      this.#bank.forget(id);
    }
  }

  /** Moves the lines on and gives out places. @returns what each edge is to be sent */
  step(nowMs: number, wallMs: number): Map<Edge, EdgeGrant> {
    const spaces = this.#bank.complete ? this.#bank.spaces() : [];
    this.#forget(spaces, nowMs);
    const joinsPerS = this.#capacity.joinsPerS / Math.max(1, this.#edges.size);
    this.#refill(nowMs);
    const rows = new Map<Edge, SpaceGrant[]>();
    for (const standing of this.#edges.values()) standing.number++;
    const numberOf = (edge: Edge): number => this.#edges.get(edge)!.number;
    for (const id of spaces) {
      const line = this.#line(id);
      this.#callable -= line.step(this.#bank.free(id, nowMs), nowMs, wallMs, this.#callable);
      const word = line.word(nowMs, wallMs);
      const give = (row: string, its: LineWord | null): void => {
        for (const [edge, places] of this.#bank.grant(row, nowMs, numberOf)) {
          const all = rows.get(edge) ?? [];
          all.push({ id: row, ...places, line: its });
          rows.set(edge, all);
        }
      };
      for (const row of this.#bank.groups(id)) give(row, null);
      give(id, word);
    }
    const grants = new Map<Edge, EdgeGrant>();
    for (const edge of this.#edges.keys()) {
      const resumed = this.#resumedBeside(edge);
      const spaces = rows.get(edge) ?? [];
      grants.set(edge, { number: numberOf(edge), joinsPerS, spaces, resumed });
    }
    this.#resumed.clear();
    return grants;
  }
}

const SECONDS_COUNTED_MAX = 64;
