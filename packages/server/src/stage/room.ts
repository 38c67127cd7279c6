/**
 * The stage of one space: who sits where, who may move whom, who hears whom. Invariants: at most
 * `speakersMax` seats and one host; a person holds one seat; the programme is told the roster at every
 * change. A seat whose connections are lost is kept SEAT_GRACE_MS. A room ends with its space.
 */
import type { RtpPacket } from '@parterre/media';
import {
  ERRORS,
  type ErrorCode,
  type FromStage,
  type IceServer,
  type Place,
  type PublicSpace,
  SEAT_GRACE_MS,
} from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import type { ProgrammeInput } from '../ports/programme-input.ts';
import type { StageCounters } from './counters.ts';
import { forward, selectListeners } from './forward.ts';
import { REMEMBERED_MAX } from './limits.ts';
import {
  Seat,
  type SeatConnection,
  type SeatIdentity,
  type SeatOwner,
  type SignalChannel,
} from './seat.ts';

export interface RoomOptions {
  readonly clock: Clock;
  readonly input: ProgrammeInput;
  readonly counters: StageCounters;
  readonly speakersMax: number;
  readonly iceServers: readonly IceServer[];
  /** A new identifier, unpredictable. */
  readonly newId: () => string;
  /** Told whom a moderator has removed, to keep it beyond this process. */
  readonly removed: (spaceId: string, personId: string) => void;
  /** Synchronisation sources for a seat's slots. */
  readonly newSources: () => readonly number[];
  /** What makes the peer connections of a seat; asked once per seat. */
  readonly connect: (seat: Seat, room: Room) => SeatConnection;
  /** Signs what a seat needs to come back. */
  readonly signResume: (spaceId: string, seat: Seat) => string;
}

/** Somebody who wants a seat. */
export interface Entrant extends Omit<SeatIdentity, 'id'> {
  readonly takeOver: boolean;
  /** From a resume token: the seat they had, as it was. */
  readonly had: { readonly seatId: string; readonly place: Place; readonly muted: boolean } | null;
}

/** Loudness of the programme older than this is not sent any more, ms. */
const LEVELS_FRESH_MS = 1_000;

export class Room implements SeatOwner {
  readonly id: string;
  readonly clock: Clock;
  readonly counters: StageCounters;
  readonly seats = new Map<string, Seat>();
  readonly openedAtMs: number;
  space: PublicSpace | null = null;
  readonly #options: RoomOptions;
  readonly #removed = new Set<string>();
  readonly #departed = new Set<string>();
  #levels: Readonly<Record<string, number>> = {};
  #programmeLevel = 0;
  #levelsAtMs = Number.NEGATIVE_INFINITY;

  constructor(id: string, options: RoomOptions) {
    this.id = id;
    this.#options = options;
    this.clock = options.clock;
    this.counters = options.counters;
    this.openedAtMs = options.clock.monotonicMs();
  }

