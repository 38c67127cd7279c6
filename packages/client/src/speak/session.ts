/**
 * One seat on the stage: signalling socket and peer connection, and their recovery. Whatever is lost is
 * replaced on the same seat without asking: the socket joins again with its resume token and is offered
 * a new peer connection; a peer connection that fails, or stays disconnected, asks for a new one.
 */
import type { FromStage, IceServer, ToStage } from '@parterre/protocol';
import { keepResumeToken, resumeToken } from './identity.ts';
import { StagePeer } from './peer.ts';
import { StageSocket } from './socket.ts';
import type { SpeakEvent } from './types.ts';

export interface SessionOptions {
  readonly base: string;
  readonly space: string;
  readonly pass: string;
  readonly name: string;
  readonly music: boolean;
  readonly iceServers: readonly IceServer[];
}

export type Welcome = Extract<FromStage, { type: 'welcome' }>;

export interface SessionObserver {
  welcome(welcome: Welcome): void;
  /** Everything of the stage that is not about the connection. */
  message(message: FromStage): void;
  /** Sound flows; `tookMs` since it was lost, null the first time. */
  flowing(tookMs: number | null): void;
  /** Something is lost and being replaced. */
  recovering(sinceMs: number, attempt: number): void;
  /** It will not work: `unreachable`, `media_blocked`, or the stage's own refusal. */
  over(code: string, message: string): void;
  event(event: SpeakEvent): void;
}

/** A connection that stays disconnected this long is replaced, ms. */
const DISCONNECTED_MS = 1_000;
/** A new connection that does not connect in this time is replaced, ms. */
const CONNECTING_MS = 6_000;
/** Tries before the first success: with them used up, the person is told. */
const FIRST_SOCKETS_MAX = 12;
const FIRST_PEERS_MAX = 3;

export class Session {
  readonly peer: StagePeer;
  readonly #options: SessionOptions;
  readonly #observer: SessionObserver;
  readonly #socket: StageSocket;
  #clientId = '';
  #takeOver = false;
  #iceServers: readonly IceServer[];
  #welcomed = false;
  #flowed = false;
  #running = false;
  #lostAtMs: number | null = null;
  #attempts = 0;
  #roundTripMs: number | null = null;
  #peerTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(options: SessionOptions, observer: SessionObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#iceServers = options.iceServers;
    this.peer = new StagePeer(options.music, {
      say: (message) => void this.say(message),
      state: (state) => this.#peerState(state),
      broken: () => this.#renewPeer(0),
    });
    const url = new URL(`${options.base}/stage/${options.space}`);
    url.protocol = url.protocol === 'http:' ? 'ws:' : 'wss:';
    url.searchParams.set('pass', options.pass);
    this.#socket = new StageSocket(url.href, {
      open: () => this.#join(),
      message: (message) => this.#hear(message),
      lost: (failures) => this.#socketLost(failures),
      roundTrip: (ms) => {
        this.#roundTripMs = Math.round(ms);
      },
    });
  }

  get iceServers(): readonly IceServer[] {
    return this.#iceServers;
  }

  get roundTripMs(): number | null {
    return this.#roundTripMs;
  }

  start(clientId: string, takeOver: boolean): void {
    this.#clientId = clientId;
    this.#takeOver = takeOver;
    this.#running = true;
    this.#welcomed = false;
    this.#flowed = false;
    this.#lostAtMs = null;
    this.#attempts = 0;
    this.#socket.start();
  }

  say(message: ToStage): boolean {
    return this.#socket.say(message);
  }

  /** Gives the seat up. */
  leave(): void {
    this.say({ type: 'leave' });
    keepResumeToken(this.#options.space, null);
    this.stop();
  }

  stop(): void {
    this.#running = false;
    this.#setPeerTimer(null, 0);
    this.#socket.stop();
    this.peer.close();
  }

  #join(): void {
    const { name, space } = this.#options;
    const resume = resumeToken(space);
    this.#observer.event({ type: 'socket', state: 'open' });
    this.say({
      type: 'join',
      name,
      clientId: this.#clientId,
      ...(resume === null ? {} : { resume }),
      ...(this.#takeOver ? { takeOver: true } : {}),
    });
    this.#socket.ping();
  }

  #hear(message: FromStage): void {
    if (message.type === 'welcome') this.#welcome(message);
    else if (message.type === 'offer') this.#offered(message.offerId, message.sdp);
    else if (message.type === 'candidate') {
      this.peer.candidate(message.offerId, message.candidate, message.mid);
    } else if (message.type === 'error') this.#refused(message);
    else this.#observer.message(message);
  }

  #welcome(welcome: Welcome): void {
    this.#welcomed = true;
    // Taking over happens once; after that the seat is this one's to resume.
    this.#takeOver = false;
    this.#iceServers = welcome.iceServers;
    this.#socket.settled();
    keepResumeToken(this.#options.space, welcome.resume);
    this.#observer.welcome(welcome);
  }

  #offered(offerId: number, sdp: string): void {
    this.#attempts++;
    this.peer.offered(offerId, sdp, this.#iceServers);
    this.#setPeerTimer(() => this.#peerFailed(), CONNECTING_MS);
  }

  #peerState(state: RTCPeerConnectionState): void {
    this.#observer.event({ type: 'peer', state });
    if (state === 'connected') this.#flows();
    else if (state === 'failed') this.#peerFailed();
    else if (state === 'disconnected') {
      this.#setPeerTimer(() => this.#renewPeer(0), DISCONNECTED_MS);
    }
  }

  #flows(): void {
    this.#setPeerTimer(null, 0);
    const tookMs = this.#lostAtMs === null ? null : Math.round(performance.now() - this.#lostAtMs);
    this.#flowed = true;
    this.#lostAtMs = null;
    this.#attempts = 0;
    if (tookMs !== null) this.#observer.event({ type: 'recovered', tookMs });
    this.#observer.flowing(tookMs);
  }

  #peerFailed(): void {
    if (!this.#flowed && this.#attempts >= FIRST_PEERS_MAX) {
      this.stop();
      this.#observer.over('media_blocked', '');
      return;
    }
    this.#renewPeer(0);
  }

  /** Asks for a new offer; when the socket is down, its return brings one. */
  #renewPeer(delayMs: number): void {
    if (!this.#running) return;
    this.#recovering();
    this.#setPeerTimer(() => {
      this.say({ type: 'reconnect' });
      this.#setPeerTimer(() => this.#peerFailed(), CONNECTING_MS);
    }, delayMs);
  }

  #socketLost(failures: number): void {
    this.#observer.event({ type: 'socket', state: 'lost' });
    if (!this.#welcomed && failures >= FIRST_SOCKETS_MAX) {
      this.stop();
      this.#observer.over('unreachable', '');
      return;
    }
    if (this.#welcomed) this.#recovering();
  }

  #recovering(): void {
    this.#lostAtMs ??= performance.now();
    this.#observer.recovering(this.#lostAtMs, this.#attempts);
  }

  #refused({ code, message, final }: Extract<FromStage, { type: 'error' }>): void {
    this.#observer.event({ type: 'refused', code, message });
    if (!final) return;
    // A resume token that is no longer good must not keep the next try from a new seat.
    keepResumeToken(this.#options.space, null);
    this.stop();
    this.#observer.over(code, message);
  }

  #setPeerTimer(fire: (() => void) | null, delayMs: number): void {
    if (this.#peerTimer !== null) clearTimeout(this.#peerTimer);
    this.#peerTimer = fire === null ? null : setTimeout(fire, delayMs);
  }
}
