/**
 * The demo's two voices: recordings that sit on the stage of the space `demo` as if they were speakers, one
 * frame each 20 ms by the clock, over and over, for as long as that space runs. They begin again by
 * themselves when the space or the programme comes back. A late tick sends what is due, at most BURST_MAX.
 */
import { OggReader, type RtpPacket } from '@parterre/media';
import { FRAME_MS, FRAME_SAMPLES } from '@parterre/protocol';
import type { Timer } from '../ports/clock.ts';
import type { Room } from './room.ts';
import type { Seat } from './seat.ts';
import type { Stage } from './stage.ts';

export interface DemoVoice {
  readonly name: string;
  /** Opus packets of 20 ms. */
  readonly packets: readonly Uint8Array[];
}

export const DEMO_SPACE = 'demo';
const BURST_MAX = 5;

/** The packets of an Ogg Opus file. @throws ContainerError */
export function packetsOf(file: Uint8Array): Uint8Array[] {
  const packets: Uint8Array[] = [];
  for (const part of new OggReader().push(file)) {
    if (part.kind === 'error') throw part.error;
    if (part.kind === 'page') packets.push(...part.packets);
  }
  return packets;
}

export class Demo {
  readonly #stage: Stage;
  readonly #voices: readonly DemoVoice[];
  readonly #source: number;
  readonly #timer: Timer;
  #room: Room | null = null;
  #seats: Seat[] = [];
  #sent = 0;
  #beganAtMs = 0;

  /** @param voices of the same length, so that they stay in step as they loop */
  constructor(stage: Stage, voices: readonly DemoVoice[]) {
    this.#stage = stage;
    this.#voices = voices;
    this.#source = Buffer.from(stage.options.random.bytes(4)).readUInt32BE(0);
    this.#timer = stage.options.timers.every(FRAME_MS, () => this.#tick());
  }

  #tick(): void {
    if (this.#room === null || this.#stage.rooms.get(DEMO_SPACE) !== this.#room) {
      if (!this.#enter()) return;
    }
    const nowMs = this.#stage.options.clock.monotonicMs();
    const due = Math.floor((nowMs - this.#beganAtMs) / FRAME_MS);
    // After a standstill the voices go on from here; what was not said is not made up for.
    if (due - this.#sent > BURST_MAX) this.#beganAtMs += (due - this.#sent - BURST_MAX) * FRAME_MS;
    for (let count = Math.min(BURST_MAX, due - this.#sent); count > 0; count -= 1) this.#say();
  }

  /** @returns false while there is no demo space to enter */
  #enter(): boolean {
    const space = this.#stage.space(DEMO_SPACE);
    if (space === null || space.state === 'ended' || space.state === 'scheduled') return false;
    const room = this.#stage.room(DEMO_SPACE);
    if (typeof room === 'string') return false;
    const seats = this.#voices.map(({ name }) =>
      room.enter({
        personId: `demo ${name}`,
        clientId: 'demo',
        role: 'speaker',
        name,
        takeOver: true,
        had: null,
      }),
    );
    this.#seats = seats.filter((seat) => typeof seat !== 'string');
    for (const seat of this.#seats) room.takeStage(seat);
    this.#room = room;
    this.#beganAtMs = this.#stage.options.clock.monotonicMs() - this.#sent * FRAME_MS;
    return true;
  }

  #say(): void {
    for (const [index, seat] of this.#seats.entries()) {
      const packets = this.#voices[index]?.packets ?? [];
      const payload = packets[this.#sent % packets.length];
      if (payload === undefined) continue;
      const packet: RtpPacket = {
        payloadType: 0,
        marker: false,
        sequence: this.#sent % 0x1_0000,
        timestamp: (this.#sent * FRAME_SAMPLES) % 0x1_0000_0000,
        ssrc: (this.#source + index) >>> 0,
        csrcs: [],
        extension: null,
        payload,
        padding: 0,
      };
      seat.take(packet, null);
    }
    this.#sent += 1;
  }

  close(): void {
    this.#timer.cancel();
  }
}