  /** Gives a seat, or says why not. The caller attaches the signalling. */
  enter(entrant: Entrant): Seat | ErrorCode {
    if (this.space?.state === 'ended') return 'ended';
    if (this.#removed.has(entrant.personId)) return 'removed';
    const own = this.seatOf(entrant.personId);
    if (own !== null) {
      const elsewhere = own.channel !== null && own.clientId !== entrant.clientId;
      if (elsewhere && !entrant.takeOver) return 'already_on_stage';
      own.clientId = entrant.clientId;
      own.name = entrant.name;
      own.role = entrant.role;
      return own;
    }
    const host = [...this.seats.values()].find((seat) => seat.role === 'host');
    if (entrant.role === 'host' && host !== undefined) {
      if (!entrant.takeOver) return 'host_seat_taken';
      host.send(errorMessage('host_seat_taken'));
      this.leave(host, 'replaced');
    }
    if (this.seats.size >= this.#options.speakersMax) return 'stage_full';
    return this.#newSeat(entrant);
  }

  seatOf(personId: string): Seat | null {
    for (const seat of this.seats.values()) if (seat.personId === personId) return seat;
    return null;
  }

  #newSeat(entrant: Entrant): Seat {
    const { had } = entrant;
    const back = had !== null && !this.seats.has(had.seatId);
    const id = back ? had.seatId : this.#options.newId();
    const seat = new Seat({ ...entrant, id }, this.#options.newSources(), this);
    seat.lostAtMs = this.clock.monotonicMs();
    if (back) {
      seat.muted = had.muted;
      if (!this.#departed.has(id)) seat.place = had.place;
    }
    this.seats.set(id, seat);
    return seat;
  }

  /** Signalling of a seat begins: it is welcomed, and everybody sees it. */
  attach(seat: Seat, channel: SignalChannel): void {
    const before = seat.channel;
    if (before !== null) {
      before.send(errorMessage('already_on_stage'));
      before.close('replaced');
    }
    seat.attach(channel);
    this.welcome(seat);
    if (this.space !== null) channel.send(spaceMessage(this.space));
    this.tell();
    seat.connection ??= this.#options.connect(seat, this);
    seat.connection.renew();
  }

  /** Says who they are and with what they come back; again whenever that has changed. */
  welcome(seat: Seat): void {
    const { signResume, iceServers } = this.#options;
    const resume = signResume(this.id, seat);
    seat.send({ type: 'welcome', seat: seat.id, role: seat.role, resume, iceServers });
  }

  mute(seat: Seat, muted: boolean): void {
    if (seat.muted === muted) return;
    seat.muted = muted;
    if (muted)
      for (const { seat: listener, slot } of seat.listeners) listener.slots[slot]!.release();
    this.welcome(seat);
    this.tell();
  }

  /** @returns why not, or null when done */
  place(by: Seat, seatId: string, place: Place): ErrorCode | null {
    const seat = this.seats.get(seatId);
    // Everybody may step off the stage; going on it is for a moderator to say.
    if (!moderates(by) && !(seat === by && place === 'green')) return 'forbidden';
    if (seat === undefined || seat.place === place) return null;
    seat.place = place;
    this.welcome(seat);
    this.tell();
    return null;
  }

  /** On air without being asked: a program has no green room. */
  takeStage(seat: Seat): void {
    seat.place = 'stage';
    this.tell();
  }

  silence(by: Seat, seatId: string): ErrorCode | null {
    if (!moderates(by)) return 'forbidden';
    const seat = this.seats.get(seatId);
    if (seat !== undefined) this.mute(seat, true);
    return null;
  }

  remove(by: Seat, seatId: string): ErrorCode | null {
    const seat = this.seats.get(seatId);
    if (!moderates(by) || (seat?.role === 'host' && by.role !== 'host')) return 'forbidden';
    if (seat === undefined || seat === by) return null;
    remember(this.#removed, seat.personId);
    this.#options.removed(this.id, seat.personId);
    seat.send(errorMessage('removed'));
    this.leave(seat, 'removed');
    return null;
  }

  /** Gives the seat up for good. */
  leave(seat: Seat, reason: string): void {
    if (!this.seats.delete(seat.id)) return;
    remember(this.#departed, seat.id);
    const { channel } = seat;
    seat.detach(this.clock.monotonicMs());
    seat.close();
    channel?.close(reason);
    this.tell();
  }

  /** Signalling of a seat is gone; the seat stays for a while. */
  lost(seat: Seat, channel: SignalChannel): void {
    if (seat.channel === channel) seat.detach(this.clock.monotonicMs());
  }

  update(space: PublicSpace): void {
    this.space = space;
    this.#send(spaceMessage(space));
    if (space.state === 'ended') this.end('ended');
    else this.#tellProgramme();
  }

  /** Tells everybody that it is over, kindly, and empties the room. */
  end(code: ErrorCode): void {
    this.#send(errorMessage(code));
    for (const seat of this.seats.values()) {
      seat.channel?.close(code);
      seat.close();
    }
    this.seats.clear();
    this.#tellProgramme();
  }

  mediaChanged(seat: Seat): void {
    if (this.seats.get(seat.id) === seat) this.tell();
  }

  voice(seat: Seat, packet: RtpPacket): void {
    if (seat.place === 'stage') {
      const { ssrc, sequence, timestamp, payload } = packet;
      this.#options.input.frame(this.id, seat.id, ssrc, sequence, timestamp, payload);
    }
    forward(seat, packet, this.clock.monotonicMs());
  }

  /** The roster to everybody and to the programme. */
  tell(): void {
    this.select(true);
    const seats = [...this.seats.values()].map((seat) => ({
      id: seat.id,
      name: seat.name,
      role: seat.role,
      place: seat.place,
      muted: seat.muted,
      connected: seat.alive,
    }));
    this.#send({ type: 'roster', seats });
    this.#tellProgramme();
  }

  #tellProgramme(): void {
    const seats = [...this.seats.values()].map((seat) => ({
      id: seat.id,
      name: seat.name,
      role: seat.role,
      onAir: seat.onAir,
      muted: seat.muted,
    }));
    this.#options.input.seats(this.id, seats);
  }

  /** Chooses again who hears whom, and tells those whose slots changed. */
  select(roster = false): void {
    const seats = [...this.seats.values()];
    for (const changed of selectListeners(seats, roster, this.clock.monotonicMs())) {
      const holders = changed.selection.holders.map((holder) => holder?.id ?? null);
      changed.send({ type: 'slots', seats: holders });
    }
  }

  programmeLevels(levels: Readonly<Record<string, number>>, programme: number): void {
    this.#levels = levels;
    this.#programmeLevel = programme;
    this.#levelsAtMs = this.clock.monotonicMs();
  }

  /** Loudness of everybody: as mixed where the programme tells it, as received for the others. */
  sendLevels(): void {
    if (this.seats.size === 0) return;
    const fresh = this.clock.monotonicMs() - this.#levelsAtMs < LEVELS_FRESH_MS;
    const levels: Record<string, number> = {};
    for (const seat of this.seats.values()) {
      const mixed = fresh && seat.place === 'stage' ? this.#levels[seat.id] : undefined;
      const level = mixed ?? (seat.alive && !seat.muted ? seat.voice.meter : 0);
      if (level > 0) levels[seat.id] = Math.round(level * 1_000) / 1_000;
    }
    this.#send({ type: 'levels', levels, programme: fresh ? this.#programmeLevel : 0 });
  }

  /** Once a second: reports, media that have stopped, seats kept long enough. */
  lookAfter(): void {
    const nowMs = this.clock.monotonicMs();
    const wallMs = this.clock.wallMs();
    for (const seat of this.seats.values()) {
      seat.report(nowMs, wallMs);
      seat.look();
      const { lostAtMs } = seat;
      if (lostAtMs === null) continue;
      if (nowMs - Math.max(lostAtMs, seat.voice.lastAtMs) > SEAT_GRACE_MS) {
        this.leave(seat, 'grace is over');
      }
    }
  }

  #send(message: FromStage): void {
    for (const seat of this.seats.values()) seat.send(message);
  }
}

function moderates(seat: Seat): boolean {
  return seat.role !== 'speaker';
}

export function errorMessage(code: ErrorCode, final = true): FromStage {
  const { message, remedy } = ERRORS[code];
  return { type: 'error', code, message: `${message} ${remedy}`, final };
}

function spaceMessage({ state, liveAtMs }: PublicSpace): FromStage {
  return { type: 'space', state, liveAtMs };
}

function remember(set: Set<string>, entry: string): void {
  set.add(entry);
  if (set.size <= REMEMBERED_MAX) return;
  for (const oldest of set) {
    set.delete(oldest);
    return;
  }
}
