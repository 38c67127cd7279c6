/**
 * All spaces an edge knows and everyone who listens through it. Fed by the programme, driven by one
 * timer: each tick flushes the slices whose turn it is at the pace the process keeps, and the `near` listeners of a small house as soon
 * as a chunk has come.
 *
 * Nothing here is lost with the process: another edge holds the same ring, and a player goes on there.
 */
import { PROFILES, type ProfileId, type PublicSpace, type RenditionId } from '@parterre/protocol';
import { type GateKeeper, type OpenSpace, type SessionName, spaceOfRow } from '../gate/index.ts';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { FeedReader, GroupSeats, ProgrammeFeed } from '../ports/programme-feed.ts';
import type { ProgrammeRecord } from '../ports/programme-log.ts';
import {
  type Admission,
  type Admitted,
  NOT_SETTLED,
  silenceOf,
  UNKNOWN_SPACE,
  waitingFor,
} from './admission.ts';
import type { Refusal } from './answers.ts';
import { AHEAD_CHUNKS_MAX, type Cohort, type Listener, type Sink } from './cohort.ts';
import type { EdgeCounters, LaneId } from './counters.ts';
import { FlushPace } from './flush-pace.ts';
import type { Format, HoldingFrames } from './format.ts';
import { reseat, type SeatedGroup } from './groups.ts';
import { Overflow, type OverflowOptions } from './overflow.ts';
import { RING_CHUNKS, SECTION_CHUNKS_MAX } from './ring.ts';
import { cohortOf, furnish, listenersIn, type Room, refurnish, ringOf } from './room.ts';
import { Sessions } from './sessions.ts';

/** No fewer than a programme keeps, ended ones too: a space that does not fit would not exist here. */
const SPACES_KNOWN_MAX = 10_000;
/** One tick flushes the slices of each profile whose turn it is. */
const TICK_MS = 50;
/** Up to this many `near` listeners of a space are flushed at once when a chunk comes. */
const NEAR_AT_ONCE_MAX = 1_000;
/** Several records that come together make one flush. */
const GATHER_MS = 1;
/** After a start, how long to wait for the programme before a space is called unknown without it. */
const SETTLE_MS_MAX = 10_000;
const MOVE_STEP_MS = 100;
/** A space that opens within this is given its places beforehand. */
const OPEN_SOON_MS = 3_600_000;
/** How many spaces in a row may have been given up. */
const SUCCESSORS_MAX = 8;
/** What has ended stays so long for those who pull it and are behind; a cache may stand between. */
const ENDED_KEPT_MS = 120_000;

export interface HouseOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly formats: Readonly<Record<LaneId, Format>>;
  readonly holding: HoldingFrames;
  readonly counters: EdgeCounters;
  /** Decides who comes in; everybody does without one. */
  readonly gate?: GateKeeper | null;
  /** Newcomers have the space's own whatever happens where this is left out. */
  readonly overflow?: OverflowOptions | null;
}

export class House implements FeedReader {
  readonly counters: EdgeCounters;
  readonly overflow: Overflow;
  readonly sessions = new Sessions();
  /** Listeners of a space who hold no connection, as the lane that serves them counts them. */
  pulled: (spaceId: string) => number = () => 0;
  readonly #options: HouseOptions;
  readonly #rooms = new Map<string, Room>();
  readonly #spaceOf = new WeakMap<Cohort, string>();
  readonly #startedMs: number;
  #feed: { close(): void } | null = null;
  #ticker: Timer | null = null;
  readonly #paces: Readonly<Record<ProfileId, FlushPace>>;
  #tickedMs: number;
  #writtenMs = 0;
  #ready = false;
  #gather: Timer | null = null;
  readonly #fresh = new Set<Room>();

