/**
 * ProgrammeInput over `programme.sock`. Voice frames are dropped while there is no connection (they would
 * be late); rosters are kept and said again at each reconnection.
 */
import type { InputObserver, ProgrammeInput, VoiceSeat } from '../../ports/programme-input.ts';
import { Connection, type UnixClientOptions } from './connection.ts';
import { encodeJson } from './framing.ts';
import {
  encodeVoiceFrame,
  FRAME,
  type LevelsBody,
  parseJson,
  type SpaceBody,
  WIRE_VERSION,
} from './wire.ts';

export class UnixInput implements ProgrammeInput {
  private readonly connection: Connection;
  private readonly rosters = new Map<string, readonly VoiceSeat[]>();
  private readonly known = new Set<string>();
  private said = new Set<string>();
  private observer: InputObserver | null = null;

  constructor(options: UnixClientOptions) {
    this.connection = new Connection(options, {
      connected: () => this.greeting(),
      frame: (type, body) => this.take(type, body),
      lost: () => {
        this.said = new Set();
      },
    });
  }

  seats(spaceId: string, seats: readonly VoiceSeat[]): void {
    if (seats.length === 0) this.rosters.delete(spaceId);
    else this.rosters.set(spaceId, seats);
    this.connection.send(encodeJson(FRAME.seats, { spaceId, seats }));
  }

  frame(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void {
    this.connection.send(encodeVoiceFrame(spaceId, seatId, source, sequence, timestamp, payload));
  }

  observe(observer: InputObserver): void {
    this.observer = observer;
  }

  close(): void {
    this.connection.close();
  }

  private greeting(): Buffer[] {
    const frames = [encodeJson(FRAME.hello, { version: WIRE_VERSION, port: 'input' })];
    for (const [spaceId, seats] of this.rosters) {
      frames.push(encodeJson(FRAME.seats, { spaceId, seats }));
    }
    return frames;
  }

  private take(type: number, body: Buffer): void {
    if (type === FRAME.levels) {
      const { spaceId, levels, programme } = parseJson<LevelsBody>(body);
      this.observer?.levels(spaceId, levels, programme);
    } else if (type === FRAME.space) {
      const { space } = parseJson<SpaceBody>(body);
      this.known.add(space.id);
      this.said.add(space.id);
      this.observer?.space(space);
    } else if (type === FRAME.removed) {
      this.removed(parseJson<string>(body));
    } else if (type === FRAME.ready) {
      for (const spaceId of this.known) if (!this.said.has(spaceId)) this.removed(spaceId);
    } else {
      throw new RangeError(`Frame type ${type} does not belong to the input.`);
    }
  }

  private removed(spaceId: string): void {
    this.known.delete(spaceId);
    this.said.delete(spaceId);
    this.rosters.delete(spaceId);
    this.observer?.removed(spaceId);
  }
}
