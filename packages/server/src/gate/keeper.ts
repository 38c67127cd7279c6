/**
 * The gate at one edge: lets in, or says how it stands, from what it was granted; asks nobody, however late
 * the coordinator is. Pure but for chance, which is given. A ticket alone needs the coordinator's word, so
 * that it is good once: `reserve` a place, ask, and `release` it or take it.
 *
 * Order of precedence: who comes back, who was called, who is new. Refusing costs no allocation here.
 */
import { compareOrder, type NowServing, type Order, RANKS } from '@parterre/protocol';
import type { Random } from '../ports/random.ts';
import { groupOfSeatLink } from '../spaces/index.ts';
import { type GroupPlaces, groupRow } from './group.ts';
import type { DrawnSpace, EntrantsWord } from './lotteries.ts';
import type { EdgeGrant, EdgeReport, LineWord, SessionName, SpaceReport } from './messages.ts';
import { JoinPace } from './pace.ts';
import { Purse } from './purse.ts';
import { letInMs, mayReturn, openTicket, sealReturn, type Ticket } from './ticket.ts';

/** Places that were left are kept this long for whoever left them, ms. */
const KEEP_MS = 10_000;
const KEEP_STEP_MS = 1_000;
/** A second's tickets are reported while they change, and for so long after, ms. */
const REPORT_MS = 10_000;
/** Seconds whose tickets an edge can still tell to a new coordinator. */
const SECONDS_MAX = 1_024;
/** One of a group who found no seat here comes again within this, ms. */
const WANTED_MS = 3_000;
const NOBODY: Order = { second: 0, rank: 0 };
/** A newcomer who is refused asks again after so long, spread over as much again, s. */
const RETRY_S_MIN = 4;
const RETRY_S_SPREAD = 5;
/** Who comes back, or was called, asks again soon. */
export const RETRY_SOON_S = 1;

/** No coordinator numbers so many grants between two that an edge hears. */
const JUMP = 2 ** 31;

const NO_GROUPS: readonly GroupPlaces[] = [];

interface Door {
  line: LineWord | null;
  /** Who came before doors, as this edge knows by itself. */
  entrants: EntrantsWord | null | 'unknown';
  /** On their way in. */
  reserved: number;
  joinedSince: number;
  usedBefore: number;
  /** Places left, by step of time, newest last. */
  readonly left: { readonly atMs: number; count: number }[];
  /** Tickets by second. */
  readonly issued: Map<number, { count: number; changedMs: number }>;
  returnToken: { readonly second: number; readonly text: string } | null;
  /** Of a group: when somebody of it last found no seat, ms. */
  wantedMs: number;
  /** Of a group: its empty seats at all edges, as was last heard. */
  empty: number;
}

/** A space as its edge knows it. */
export interface OpenSpace extends DrawnSpace {
  /** Listeners it has here, on no group's seats. */
  readonly used: number;
  readonly groups?: Iterable<GroupPlaces>;
}

export class GateKeeper {
  readonly counters = {
    waiting: 0,
    tickets: 0,
    entrants: 0,
    redeemed: 0,
    returned: 0,
    seated: 0,
    invalid: 0,
    work: 0,
  };
  readonly pace: JoinPace;
  readonly #key: Uint8Array;
  readonly #purse: Purse;
  readonly #random: Random;
  readonly #doors = new Map<string, Door>();
  #heard = 0;
  /** When the coordinator was last another one than before, ms. */
  #changedMs = Number.NEGATIVE_INFINITY;
  #number = 0;

  /** @param key seals tickets, the same at all edges @param float places without asking */
  constructor(key: Uint8Array, float: number, random: Random, nowMs: number) {
    this.#key = key;
    this.#purse = new Purse(float);
    this.#random = random;
    this.pace = new JoinPace(nowMs);
  }

