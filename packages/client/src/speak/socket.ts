/**
 * The stage's signalling socket, kept open: a socket that closes or falls silent is replaced, the first
 * time at once, then with growing waits, for as long as it is wanted. Levels come five times a second,
 * so silence is soon a sign; a ping makes it certain.
 */
import type { FromStage, ToStage } from '@parterre/protocol';
import { SIGNAL_BYTES_MAX } from '@parterre/protocol';
import { retryDelayMs } from '../listen/backoff.ts';

export interface SocketObserver {
  /** Open: `join` has to be said. */
  open(): void;
  message(message: FromStage): void;
  lost(failures: number): void;
  /** Round trip of a ping, ms. */
  roundTrip(ms: number): void;
}

/** Silence after which a ping is sent, and after which the socket is given up, ms. */
const PING_MS = 1_000;
const DEAD_MS = 2_500;
const LOOK_MS = 250;
/**
 * A try that was lost on the way says nothing, so it is given up soon: after a few times what opening
 * took before, within these bounds, ms. TCP itself knocks again only after 1, 3 and 7 s.
 */
const OPEN_MS_MIN = 1_500;
const OPEN_MS_MAX = 8_000;
const OPEN_PATIENCE = 4;
/**
 * A seat waits for its speaker, and speakers are few: the first tries are under half a second apart,
 * further ones under one, later under four. (More failures a minute, and Chromium holds new sockets back.)
 */
const TRIES: readonly { readonly upTo: number; readonly step: number }[] = [
  { upTo: 8, step: 2 },
  { upTo: 40, step: 3 },
  { upTo: Number.POSITIVE_INFINITY, step: 5 },
];

export class StageSocket {
  readonly #url: string;
  readonly #observer: SocketObserver;
  #socket: WebSocket | null = null;
  #wanted = false;
  #failures = 0;
  #heardAtMs = 0;
  #beganAtMs = 0;
  #openMsMax = OPEN_MS_MAX;
  #look: ReturnType<typeof setInterval> | null = null;
  #retry: ReturnType<typeof setTimeout> | null = null;

  constructor(url: string, observer: SocketObserver) {
    this.#url = url;
    this.#observer = observer;
  }

  start(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    this.#look = setInterval(() => this.#watch(), LOOK_MS);
    addEventListener('online', this.#online);
    this.#connect();
  }

  stop(): void {
    this.#wanted = false;
    if (this.#look !== null) clearInterval(this.#look);
    if (this.#retry !== null) clearTimeout(this.#retry);
    removeEventListener('online', this.#online);
    this.#drop();
  }

  /** False when it is not open: signalling that was not said is said anew by the next join. */
  say(message: ToStage): boolean {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify(message);
    if (text.length > SIGNAL_BYTES_MAX) return false;
    this.#socket.send(text);
    return true;
  }

  /** What arrives now counts the connection as a good one. */
  settled(): void {
    this.#failures = 0;
  }

  #connect(): void {
    this.#drop();
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    this.#beganAtMs = performance.now();
    this.#heardAtMs = 0;
    socket.onopen = () => {
      if (socket !== this.#socket) return;
      this.#heardAtMs = performance.now();
      const patienceMs = (this.#heardAtMs - this.#beganAtMs) * OPEN_PATIENCE;
      // The quickest opening counts: one that TCP had to repeat says nothing of the way.
      this.#openMsMax = Math.min(this.#openMsMax, Math.max(OPEN_MS_MIN, patienceMs));
      this.#observer.open();
    };
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#hear(data);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lose();
    };
  }

  #hear(data: unknown): void {
    this.#heardAtMs = performance.now();
    if (typeof data !== 'string') return;
    let message: FromStage;
    try {
      message = JSON.parse(data) as FromStage;
    } catch {
      return;
    }
    if (message.type === 'pong') this.#observer.roundTrip(performance.now() - message.t);
    else this.#observer.message(message);
  }

  #watch(): void {
    const now = performance.now();
    if (this.#socket === null) return;
    if (this.#heardAtMs === 0) {
      if (now - this.#beganAtMs > this.#openMsMax) this.#lose();
      return;
    }
    const silentMs = now - this.#heardAtMs;
    if (silentMs > DEAD_MS) this.#lose();
    else if (silentMs > PING_MS) this.ping();
  }

  ping(): void {
    this.say({ type: 'ping', t: performance.now() });
  }

  #lose(): void {
    this.#drop();
    if (!this.#wanted) return;
    this.#failures++;
    this.#observer.lost(this.#failures);
    if (!this.#wanted) return;
    const { step } = TRIES.find(({ upTo }) => this.#failures <= upTo)!;
    this.#retry = setTimeout(
      () => this.#connect(),
      retryDelayMs(Math.min(this.#failures, step), Math.random()),
    );
  }

  readonly #online = (): void => {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#failures = 0;
    this.#connect();
  };

  #drop(): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }
}
