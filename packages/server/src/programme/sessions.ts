/**
 * What one client of the programme holds: an input (a stage) or a control (an api). Closing takes back
 * what it had: rosters go after INPUT_GRACE_MS unless another input has said them by then, so that a
 * stage that restarts does not empty the seats.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { Timers } from '../ports/clock.ts';
import type { Attendant, ProgrammeControl, SpacePlan } from '../ports/programme-control.ts';
import type { InputObserver, ProgrammeInput, VoiceSeat } from '../ports/programme-input.ts';

const INPUT_GRACE_MS = 10_000;
const SEATS_MAX = 64;
const SEAT_ID_LENGTH_MAX = 64;
const NAME_LENGTH_MAX = 120;

/** The programme as its sessions see it. */
export interface InputEnd {
  seated(spaceId: string, seats: readonly VoiceSeat[], by: InputSession): void;
  voice(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void;
  /** Empties every stage whose roster is this session's. */
  leave(session: InputSession): void;
  spaces(): Iterable<PublicSpace>;
}

export class InputSession implements ProgrammeInput {
  private readonly end: InputEnd;
  private readonly timers: Timers;
  private readonly onClose: () => void;
  private observer: InputObserver | null = null;

  constructor(end: InputEnd, timers: Timers, onClose: () => void) {
    this.end = end;
    this.timers = timers;
    this.onClose = onClose;
  }

  seats(spaceId: string, seats: readonly VoiceSeat[]): void {
    this.end.seated(spaceId, seats.slice(0, SEATS_MAX).filter(isSeat), this);
  }

  frame(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    this.end.voice(spaceId, seatId, source, sequence, timestamp, payload);
  }

  observe(observer: InputObserver): void {
    this.observer = observer;
    for (const space of this.end.spaces()) observer.space(space);
  }

  close(): void {
    this.observer = null;
    this.onClose();
    this.timers.after(INPUT_GRACE_MS, () => this.end.leave(this));
  }

  space(space: PublicSpace): void {
    this.observer?.space(space);
  }

  removed(spaceId: string): void {
    this.observer?.removed(spaceId);
  }

  levels(spaceId: string, levels: Readonly<Record<string, number>>, programme: number): void {
    this.observer?.levels(spaceId, levels, programme);
  }
}

function isSeat(seat: VoiceSeat): boolean {
  const { id, name, onAir, muted } = seat;
  return (
    typeof id === 'string' &&
    id.length > 0 &&
    id.length <= SEAT_ID_LENGTH_MAX &&
    typeof name === 'string' &&
    name.length <= NAME_LENGTH_MAX &&
    typeof onAir === 'boolean' &&
    typeof muted === 'boolean'
  );
}

/** The programme as a control sees it: all but who observes. */
export type ControlEnd = Omit<ProgrammeControl, 'observe' | 'close'> & {
  spaces(): Iterable<PublicSpace>;
};

interface ControlObserver {
  readonly space: (space: PublicSpace) => void;
  readonly removed: ((spaceId: string) => void) | undefined;
}

export class ControlSession implements ProgrammeControl {
  private readonly programme: ControlEnd;
  private readonly onClose: () => void;
  private readonly observers: ControlObserver[] = [];

  constructor(programme: ControlEnd, onClose: () => void) {
    this.programme = programme;
    this.onClose = onClose;
  }

  plan(plan: SpacePlan): Promise<PublicSpace> {
    return this.programme.plan(plan);
  }

  openDoors(spaceId: string): Promise<PublicSpace> {
    return this.programme.openDoors(spaceId);
  }

  start(spaceId: string): Promise<PublicSpace> {
    return this.programme.start(spaceId);
  }

  end(spaceId: string): Promise<PublicSpace> {
    return this.programme.end(spaceId);
  }

  relaunch(spaceId: string, successor: string): Promise<PublicSpace> {
    return this.programme.relaunch(spaceId, successor);
  }

  attendance(spaceId: string): Promise<readonly Attendant[]> {
    return this.programme.attendance(spaceId);
  }

  remove(spaceId: string): Promise<void> {
    return this.programme.remove(spaceId);
  }

  observe(space: (space: PublicSpace) => void, removed?: (spaceId: string) => void): void {
    this.observers.push({ space, removed });
    for (const known of this.programme.spaces()) space(known);
  }

  close(): void {
    this.observers.length = 0;
    this.onClose();
  }

  space(space: PublicSpace): void {
    for (const observer of this.observers) observer.space(space);
  }

  removed(spaceId: string): void {
    for (const observer of this.observers) observer.removed?.(spaceId);
  }
}

/** Everyone who is connected. */
export class Sessions {
  private readonly programme: InputEnd & ControlEnd;
  private readonly timers: Timers;
  private readonly inputs = new Set<InputSession>();
  private readonly controls = new Set<ControlSession>();

  constructor(programme: InputEnd & ControlEnd, timers: Timers) {
    this.programme = programme;
    this.timers = timers;
  }

  openInput(): ProgrammeInput {
    const session = new InputSession(this.programme, this.timers, () =>
      this.inputs.delete(session),
    );
    this.inputs.add(session);
    return session;
  }

  openControl(): ProgrammeControl {
    const session = new ControlSession(this.programme, () => this.controls.delete(session));
    this.controls.add(session);
    return session;
  }

  space(space: PublicSpace): void {
    for (const input of this.inputs) input.space(space);
    for (const control of this.controls) control.space(space);
  }

  removed(spaceId: string): void {
    for (const input of this.inputs) input.removed(spaceId);
    for (const control of this.controls) control.removed(spaceId);
  }

  levels(spaceId: string, levels: Readonly<Record<string, number>>, programme: number): void {
    for (const input of this.inputs) input.levels(spaceId, levels, programme);
  }
}