  /** The coordinator's word. @param usedOf listeners of a space, or of a group's row, now */
  granted(
    { number, joinsPerS, spaces }: EdgeGrant,
    nowMs: number,
    usedOf: (spaceId: string) => number,
  ): void {
    if (number <= this.#heard) return;
    if (number - this.#heard > JUMP) this.#changedMs = nowMs;
    this.#heard = number;
    this.pace.set(joinsPerS);
    for (const { id, limit, spare, line, empty = 0 } of spaces) {
      const door = this.#door(id);
      this.#purse.granted(id, limit, spare, usedOf(id) + door.reserved);
      door.line = line;
      door.empty = empty;
    }
  }

  /** How this edge stands, to be sent; forgets the spaces that are not open any more. */
  report(
    nowMs: number,
    open: Iterable<Pick<OpenSpace, 'id' | 'used' | 'groups'>>,
    entrantsOf: (spaceId: string) => EntrantsWord | null | 'unknown' = () => null,
    resumed: readonly SessionName[] = [],
  ): EdgeReport {
    const spaces: SpaceReport[] = [];
    const ids = new Set<string>();
    for (const { id, used: listeners, groups = NO_GROUPS } of open) {
      ids.add(id);
      for (const group of groups) {
        const row = groupRow(id, group.id);
        ids.add(row);
        spaces.push(this.#reportGroup(row, group, nowMs));
      }
      const door = this.#door(id);
      const used = listeners + door.reserved;
      this.#countLeaves(door, used, nowMs);
      const front = door.line?.front ?? NOBODY;
      const held = this.#purse.held(id, used);
      const issued = this.#issued(door, front, nowMs);
      const entrants = entrantsOf(id);
      door.entrants = entrants;
      // Not named before it is known who was first, so that nobody is given a place yet.
      if (entrants !== 'unknown') spaces.push({ id, used, held, front, issued, entrants });
    }
    for (const id of this.#doors.keys()) {
      if (ids.has(id)) continue;
      this.#doors.delete(id);
      this.#purse.forget(id);
    }
    return { number: ++this.#number, heard: this.#heard, spaces, resumed };
  }

  #reportGroup(row: string, { seats, used }: GroupPlaces, nowMs: number): SpaceReport {
    const door = this.#door(row);
    this.#countLeaves(door, used, nowMs);
    const held = this.#purse.held(row, used);
    const wanted = nowMs - door.wantedMs < WANTED_MS;
    return { id: row, used, held, front: NOBODY, issued: [], entrants: null, seats, wanted };
  }

  #issued({ issued }: Door, front: Order, nowMs: number): [number, number][] {
    const rows: [number, number][] = [];
    for (const [second, { count, changedMs }] of issued) {
      const told = nowMs - changedMs > REPORT_MS && nowMs - this.#changedMs > REPORT_MS;
      if (!told) rows.push([second, count]);
      else if (second < front.second || issued.size > SECONDS_MAX) issued.delete(second);
    }
    return rows;
  }

  #countLeaves(door: Door, used: number, nowMs: number): void {
    const left = door.usedBefore + door.joinedSince - used;
    door.usedBefore = used;
    door.joinedSince = 0;
    while (door.left.length > 0 && nowMs - door.left[0]!.atMs > KEEP_MS) door.left.shift();
    if (left <= 0) return;
    const last = door.left.at(-1);
    if (last !== undefined && nowMs - last.atMs < KEEP_STEP_MS) last.count += left;
    else door.left.push({ atMs: nowMs, count: left });
  }

  /** Whether one may come in without a ticket. @param used listeners of the space now */
  admits(spaceId: string, used: number, returnToken: string | null, wallMs: number): boolean {
    const door = this.#door(spaceId);
    const taken = used + door.reserved;
    const paced = this.pace.perS === 0 || this.pace.ready;
    if (door.line?.open !== true && paced && !entrantsWait(door)) {
      if (this.#purse.admits(spaceId, taken, keptOf(door), false)) return true;
    }
    if (returnToken !== null && this.#purse.admits(spaceId, taken, 0, true)) {
      if (mayReturn(this.#key, spaceId, returnToken, wallMs)) {
        giveBack(door);
        this.counters.returned++;
        return true;
      }
      this.counters.invalid++;
    }
    this.counters.waiting++;
    return false;
  }

  /** It is known here how a space stands; before that nobody is told that every place is taken. */
  told(spaceId: string): boolean {
    const door = this.#doors.get(spaceId);
    return door !== undefined && door.line !== null && door.entrants !== 'unknown';
  }

  /** When the holder of a return token was let in; null when it is none that is in force. */
  letInMs(spaceId: string, token: string, wallMs: number): number | null {
    return letInMs(this.#key, spaceId, token, wallMs);
  }

  /** Whether there is a place for each of so many listeners, those included that are kept for who comes back. */
  carries(spaceId: string, used: number): boolean {
    return this.#purse.admits(spaceId, used + this.#door(spaceId).reserved - 1, 0, true);
  }

  /** Of this edge's places for newcomers, the share that is taken; 1 while there is a line. */
  taken(spaceId: string, used: number): number {
    const door = this.#door(spaceId);
    if (door.line?.open === true) return 1;
    const limit = this.#purse.limit(spaceId);
    return limit === 0 ? 0 : Math.min(1, (used + door.reserved) / limit);
  }

  /**
   * Whether one who comes with a group's link takes a seat of it here, now; a seat that somebody has just
   * left is kept for them, as a place is.
   * @param groups those of the space
   * @returns the group; `soon` for one who comes back while there is a seat at another edge, who must not
   *   take the place of another; null for one who goes the ordinary way
   */
  seatFor<Group extends GroupPlaces>(
    spaceId: string,
    groups: ReadonlyMap<string, Group>,
    link: string,
    returnToken: string | null,
    nowMs: number,
    wallMs: number,
  ): Group | 'soon' | null {
    const id = groupOfSeatLink(this.#key, spaceId, link, wallMs);
    if (id === null) this.counters.invalid++;
    const group = id === null ? undefined : groups.get(id);
    if (group === undefined || group.seats === 0) return null;
    const row = groupRow(spaceId, group.id);
    const door = this.#door(row);
    const returns = returnToken !== null && mayReturn(this.#key, spaceId, returnToken, wallMs);
    if (this.#purse.covers(row, group.used, keptOf(door), returns)) {
      if (returns) giveBack(door);
      return group;
    }
    door.wantedMs = nowMs;
    return returns && door.empty > 0 ? 'soon' : null;
  }

  /** One took a group's seat; `used` is without it. */
  seated(spaceId: string, { id, used }: GroupPlaces): void {
    const row = groupRow(spaceId, id);
    this.#purse.took(row, used);
    this.#door(row).joinedSince++;
    this.counters.seated++;
    this.pace.take();
  }

  /** One was taken in; `used` is without it. */
  joined(spaceId: string, used: number): void {
    const door = this.#door(spaceId);
    this.#purse.took(spaceId, used + door.reserved);
    door.joinedSince++;
    this.pace.take();
  }

  /** When one who was refused should ask again, s. */
  retryAfterS(returning: boolean): number {
    if (returning) return RETRY_SOON_S;
    return RETRY_S_MIN + Math.floor(this.#random.uniform() * RETRY_S_SPREAD);
  }

  /** The token that lets its holder come back; the same for all who come in within a second. */
  returnToken(spaceId: string, wallMs: number): string {
    const door = this.#door(spaceId);
    const second = Math.floor(wallMs / 1_000);
    if (door.returnToken?.second !== second)
      door.returnToken = { second, text: sealReturn(this.#key, spaceId, wallMs) };
    return door.returnToken.text;
  }

  /** A ticket of this second was given out. */
  issued(spaceId: string, second: number, nowMs: number): void {
    const { issued } = this.#door(spaceId);
    issued.set(second, { count: (issued.get(second)?.count ?? 0) + 1, changedMs: nowMs });
    this.counters.tickets++;
  }

  /** What this edge knows of a place in line. */
  called(spaceId: string, order: Order): boolean {
    const line = this.#doors.get(spaceId)?.line ?? null;
    return line !== null && compareOrder(order, line.front) <= 0;
  }

  /** @returns the ticket, or null when it is none of this server, for this space, in force */
  read(spaceId: string, text: string, wallMs: number): Ticket | null {
    const ticket = openTicket(this.#key, spaceId, text, wallMs);
    if (ticket === null) this.counters.invalid++;
    return ticket;
  }

  /** Keeps a place for one who was called, until `release`. @returns false when there is none here now */
  reserve(spaceId: string, used: number): boolean {
    const door = this.#door(spaceId);
    if (!this.#purse.admits(spaceId, used + door.reserved, 0, false)) return false;
    this.#purse.took(spaceId, used + door.reserved);
    door.reserved++;
    return true;
  }

  /** Before `joined`, or instead of it. */
  release(spaceId: string): void {
    this.#door(spaceId).reserved--;
  }

  /** It was granted places of this space. */
  hasPlaces(spaceId: string): boolean {
    return this.#door(spaceId).line !== null && this.#purse.held(spaceId, 0) > 0;
  }

  /** What waiters are told; null before the coordinator has said anything. */
  nowServing(spaceId: string): NowServing | null {
    return this.#doors.get(spaceId)?.line?.document ?? null;
  }

  #door(spaceId: string): Door {
    let door = this.#doors.get(spaceId);
    if (door === undefined) {
      door = {
        line: null,
        entrants: null,
        reserved: 0,
        joinedSince: 0,
        usedBefore: 0,
        left: [],
        issued: new Map(),
        returnToken: null,
        wantedMs: Number.NEGATIVE_INFINITY,
        empty: 0,
      };
      this.#doors.set(spaceId, door);
    }
    return door;
  }
}

/** Some who came before doors were not called yet, whatever the coordinator has said and when. */
function entrantsWait({ entrants, line }: Door): boolean {
  if (entrants === null) return false;
  if (entrants === 'unknown' || entrants.second === null || line === null) return true;
  return compareOrder(line.front, { second: entrants.second, rank: RANKS - 1 }) < 0;
}

/** One of those who left is back. */
function giveBack({ left }: Door): void {
  if (left.length > 0 && --left[0]!.count <= 0) left.shift();
}

function keptOf(door: Door): number {
  let kept = 0;
  for (const { count } of door.left) kept += count;
  return kept;
}