  constructor(options: HouseOptions) {
    this.#options = options;
    this.counters = options.counters;
    this.overflow = new Overflow(options.overflow ?? null);
    this.#startedMs = options.clock.monotonicMs();
    this.#tickedMs = this.#startedMs;
    this.#paces = {
      near: new FlushPace(PROFILES.near, TICK_MS, this.#startedMs),
      steady: new FlushPace(PROFILES.steady, TICK_MS, this.#startedMs),
      far: new FlushPace(PROFILES.far, TICK_MS, this.#startedMs),
    };
  }

  /** Begins to follow the programme and to flush. */
  open(feed: ProgrammeFeed): void {
    this.#feed = feed.follow(this, RING_CHUNKS);
    this.#ticker = this.#options.timers.every(TICK_MS, () => this.#tick());
  }

  close(): void {
    this.#feed?.close();
    this.#ticker?.cancel();
    this.#gather?.cancel();
  }

  /** The programme has answered, or has had the time to: what is unknown now does not exist. */
  get settled(): boolean {
    return this.#ready || this.#options.clock.monotonicMs() - this.#startedMs > SETTLE_MS_MAX;
  }

  ready(): void {
    this.#ready = true;
  }

  room(spaceId: string): Room | undefined {
    return this.#rooms.get(spaceId);
  }

  /** Where the audience of a space that was given up is now; null when it was not, or that is over as well. */
  successor(spaceId: string): string | null {
    let at = this.#rooms.get(spaceId)?.space;
    for (let step = 0; at?.state === 'ended' && step < SUCCESSORS_MAX; step++) {
      at = at.successor == null ? undefined : this.#rooms.get(at.successor)?.space;
    }
    return at === undefined || at.id === spaceId || at.state === 'ended' ? null : at.id;
  }

  rooms(): Iterable<Room> {
    return this.#rooms.values();
  }

  /** The flush interval in use, ms. */
  flushMs(profile: ProfileId): number {
    return this.#paces[profile].flushMs;
  }

  space(
    space: PublicSpace,
    _anchorMs: number | null = null,
    groups: readonly GroupSeats[] = [],
  ): void {
    let room = this.#rooms.get(space.id);
    if (room !== undefined && room.space.rendition === space.rendition) refurnish(room, space);
    else {
      if (room === undefined && this.#rooms.size >= SPACES_KNOWN_MAX) return;
      room = this.#furnish(space, room?.groups);
      this.#rooms.set(space.id, room);
    }
    reseat(room.groups, groups);
  }

  #furnish(space: PublicSpace, groups = new Map<string, SeatedGroup>()): Room {
    const { overflow } = this;
    const room = furnish(space, {
      ...this.#options,
      paces: this.#paces,
      ladder: overflow.ladder(),
      lean: overflow.has('voice24'),
      groups,
    });
    for (const each of room.cohorts) this.#spaceOf.set(each, space.id);
    return room;
  }

  removed(spaceId: string): void {
    const room = this.#rooms.get(spaceId);
    if (room === undefined) return;
    for (const cohort of room.cohorts) cohort.move(Number.POSITIVE_INFINITY);
    this.#rooms.delete(spaceId);
  }

  record(spaceId: string, rendition: string, record: ProgrammeRecord): void {
    const room = this.#rooms.get(spaceId);
    if (room === undefined) return;
    if ((ringOf(room, rendition)?.append(record) ?? 0) === 0) return;
    if (room.cohorts[0]!.size === 0) return; // nobody is waiting for it
    this.#fresh.add(room);
    this.#gather ??= this.#options.timers.after(GATHER_MS, () => this.#flushFresh());
  }

  /** Listeners of a space, on all lanes, but for those on a group's seats. */
  used(spaceId: string): number {
    const room = this.#rooms.get(spaceId);
    return room === undefined ? 0 : listenersIn(room) + this.pulled(spaceId);
  }

  /** Listeners of a space, or of a group's row. */
  usedOf(row: string): number {
    const spaceId = spaceOfRow(row);
    if (spaceId === null) return this.used(row);
    return this.#rooms.get(spaceId)?.groups.get(row.slice(spaceId.length + 1))?.used ?? 0;
  }

  /** What the gate has to know of: spaces that are open, soon will be, or still have somebody. */
  *openSpaces(): Iterable<OpenSpace> {
    const soonMs = this.#options.clock.wallMs() + OPEN_SOON_MS;
    for (const [id, { space, cohorts, groups }] of this.#rooms) {
      const used = this.used(id);
      const somebody = used > 0 || cohorts.some(({ size }) => size > 0);
      const open = space.state === 'doors' || space.state === 'live';
      const soon = space.state === 'scheduled' && space.doorsAtMs < soonMs;
      const { state, doorsAtMs } = space;
      if (open || soon || somebody) yield { id, used, state, doorsAtMs, groups: groups.values() };
    }
  }

  /** How far down the order of degradation a space is here: the step that newcomers meet. */
  step(room: Room) {
    const line = this.#options.gate?.nowServing(room.space.id)?.open === true;
    return this.overflow.word(room, line, this.#options.clock);
  }

  /** Of a space's places for newcomers, the share that is taken. */
  readonly #placesTaken = (spaceId: string): number =>
    this.#options.gate?.taken(spaceId, this.used(spaceId)) ?? 0;

  /** The refusal of one for whom there is no place now. */
  waiting(soon: boolean): Refusal {
    return waitingFor(this.#options.gate?.retryAfterS(soon) ?? 1);
  }

  /** What lets its holder come back to this space without waiting; null where nobody waits. */
  returnToken(spaceId: string): string | null {
    return this.#options.gate?.returnToken(spaceId, this.#options.clock.wallMs()) ?? null;
  }

  /**
   * Decides on a request for a lane; writes nothing.
   * @param pass the token of one who comes back, or that the gate has let them in already
   * @param rendition what one who comes back had
   * @param link a group's: one of its seats is taken when there is one here
   */
  admit(
    lane: LaneId,
    spaceId: string,
    from: number | null,
    profile: ProfileId | null,
    pass: string | symbol | null = null,
    rendition: RenditionId | null = null,
    link: string | null = null,
  ): Admission {
    const room = this.#rooms.get(spaceId);
    const silence = this.#silenceOf(room);
    if (room === undefined || silence !== null) return silence ?? UNKNOWN_SPACE;
    const seat = typeof pass === 'symbol' ? null : this.#seatFor(room, link, pass);
    const group = seat === 'soon' ? null : seat;
    const newcomer = lane === 'live' && pass === null && group === null;
    const elsewhere = newcomer ? this.overflow.elsewhere(room) : null;
    if (elsewhere !== null) return elsewhere;
    const has =
      lane === 'radio'
        ? RADIO
        : this.overflow.given(room, profile, rendition, typeof pass !== 'string');
    const cohort = cohortOf(room, lane, has.profile, has.rendition);
    const { headSeq } = cohort.source.ring;
    if (from !== null && headSeq !== -1 && from > headSeq + AHEAD_CHUNKS_MAX) {
      return {
        refusal: 'bad_request',
        detail: `from is beyond the programme, which stands at ${headSeq}.`,
      };
    }
    const { gate, clock } = this.#options;
    if (gate != null && typeof pass !== 'symbol' && group === null) {
      const token = seat === 'soon' ? null : pass;
      if (!gate.admits(spaceId, this.used(spaceId), token, clock.wallMs()))
        return gate.told(spaceId) ? this.waiting(pass !== null) : NOT_SETTLED;
    }
    return { cohort, startSeq: cohort.startOf(from), group };
  }

  #seatFor({ space, groups }: Room, link: string | null, pass: string | null) {
    const { gate, clock } = this.#options;
    if (gate == null || link === null || groups.size === 0) return null;
    return gate.seatFor(space.id, groups, link, pass, clock.monotonicMs(), clock.wallMs());
  }

  /** Why there is no sound of this space at all; null when there is. */
  silence(spaceId: string): Refusal | null {
    return this.#silenceOf(this.#rooms.get(spaceId));
  }

  #silenceOf(room: Room | undefined): Refusal | null {
    return silenceOf(room?.space, this.settled, this.#options.clock);
  }

  /**
   * Takes in a listener: writes the answer's head, what stands before the first chunk, and the profile's
   * buffer, at once.
   * @param head null when it has been written (or is corked)
   * @param session of a player that gave its name
   */
  join(
    sink: Sink,
    admitted: Admitted,
    resumed: boolean,
    head: Uint8Array | null,
    session: SessionName | null = null,
  ): Listener {
    const { cohort, startSeq, group } = admitted;
    const { source, counters } = cohort;
    const { headSeq } = source.ring;
    counters.joins[cohort.lane]++;
    const spaceId = this.#spaceOf.get(cohort);
    if (spaceId !== undefined && group !== null) this.#options.gate?.seated(spaceId, group);
    else if (spaceId !== undefined) this.#options.gate?.joined(spaceId, this.used(spaceId));
    if (resumed) counters.resumes[cohort.lane]++;
    else this.overflow.took(cohort);
    const behind = startSeq >= 0 && startSeq < headSeq;
    const nextSeq = behind ? Math.min(headSeq, startSeq + SECTION_CHUNKS_MAX) : startSeq;
    const bytes = source.answer(head, startSeq, nextSeq);
    counters.bytes += bytes.length;
    if (sink.open === undefined) sink.write(bytes);
    else sink.open(bytes);
    const listener = cohort.join(sink, nextSeq, group);
    if (session !== null) this.sessions.begin(session, listener);
    return listener;
  }

  #flushFresh(): void {
    this.#gather = null;
    const nowMs = this.#options.clock.monotonicMs();
    for (const room of this.#fresh) {
      const near = room.cohorts[0]!;
      if (near.size > NEAR_AT_ONCE_MAX) continue;
      for (let slice = 0; slice < near.slices; slice++) near.flush(slice, nowMs, false);
    }
    this.#fresh.clear();
    this.#account(nowMs);
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    const lateMs = nowMs - this.#tickedMs - TICK_MS;
    const turns = {
      near: this.#paces.near.tick(nowMs, lateMs, this.#writtenMs),
      steady: this.#paces.steady.tick(nowMs, lateMs, this.#writtenMs),
      far: this.#paces.far.tick(nowMs, lateMs, this.#writtenMs),
    };
    this.#options.gate?.pace.tick(nowMs, lateMs);
    this.overflow.tick(nowMs, this.#rooms.values(), this.#paces.steady, this.#placesTaken);
    this.#tickedMs = nowMs;
    this.#writtenMs = 0;
    for (const room of this.#rooms.values()) {
      const ended = room.space.state === 'ended';
      for (const cohort of room.cohorts) {
        const { first, count } = turns[cohort.profile.id];
        for (let slice = first; slice < first + count; slice++) cohort.flush(slice, nowMs, ended);
      }
      if (ended && room.rings.live.ring.headSeq !== -1) this.#clearWhenEmpty(room);
    }
    this.#account(nowMs);
  }

  /** Two minutes of a programme that has ended, and not just now, and that nobody is still being sent are not kept. */
  #clearWhenEmpty(room: Room): void {
    if (room.cohorts.some((cohort) => cohort.size > 0)) return;
    const endedMs = room.space.endedAtMs ?? 0;
    if (this.#options.clock.wallMs() - endedMs < ENDED_KEPT_MS) return;
    this.#rooms.set(room.space.id, this.#furnish(room.space, room.groups));
  }

  #account(sinceMs: number): void {
    const tookMs = this.#options.clock.monotonicMs() - sinceMs;
    this.#writtenMs += tookMs;
    this.counters.flushes++;
    this.counters.flushSeconds += tookMs / 1_000;
  }

  #empty(): boolean {
    for (const { cohorts } of this.#rooms.values()) {
      if (cohorts.some((cohort) => cohort.size > 0)) return false;
    }
    return true;
  }

  /** Lets every listener go within about `withinMs`, a step at a time, so that they do not arrive elsewhere at once. */
  moveAll(withinMs: number): Promise<void> {
    const { timers } = this.#options;
    return new Promise((resolve) => {
      let stepsLeft = Math.ceil(withinMs / MOVE_STEP_MS);
      const step = (): void => {
        for (const room of this.#rooms.values()) {
          for (const cohort of room.cohorts) cohort.move(Math.ceil(cohort.size / stepsLeft));
        }
        stepsLeft--;
        if (stepsLeft === 0 || this.#empty()) resolve();
        else timers.after(MOVE_STEP_MS, step);
      };
      step();
    });
  }
}

const RADIO = { profile: 'steady', rendition: null } as const;
