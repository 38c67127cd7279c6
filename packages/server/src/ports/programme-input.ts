/**
 * What the stage gives to the programme: voices as RTP-timed Opus packets, and who sits where.
 * Frames may be lost, late, doubled or out of order; the programme's jitter buffer deals with that.
 */
import type { PublicSpace, Role } from '@parterre/protocol';

export interface VoiceSeat {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** On air: its voice is in the mix. */
  readonly onAir: boolean;
  readonly muted: boolean;
}

export interface ProgrammeInput {
  /** The whole roster of a space, each time it changes and after a reconnection. At most 64 seats. */
  seats(spaceId: string, seats: readonly VoiceSeat[]): void;
  /**
   * One Opus packet of a seat. `sequence` and `timestamp` as in RTP (RFC 3550 §5.1, 48 kHz, both wrap);
   * a new `source` (SSRC) begins a new stream on the same seat. The payload is copied if kept.
   */
  frame(
    spaceId: string,
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
  ): void;
  /** What comes back; at most one observer. */
  observe(observer: InputObserver): void;
  close(): void;
}

export interface InputObserver {
  space(space: PublicSpace): void;
  removed(spaceId: string): void;
  /** Five times a second: loudness 0…1 of each audible seat, as mixed, and of the programme. */
  levels(spaceId: string, levels: Readonly<Record<string, number>>, programme: number): void;
}
