/**
 * The listening surface: what `listen()` takes and gives back. Every object a `Listening` shows is
 * immutable and replaced when it changes, so that a view may compare by identity. Times are
 * milliseconds; wall-clock times are since the Unix epoch on the server's clock.
 */
import type { AudienceErrorCode, ProfileId, PublicSpace, Snapshot } from '@parterre/protocol';
import type { Place, Queue } from '../waiting/queue.ts';

export interface ListenOptions {
  /** The space's identifier, as it stands in its address. */
  readonly space: string;
  /** Where the house is served, e.g. `https://live.example.org`; the page's own origin when left out. */
  readonly base?: string;
  /** Further addresses of the same house, tried in turn when one fails; `base` is always the first. */
  readonly bases?: readonly string[];
  /** The element to play in. One is made when left out. It is used until `stop()` and is never replaced. */
  readonly element?: HTMLAudioElement;
  /** How much to buffer; the space's own profile when left out. */
  readonly profile?: ProfileId;
  /** Each notable happening, once, for a log or a metric. Must not throw. */
  readonly onEvent?: (event: ListenEvent) => void;
  /** Aborting is the same as `stop()`. */
  readonly signal?: AbortSignal;
  /**
   * `auto` (default): Media Source Extensions, or the WebAssembly decoder where they have no Opus.
   * `mse` and `wasm` force one of them.
   */
  readonly engine?: 'auto' | 'mse' | 'wasm';
  /** Share one connection with this browser's other tabs on the same space; default true. */
  readonly share?: boolean;
  /** Show the programme on the lock screen and obey its buttons (Media Session); default true. */
  readonly mediaSession?: boolean;
  /** A place in line that was taken before (`@parterre/client/waiting`). */
  readonly queue?: Queue;
  /** The token of a link to a kept seat: opens one of its group's places, if any is free. */
  readonly seat?: string;
}

/** Failures of the browser itself; those of the house come from the error catalogue. */
export type ListenFailureCode = AudienceErrorCode | 'not_supported' | 'media_error';

/**
 * Where a listener stands. `holding` is `playing` while the programme carries holding sound.
 * `paused`: somebody or something paused the element; `play()` goes on, at live.
 */
export type ListenState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting' }
  | { readonly phase: 'buffering' }
  | { readonly phase: 'playing' }
  | { readonly phase: 'holding' }
  /** The connection is lost and being replaced. `audible`: the buffer still covers it. */
  | { readonly phase: 'reconnecting'; readonly audible: boolean; readonly attempt: number }
  /** `autoplay`: the browser wants a gesture first; `system`: a call, a headset, another app. */
  | { readonly phase: 'paused'; readonly reason: 'listener' | 'autoplay' | 'system' }
  /** Doors are not open yet; goes on by itself when they do. */
  | {
      readonly phase: 'waiting';
      /** Null when no start is announced, or none is known. */
      readonly startsAtMs: number | null;
      readonly doorsAtMs: number;
      readonly space: PublicSpace | null;
    }
  /** Every place is taken; goes on by itself when it is this listener's turn. */
  | ({ readonly phase: 'queued' } & Place)
  | { readonly phase: 'ended'; readonly replayReady: boolean }
  | {
      readonly phase: 'failed';
      readonly code: ListenFailureCode;
      readonly message: string;
      readonly remedy: string;
    };

export type ListenPhase = ListenState['phase'];

/** What the player measures. Replaced about four times a second while it plays. */
export interface ListenStats {
  /** The chunk heard now; null before the first. */
  readonly seq: number | null;
  /** Sound that has arrived and is not heard yet, ms. */
  readonly bufferedMs: number;
  /** Capture to ear, ms, by the `prft` wall clock; null until the server's clock is known. */
  readonly latencyMs: number | null;
  /** Playback rate now, 0.97 to 1.05. */
  readonly rate: number;
  /** Places where sound was missing from the timeline and was jumped. */
  readonly gaps: number;
  /** Times the buffer ran dry while playing. */
  readonly stalls: number;
  /** Connections that were replaced. */
  readonly reconnects: number;
  /** Chunks left out to get back to live. */
  readonly skipped: number;
  /** Bytes received by this tab: nothing while another tab shares its connection. */
  readonly bytes: number;
  readonly engine: 'mse' | 'wasm' | null;
  /** `own`: this tab has the connection; `shared`: another tab's is used. */
  readonly connection: 'own' | 'shared' | null;
}

export type ListenEvent =
  | { readonly type: 'connected'; readonly base: string; readonly fromSeq: number | null }
  | {
      readonly type: 'lost';
      readonly reason: 'closed' | 'stalled' | 'refused' | 'network' | 'woke';
      readonly detail: string;
    }
  | { readonly type: 'gap'; readonly fromSeq: number; readonly toSeq: number }
  | { readonly type: 'stall'; readonly seq: number | null }
  | { readonly type: 'skip'; readonly fromSeq: number; readonly toSeq: number }
  | { readonly type: 'leader'; readonly connection: 'own' | 'shared' }
  | { readonly type: 'rebuilt'; readonly detail: string }
  /** The space was given up; its successor is heard from here on, in the same element. */
  | { readonly type: 'moved'; readonly space: string };

/** What changed, handed to subscribers. */
export type ListenChange = 'state' | 'snapshot' | 'stats' | 'volume';

/** One listener. Made by `listen()`; usable again after `stop()`. */
export interface Listening {
  /** The space that is listened to: another than was asked for once that was given up to a successor. */
  readonly space: string;
  readonly state: ListenState;
  /** What the programme says of itself at the moment that is heard now, not that has just arrived. */
  readonly snapshot: Snapshot | null;
  readonly stats: ListenStats;
  readonly element: HTMLAudioElement;
  /** Programme time heard now, ms since doors; null before sound. */
  readonly programmeMs: number | null;
  /** The server's wall clock now, ms; the browser's own until it is known. */
  readonly serverNowMs: number;
  /** 0 to 1. (iOS ignores it: the keys of the device rule there.) */
  volume: number;
  muted: boolean;
  /**
   * Starts, or goes on after a pause, at live. Call it in the gesture itself (a click handler, before any
   * `await`): it unlocks the element at once. Resolves when sound plays, or when the state is `waiting`,
   * `ended`, `failed` or `paused`; it never rejects.
   */
  play(): Promise<void>;
  /** Lets go of the connection and keeps the element; `play()` comes back at live. */
  pause(): void;
  /** Ends it: connection, buffers, timers. `play()` would begin anew. */
  stop(): void;
  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: (change: ListenChange) => void): () => void;
}
