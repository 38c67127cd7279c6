/**
 * The speaking surface: what `speak()` takes and gives back. A `Speaking` opens the microphone and the
 * stage separately, so that a page can do the sound check before it goes on stage. Every object it
 * shows is immutable and replaced when it changes. Levels are 0 (silent) to 1 (full scale).
 */
import type {
  AudienceErrorCode,
  IceServer,
  Place,
  Role,
  Seat,
  SpaceState,
} from '@parterre/protocol';

/** The browser's voice processing. All on by default; all off for music. */
export interface VoiceProcessing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

export interface SpeakOptions {
  readonly space: string;
  /** The pass that an invitation or the owner gave. */
  readonly pass: string;
  /** Shown to everybody in the space. */
  readonly name: string;
  /** Where the house is served; the page's own origin when left out. */
  readonly base?: string;
  /** The microphone to use; the system's choice when left out. */
  readonly deviceId?: string;
  readonly processing?: Partial<VoiceProcessing>;
  /** Stereo, 96 kbit/s, without voice processing; default false (mono, 48 kbit/s). */
  readonly music?: boolean;
  /** Start muted; default false. */
  readonly muted?: boolean;
  /** Move the seat here when this person is on stage elsewhere; default false. */
  readonly takeOver?: boolean;
  /** What came with the pass, so that the self-test can try them before `join()`. */
  readonly iceServers?: readonly IceServer[];
  /** Keep the screen awake while on stage, where the browser can; default true. */
  readonly wakeLock?: boolean;
  /** Each notable happening, once, for a log. Must not throw. */
  readonly onEvent?: (event: SpeakEvent) => void;
  /** Aborting is the same as `leave()`. */
  readonly signal?: AbortSignal;
}

/** Failures of the page and its devices; those of the house come from the error catalogue. */
export type SpeakFailureCode =
  | AudienceErrorCode
  | 'insecure_context'
  | 'not_supported'
  | 'microphone_denied'
  | 'microphone_missing'
  | 'microphone_busy'
  | 'microphone_failed'
  | 'file_unreadable'
  | 'unreachable'
  | 'media_blocked';

/** What went wrong, in words, and what to do. */
export interface SpeakFailure {
  readonly code: SpeakFailureCode;
  readonly message: string;
  readonly remedy: string;
}

export type SpeakState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting' }
  /** On the stage's roster with sound flowing, in the green room or on air. */
  | { readonly phase: 'connected'; readonly place: Place }
  /** The seat is kept; a new connection is being made. `sinceMs`: on the browser's clock. */
  | { readonly phase: 'reconnecting'; readonly sinceMs: number; readonly attempt: number }
  | { readonly phase: 'left' }
  /** The space is over. */
  | { readonly phase: 'ended' }
  /** `already_on_stage` and `host_seat_taken` may be answered with `takeOver()`. */
  | ({ readonly phase: 'failed' } & SpeakFailure);

export type SpeakPhase = SpeakState['phase'];

export type MicrophoneState =
  | { readonly phase: 'closed' }
  | { readonly phase: 'opening' }
  | {
      readonly phase: 'open';
      readonly deviceId: string;
      readonly label: string;
      readonly processing: VoiceProcessing;
    }
  /** A phone call or another program took it; comes back by itself when it is free. */
  | { readonly phase: 'interrupted'; readonly label: string }
  /** Unplugged or ended. Goes to another microphone by itself when there is one. */
  | ({ readonly phase: 'failed' } & SpeakFailure);

export interface AudioDevice {
  readonly deviceId: string;
  /** Empty until the microphone was allowed once. */
  readonly label: string;
}

/** How well one's own voice gets to the stage. Replaced about once a second while connected. */
export interface SpeakQuality {
  /** A verdict over the last seconds, for one icon. */
  readonly verdict: 'good' | 'fair' | 'poor' | 'unknown';
  readonly roundTripMs: number | null;
  /** Share of packets the stage did not get, 0 to 1. */
  readonly lossShare: number | null;
  readonly jitterMs: number | null;
  readonly bitrateBps: number | null;
  /** How the packets travel. */
  readonly path: 'host' | 'srflx' | 'prflx' | 'relay' | null;
  readonly protocol: 'udp' | 'tcp' | 'tls' | null;
}

export type CheckOutcome = 'ok' | 'failed' | 'not_configured';

/** The connectivity self-test. `advice` is in plain words, most important first; empty when all is well. */
export interface ConnectivityReport {
  /** The browser has a local UDP candidate. */
  readonly udp: CheckOutcome;
  /** A STUN server saw us: UDP leaves this network. */
  readonly stun: CheckOutcome;
  /** A TURN server gave us a relay: works from behind strict firewalls. */
  readonly turn: CheckOutcome;
  /** The stage's WebSocket answers, with its round trip; null when not connected. */
  readonly signallingMs: number | null;
  /** Media really flows to the stage now. */
  readonly media: 'flowing' | 'not_flowing' | 'not_connected';
  readonly verdict: 'ok' | 'limited' | 'blocked';
  readonly advice: readonly string[];
}

