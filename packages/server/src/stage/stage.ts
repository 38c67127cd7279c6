/**
 * All rooms of this process: opens a room for who holds a pass, carries the programme's news and levels to
 * them, and keeps their clocks. It has no memory of its own that a new process would miss: passes and
 * resume tokens are signed, who was removed is kept outside, spaces are told by the programme, media come
 * anew.
 */
import {
  type ErrorCode,
  FORWARD_SLOTS,
  type IceServer,
  type PublicSpace,
} from '@parterre/protocol';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { PeerFactory } from '../ports/peer.ts';
import type { ProgrammeInput } from '../ports/programme-input.ts';
import type { Random } from '../ports/random.ts';
import type { Removals } from '../ports/removals.ts';
import {
  PASS_MS,
  type Pass,
  plainText,
  signResume,
  verifyPass,
  verifyResume,
} from '../spaces/index.ts';
import { Connector } from './connection.ts';
import { StageCounters } from './counters.ts';
import {
  LEVELS_MS,
  NAME_LENGTH_MAX,
  REPORT_MS,
  ROOMS_MAX,
  SELECTION_MS,
  UNKNOWN_SPACE_MS,
} from './limits.ts';
import { Room } from './room.ts';
import type { Seat } from './seat.ts';
import type { Join, Seated } from './session.ts';

export interface StageOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly peers: PeerFactory;
  readonly input: ProgrammeInput;
  readonly removals: Removals;
  /** Verifies passes and signs resume tokens. */
  readonly passKey: Uint8Array;
  readonly speakersMax: number;
  readonly iceServers: readonly IceServer[];
}

const SEAT_ID_BYTES = 9;

export class Stage {
  readonly counters = new StageCounters();
  readonly rooms = new Map<string, Room>();
  readonly options: StageOptions;
  readonly #spaces = new Map<string, PublicSpace>();
  readonly #timers: Timer[];

  constructor(options: StageOptions) {
    this.options = options;
    const { input, timers } = options;
    input.observe({
      space: (space) => this.#space(space),
      removed: (spaceId) => this.#removed(spaceId),
      levels: (spaceId, levels, programme) =>
        this.rooms.get(spaceId)?.programmeLevels(levels, programme),
    });
    this.#timers = [
      timers.every(SELECTION_MS, () => this.#each((room) => room.select())),
      timers.every(LEVELS_MS, () => this.#each((room) => room.sendLevels())),
      timers.every(REPORT_MS, () => this.#each((room) => this.#lookAfter(room))),
    ];
  }

  /** @returns the pass when it is valid for this space, now */
  passOf(spaceId: string, token: string): Pass | null {
    const { passKey, clock } = this.options;
    const pass = verifyPass(passKey, token, clock.wallMs());
    return pass?.spaceId === spaceId ? pass : null;
  }

  /** Whether this person was removed or is not invited any more. Whoever has a seat keeps it. */
  async isRemoved({ spaceId, personId }: Pass): Promise<boolean> {
    const { removals, log } = this.options;
    if (this.rooms.get(spaceId)?.seatOf(personId)) return false;
    try {
      return await removals.has(spaceId, personId);
    } catch (error) {
      log.error({ err: error }, 'it is not known who was removed');
      return false; // a disk that is harmed must not empty the stage
    }
  }

  #remember(spaceId: string, personId: string): void {
    const { removals, log } = this.options;
    removals.add(spaceId, personId).catch((error: unknown) => {
      log.error({ err: error }, 'a removal is known to this process alone');
    });
  }

  /** Gives the holder of a pass a seat, or says why not. */
  join(pass: Pass, join: Join): Seated | ErrorCode {
    const room = this.room(pass.spaceId);
    if (typeof room === 'string') return room;
    const token = join.resume === undefined ? null : this.#resumed(pass, join.resume);
    const seat = room.enter({
      personId: pass.personId,
      clientId: join.clientId,
      role: pass.role,
      name: nameOf(join.name, pass),
      takeOver: join.takeOver === true,
      had: token,
    });
    if (typeof seat === 'string') return seat;
    if (token !== null) this.counters.resumes += 1;
    else this.counters.joins += 1;
    return { room, seat };
  }

  #resumed(pass: Pass, text: string) {
    const { passKey, clock } = this.options;
    const token = verifyResume(passKey, text, clock.wallMs());
    const own = token?.spaceId === pass.spaceId && token.personId === pass.personId;
    return own ? token : null;
  }

  /** What the programme has told of a space; null before it has. */
  space(spaceId: string): PublicSpace | null {
    return this.#spaces.get(spaceId) ?? null;
  }

  /** The room of a space, opened when there is none. */
  room(spaceId: string): Room | ErrorCode {
    const open = this.rooms.get(spaceId);
    if (open !== undefined) return open;
    const space = this.#spaces.get(spaceId);
    if (space?.state === 'ended') return 'ended';
    if (this.rooms.size >= ROOMS_MAX && !this.#clearOne()) return 'spaces_full';
    const room = new Room(spaceId, this.#roomOptions());
    room.space = space ?? null;
    this.rooms.set(spaceId, room);
    return room;
  }

  /** Gives up a room that nobody is in, and what it remembers. */
  #clearOne(): boolean {
    for (const room of this.rooms.values()) {
      if (room.seats.size === 0) return this.rooms.delete(room.id);
    }
    return false;
  }

  #roomOptions(): ConstructorParameters<typeof Room>[1] {
    const { clock, input, speakersMax, iceServers, random, passKey } = this.options;
    return {
      clock,
      input,
      counters: this.counters,
      speakersMax,
      iceServers,
      newId: () => Buffer.from(random.bytes(SEAT_ID_BYTES)).toString('base64url'),
      removed: (spaceId, personId) => this.#remember(spaceId, personId),
      newSources: () => Array.from({ length: FORWARD_SLOTS }, () => this.#newSource()),
      connect: (seat, room) =>
        new Connector(seat, () => room.space?.rendition === 'music', this.options),
      signResume: (spaceId, seat: Seat) =>
        signResume(passKey, {
          spaceId,
          seatId: seat.id,
          personId: seat.personId,
          place: seat.place,
          muted: seat.muted,
          expiresAtMs: clock.wallMs() + PASS_MS,
        }),
    };
  }

  /** Never 0, which stands for none. */
  #newSource(): number {
    return Buffer.from(this.options.random.bytes(4)).readUInt32BE(0) || 1;
  }

  #space(space: PublicSpace): void {
    this.#spaces.set(space.id, space);
    const room = this.rooms.get(space.id);
    room?.update(space);
    if (space.state === 'ended') this.rooms.delete(space.id);
  }

  #removed(spaceId: string): void {
    this.#spaces.delete(spaceId);
    this.rooms.get(spaceId)?.end('unknown_space');
    this.rooms.delete(spaceId);
  }

  #lookAfter(room: Room): void {
    room.lookAfter();
    const ageMs = this.options.clock.monotonicMs() - room.openedAtMs;
    if (ageMs < UNKNOWN_SPACE_MS) return;
    if (room.space === null) room.end('unknown_space');
    if (room.seats.size === 0) this.rooms.delete(room.id);
  }

  #each(visit: (room: Room) => void): void {
    for (const room of this.rooms.values()) visit(room);
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#each((room) => {
      for (const seat of room.seats.values()) seat.close();
    });
    this.rooms.clear();
  }
}

function nameOf(given: string, pass: Pass): string {
  const name = [...plainText(given)].slice(0, NAME_LENGTH_MAX).join('').trim();
  return name === '' ? plainText(pass.name) || '–' : name;
}
