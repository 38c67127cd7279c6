/**
 * ProgrammeControl over `programme.sock`. A request whose connection is lost is asked again after the
 * reconnection, which is safe because every request may be repeated; it fails with `part_away` when no
 * answer came within REQUEST_MS_MAX.
 */
import { ERRORS, type ErrorCode, ParterreError, type PublicSpace } from '@parterre/protocol';
import type { Timer } from '../../ports/clock.ts';
import type { Attendant, ProgrammeControl, SpacePlan } from '../../ports/programme-control.ts';
import { Connection, type UnixClientOptions } from './connection.ts';
import { encodeJson } from './framing.ts';
import {
  type AnswerBody,
  FRAME,
  parseJson,
  type RelaunchBody,
  type RequestName,
  type SpaceBody,
  WIRE_VERSION,
} from './wire.ts';

/** How long a request waits for its answer, reconnections included, ms. */
const REQUEST_MS_MAX = 5_000;
const REQUESTS_MAX = 256;

interface Pending {
  readonly frame: Buffer;
  readonly timer: Timer;
  resolve(value: unknown): void;
  reject(error: Error): void;
}

interface ControlObserver {
  readonly space: (space: PublicSpace) => void;
  readonly removed: ((spaceId: string) => void) | undefined;
}

export class UnixControl implements ProgrammeControl {
  private readonly options: UnixClientOptions;
  private readonly connection: Connection;
  private readonly pending = new Map<number, Pending>();
  private readonly observers: ControlObserver[] = [];
  private readonly known = new Set<string>();
  private said = new Set<string>();
  private lastId = 0;

  constructor(options: UnixClientOptions) {
    this.options = options;
    this.connection = new Connection(options, {
      connected: () => [
        encodeJson(FRAME.hello, { version: WIRE_VERSION, port: 'control' }),
        ...[...this.pending.values()].map(({ frame }) => frame),
      ],
      frame: (type, body) => this.take(type, body),
      lost: () => {
        this.said = new Set();
      },
    });
  }

  plan(plan: SpacePlan): Promise<PublicSpace> {
    return this.ask('plan', plan);
  }

  openDoors(spaceId: string): Promise<PublicSpace> {
    return this.ask('openDoors', spaceId);
  }

  start(spaceId: string): Promise<PublicSpace> {
    return this.ask('start', spaceId);
  }

  end(spaceId: string): Promise<PublicSpace> {
    return this.ask('end', spaceId);
  }

  relaunch(spaceId: string, successor: string): Promise<PublicSpace> {
    return this.ask('relaunch', { spaceId, successor } satisfies RelaunchBody);
  }

  attendance(spaceId: string): Promise<readonly Attendant[]> {
    return this.ask('attendance', spaceId);
  }

  remove(spaceId: string): Promise<void> {
    return this.ask('remove', spaceId);
  }

  observe(space: (space: PublicSpace) => void, removed?: (spaceId: string) => void): void {
    this.observers.push({ space, removed });
  }

  close(): void {
    this.connection.close();
    for (const id of [...this.pending.keys()]) this.fail(id, new ParterreError('part_away'));
  }

  private ask<T>(name: RequestName, argument: unknown): Promise<T> {
    if (this.pending.size >= REQUESTS_MAX) return Promise.reject(new ParterreError('part_away'));
    const id = ++this.lastId;
    const frame = encodeJson(FRAME.request, { id, name, argument });
    return new Promise<T>((resolve, reject) => {
      const timer = this.options.timers.after(REQUEST_MS_MAX, () =>
        this.fail(id, new ParterreError('part_away')),
      );
      this.pending.set(id, { frame, timer, resolve: resolve as (value: unknown) => void, reject });
      this.connection.send(frame);
    });
  }

  private take(type: number, body: Buffer): void {
    if (type === FRAME.answer) this.answer(parseJson<AnswerBody>(body));
    else if (type === FRAME.space) {
      const { space } = parseJson<SpaceBody>(body);
      this.known.add(space.id);
      this.said.add(space.id);
      for (const observer of this.observers) observer.space(space);
    } else if (type === FRAME.removed) {
      this.removed(parseJson<string>(body));
    } else if (type === FRAME.ready) {
      for (const spaceId of this.known) if (!this.said.has(spaceId)) this.removed(spaceId);
    } else {
      throw new RangeError(`Frame type ${type} does not belong to the control.`);
    }
  }

  private removed(spaceId: string): void {
    this.known.delete(spaceId);
    this.said.delete(spaceId);
    for (const observer of this.observers) observer.removed?.(spaceId);
  }

  private answer({ id, value, error }: AnswerBody): void {
    if (error !== undefined) {
      const code = Object.hasOwn(ERRORS, error.code) ? (error.code as ErrorCode) : 'internal';
      this.fail(id, new ParterreError(code, error.detail));
      return;
    }
    const pending = this.settle(id);
    pending?.resolve(value);
  }

  private fail(id: number, error: Error): void {
    this.settle(id)?.reject(error);
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    pending?.timer.cancel();
    return pending;
  }
}