/** A few recorded seconds of oneself. */
export interface SoundCheck {
  readonly durationMs: number;
  /** Highest sample, 0 to 1. */
  readonly peak: number;
  /** Loudness of the speech in it (RMS), dBFS. */
  readonly rmsDb: number;
  readonly verdict: 'good' | 'silent' | 'quiet' | 'clipping';
  /** Plays it to oneself alone; resolves when it is over. */
  play(): Promise<void>;
  stop(): void;
}

/** A file playing on air, mixed into one's own stream. */
export interface AirClip {
  readonly name: string;
  readonly durationMs: number;
  readonly positionMs: number;
  readonly playing: boolean;
  /** Resolves when it has ended or was stopped. */
  readonly finished: Promise<void>;
  stop(): void;
}

export type SpeakEvent =
  | { readonly type: 'socket'; readonly state: 'open' | 'lost' }
  | { readonly type: 'peer'; readonly state: RTCPeerConnectionState }
  /** Back on the seat after `tookMs`. */
  | { readonly type: 'recovered'; readonly tookMs: number }
  | {
      readonly type: 'device';
      readonly what: 'unplugged' | 'replaced' | 'interrupted' | 'back';
      readonly label: string;
    }
  | { readonly type: 'refused'; readonly code: string; readonly message: string };

/** What changed, handed to subscribers. `levels` comes often; the others seldom. */
export type SpeakChange =
  | 'state'
  | 'roster'
  | 'levels'
  | 'slots'
  | 'space'
  | 'microphone'
  | 'devices'
  | 'muted'
  | 'quality'
  | 'clip';

/** One person at a stage. Made by `speak()`. */
export interface Speaking {
  readonly state: SpeakState;
  /** Own seat and role, null before `connected`. */
  readonly seat: string | null;
  readonly role: Role | null;
  readonly roster: readonly Seat[];
  /** Loudness by seat, five times a second. */
  readonly levels: Readonly<Record<string, number>>;
  /** Loudness of the whole programme. */
  readonly programmeLevel: number;
  /** Who is in each forward slot. */
  readonly slots: readonly (string | null)[];
  readonly space: { readonly state: SpaceState; readonly liveAtMs: number | null } | null;
  readonly microphone: MicrophoneState;
  /** Own microphone before mute, for a meter: read it in an animation frame. */
  readonly inputLevel: number;
  readonly devices: readonly AudioDevice[];
  readonly muted: boolean;
  /** Muted by a moderator (`silence`); cleared when one unmutes oneself. */
  readonly silenced: boolean;
  readonly quality: SpeakQuality;
  readonly clip: AirClip | null;
  readonly iceServers: readonly IceServer[];
  /** The volume of the other speakers, 0 to 1. */
  volume: number;

  /** Asks for the microphone. Call in a gesture. True when it is open; the reason is in `microphone`. */
  openMicrophone(): Promise<boolean>;
  closeMicrophone(): void;
  /** Changes the microphone or its processing without leaving the stage. */
  useDevice(deviceId: string): Promise<boolean>;
  setProcessing(processing: Partial<VoiceProcessing>): Promise<boolean>;
  /**
   * Goes to the stage, opening the microphone first when it is closed. With `microphone: false` it goes
   * without one: nobody hears this person until `openMicrophone()`, except files on air. Resolves at
   * `connected` or `failed`; never rejects.
   */
  join(options?: { readonly microphone?: boolean }): Promise<void>;
  /** After `already_on_stage` or `host_seat_taken`: joins and moves the seat here. */
  takeOver(): Promise<void>;
  leave(): void;
  setMuted(muted: boolean): void;
  /** Push-to-talk: unmuted between `pressToTalk(true)` and `pressToTalk(false)`. */
  pressToTalk(pressed: boolean): void;
  selfTest(): Promise<ConnectivityReport>;
  /** Records the microphone, 4 s by default, at most 15 s. @throws SpeakError when the microphone is closed. */
  soundCheck(durationMs?: number): Promise<SoundCheck>;
  /** Plays a file or a jingle on air; one at a time, a new one stops the old. @throws SpeakError `file_unreadable` */
  playOnAir(
    file: Blob | ArrayBuffer,
    options?: { readonly name?: string; readonly gainDb?: number },
  ): Promise<AirClip>;
  /** Host and co-hosts: brings a seat on air or back to the green room. */
  place(seat: string, place: Place): void;
  /** Host and co-hosts: mutes a seat. */
  silence(seat: string): void;
  /** Host and co-hosts: removes a seat from the stage. */
  remove(seat: string): void;
  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: (change: SpeakChange) => void): () => void;
}
