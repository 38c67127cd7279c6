/**
 * The stage's signalling: JSON messages over one WebSocket at `/stage/{space}?pass=…`.
 *
 * The server offers, the browser answers: one receive-only section for the microphone (mid "mic") and
 * FORWARD_SLOTS send-only sections ("fwd0" …) into which the loudest others are forwarded. Slots never
 * change, so nothing is renegotiated while people talk. A new `offer` on the same seat replaces the
 * peer connection: that is the only recovery (there is no ICE restart).
 */
import type { Role, SpaceState } from './space.ts';

/** How many other speakers one speaker hears at the same moment. */
export const FORWARD_SLOTS = 3;
/** How long a seat is kept for a speaker whose connection is lost, ms. */
export const SEAT_GRACE_MS = 60_000;
/** Longest signalling message accepted, bytes; SDP included. */
export const SIGNAL_BYTES_MAX = 64 * 1024;

/** `green`: connected but not on air. */
export type Place = 'green' | 'stage';

export interface Seat {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly place: Place;
  readonly muted: boolean;
  /** False while the seat is kept for somebody whose connection is lost. */
  readonly connected: boolean;
}

export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export type ToStage =
  | {
      readonly type: 'join';
      readonly name: string;
      readonly clientId: string;
      readonly resume?: string;
      readonly takeOver?: boolean;
    }
  | { readonly type: 'answer'; readonly offerId: number; readonly sdp: string }
  | {
      readonly type: 'candidate';
      readonly offerId: number;
      readonly candidate: string;
      readonly mid: string;
    }
  | { readonly type: 'reconnect' }
  | { readonly type: 'mute'; readonly muted: boolean }
  | { readonly type: 'place'; readonly seat: string; readonly place: Place }
  | { readonly type: 'silence'; readonly seat: string }
  | { readonly type: 'remove'; readonly seat: string }
  | { readonly type: 'leave' }
  | { readonly type: 'ping'; readonly t: number };

export type FromStage =
  /** After `join`, and again whenever the seat's state changes: the newest `resume` is the one to keep. */
  | {
      readonly type: 'welcome';
      readonly seat: string;
      readonly role: Role;
      readonly resume: string;
      readonly iceServers: readonly IceServer[];
    }
  | { readonly type: 'offer'; readonly offerId: number; readonly sdp: string }
  | {
      readonly type: 'candidate';
      readonly offerId: number;
      readonly candidate: string;
      readonly mid: string;
    }
  | { readonly type: 'roster'; readonly seats: readonly Seat[] }
  /** Loudness per seat, 0 (silent) to 1, five times a second; seats not named are silent. */
  | {
      readonly type: 'levels';
      readonly levels: Readonly<Record<string, number>>;
      readonly programme: number;
    }
  /** Which seat each forward slot carries now; null when it is free. */
  | { readonly type: 'slots'; readonly seats: readonly (string | null)[] }
  | { readonly type: 'space'; readonly state: SpaceState; readonly liveAtMs: number | null }
  | {
      readonly type: 'error';
      readonly code: string;
      readonly message: string;
      readonly final: boolean;
    }
  | { readonly type: 'pong'; readonly t: number };
