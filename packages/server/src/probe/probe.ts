/**
 * A headless listener. It joins as a player does, checks every fragment, and when its connection breaks
 * goes on at the next sequence, at once the first time and then with growing pauses. It gives up when
 * the server says that there is nothing to hear; a server that is away it asks again until its time is up.
 */
import { type ClientRequest, get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import {
  createOpusDecoder,
  FragmentReader,
  type LivePart,
  type OpusDecoder,
} from '@parterre/media';
import { type ErrorBody, LANE_HEADER, PROFILES, profileIn } from '@parterre/protocol';
import type { Clock, Timers } from '../ports/clock.ts';
import { Examination } from './examination.ts';
import type { ProbeReport } from './report.ts';

export interface ProbeOptions {
  /** A space's page (`https://host/space`) or its live lane (`https://host/live/space`). */
  readonly url: string;
  readonly seconds: number;
  readonly signal?: AbortSignal;
  readonly clock: Clock;
  readonly timers: Timers;
}

const PAUSE_MS_MIN = 100;
const PAUSE_MS_MAX = 2_000;
/** A connection that says nothing for this long is taken for dead, as a player's watchdog does. */
const SILENCE_MS_MAX = 5_000;
const REFUSAL_BYTES_MAX = 65_536;
/** Codes after which asking again is no use. */
const FINAL_STATUSES: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 414]);

/** @returns the live lane of the space that `url` names. @throws TypeError when it names none */
export function liveUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null)
    throw new TypeError(`The address must be one such as https://host/space, got "${url}"`);
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw new TypeError(`The address must begin with http:// or https://, got ${url}`);
  }
  const words = parsed.pathname.split('/').filter((word) => word !== '');
  const space =
    words.length === 2 && words[0] === 'live'
      ? words[1]
      : words.length === 1
        ? words[0]
        : undefined;
  if (space === undefined)
    throw new TypeError(`The address must name a space, such as https://host/space, got ${url}`);
  parsed.pathname = `/live/${space}`;
  parsed.hash = '';
  return parsed;
}

/** Listens for `seconds`, or until the signal. @throws TypeError for an address without a space */
export async function probe(options: ProbeOptions): Promise<ProbeReport> {
  const listener = new Listener(liveUrl(options.url), options);
  return listener.run();
}

class Listener {
  readonly #url: URL;
  readonly #options: ProbeOptions;
  readonly #examination = new Examination();
  readonly #startedMs: number;
  readonly #stop = new AbortController();
  #refusal: ProbeReport['refusal'] = null;
  /** What the last connection had, to be asked for again, and what lets it come back. */
  #given: { readonly lane: string | null; readonly pass: string | null } = {
    lane: null,
    pass: null,
  };
  #decoder: OpusDecoder | null = null;
  #joinMs: number | null = null;
  #connections = 0;
  #bytes = 0;
  #lastByteMs: number | null = null;
  #longestWaitMs = 0;
  #ended = false;

  constructor(url: URL, options: ProbeOptions) {
    this.#url = url;
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  async run(): Promise<ProbeReport> {
    const { seconds, signal, timers } = this.#options;
    const stop = (): void => this.#stop.abort();
    const time = timers.after(seconds * 1_000, stop);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    let pauseMs = 0;
    while (!this.#stop.signal.aborted && !this.#over) {
      const fragmentsBefore = this.#examination.fragments;
      await this.#connection();
      if (this.#over) break;
      const heard = this.#examination.fragments > fragmentsBefore;
      pauseMs = heard ? 0 : Math.min(PAUSE_MS_MAX, Math.max(PAUSE_MS_MIN, pauseMs * 2));
      await this.#pause(pauseMs);
    }
    time.cancel();
    signal?.removeEventListener('abort', stop);
    this.#decoder?.free();
    return this.#report();
  }

  /** A connection with a longer flush is silent for longer. */
  get #silenceMsMax(): number {
    const profile = profileIn(this.#given.lane) ?? 'steady';
    return Math.max(SILENCE_MS_MAX, PROFILES[profile].flushMsMax * 1.5);
  }

  /** There is nothing more to hear. */
  get #over(): boolean {
    return this.#ended || (this.#refusal !== null && FINAL_STATUSES.has(this.#refusal.status));
  }

  #pause(ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#options.timers.after(ms, done);
      signal.addEventListener('abort', done);
    });
  }

  /** One connection from request to end; resolves however it ends. */
  async #connection(): Promise<void> {
    const { nextSeq } = this.#examination;
    const url = new URL(this.#url);
    if (nextSeq !== null) url.searchParams.set('from', String(nextSeq));
    for (const [name, value] of new URLSearchParams(this.#given.lane ?? ''))
      url.searchParams.set(name, value);
    if (this.#given.pass !== null) url.searchParams.set('return', this.#given.pass);
    this.#connections++;
    const response = await this.#ask(url);
    if (response === null) return;
    if (response.statusCode !== 200) {
      await this.#refused(response);
      return;
    }
    this.#refusal = null;
    const { [LANE_HEADER]: lane = null, 'parterre-return': pass = null } = response.headers;
    this.#given = { lane: lane as string | null, pass: pass as string | null };
    await this.#listen(response);
  }

  #ask(url: URL): Promise<IncomingMessage | null> {
    const { signal } = this.#stop;
    if (signal.aborted) return Promise.resolve(null);
    return new Promise((resolve) => {
      const get = url.protocol === 'https:' ? httpsGet : httpGet;
      const request: ClientRequest = get(url, {
        agent: false,
        signal,
        timeout: this.#silenceMsMax,
      });
      request.on('response', resolve);
      request.on('timeout', () => request.destroy());
      request.on('error', () => resolve(null));
    });
  }

  async #refused(response: IncomingMessage): Promise<void> {
    let text = '';
    try {
      for await (const bytes of response) {
        text += String(bytes);
        if (text.length > REFUSAL_BYTES_MAX) break;
      }
    } catch {
      return; // broken off: asked again
    }
    const status = response.statusCode ?? 0;
    // A space that ended while the connection was away ended properly.
    if (status === 410 && this.#examination.fragments > 0) {
      this.#ended = true;
      this.#refusal = null;
      return;
    }
    this.#refusal = { status, ...refusalIn(text) };
  }

  async #listen(response: IncomingMessage): Promise<void> {
    const reader = new FragmentReader();
    let openedMs: number | null = null;
    try {
      for await (const bytes of response as AsyncIterable<Uint8Array>) {
        const nowMs = this.#options.clock.monotonicMs();
        openedMs ??= nowMs;
        this.#heard(bytes.length, nowMs);
        for (const part of reader.push(bytes)) await this.#take(part, nowMs, openedMs);
      }
    } catch {
      return; // broken off: the next connection goes on where this one stopped
    }
  }

  #heard(bytes: number, nowMs: number): void {
    this.#bytes += bytes;
    if (this.#lastByteMs !== null) {
      this.#longestWaitMs = Math.max(this.#longestWaitMs, nowMs - this.#lastByteMs);
    }
    this.#lastByteMs = nowMs;
  }

  async #take(part: LivePart, monotonicMs: number, openedMs: number): Promise<void> {
    if (part.kind === 'error') {
      this.#examination.fault(this.#examination.nextSeq, part.error.message);
      return;
    }
    if (part.kind === 'init') {
      if (this.#decoder !== null && this.#decoder.channels !== part.channels) {
        this.#examination.fault(null, `has ${part.channels} channels after a reconnection`);
      }
      this.#decoder ??= await createOpusDecoder(part.channels);
      return;
    }
    this.#joinMs ??= monotonicMs - this.#startedMs;
    const wallMs = this.#options.clock.wallMs() - (this.#options.clock.monotonicMs() - monotonicMs);
    this.#examination.fragment(part, this.#decoder!, { wallMs, monotonicMs, openedMs });
    if (part.snapshot !== null && stateIn(part.snapshot) === 'ended') this.#ended = true;
  }

  #report(): ProbeReport {
    const { fragments, gaps, gapCount, faults, faultCount, firstSeq, nextSeq } = this.#examination;
    const nowMs = this.#options.clock.monotonicMs();
    const silentMs = this.#lastByteMs === null ? 0 : nowMs - this.#lastByteMs;
    const onAir = this.#ended || silentMs < this.#silenceMsMax;
    return {
      ok: fragments > 0 && gapCount === 0 && faultCount === 0 && onAir && this.#refusal === null,
      url: this.#url.href,
      refusal: this.#refusal,
      joinMs: this.#joinMs,
      listenedMs: this.#joinMs === null ? 0 : nowMs - this.#startedMs - this.#joinMs,
      connections: this.#connections,
      fragments,
      firstSeq,
      nextSeq,
      gaps,
      gapCount,
      faults,
      faultCount,
      decodedFrames: this.#examination.decodedFrames,
      snapshots: this.#examination.snapshots,
      epoch: this.#examination.epoch,
      bytes: this.#bytes,
      lane: this.#given.lane,
      latency: this.#examination.latency(),
      longestWaitMs: Math.max(this.#longestWaitMs, this.#ended ? 0 : silentMs),
      starvedMs: this.#examination.starvedMs,
      ended: this.#ended,
    };
  }
}

function refusalIn(text: string): { code: string; message: string } {
  try {
    const { error } = JSON.parse(text) as ErrorBody;
    return { code: error.code, message: error.message };
  } catch {
    return { code: 'unknown', message: text.slice(0, 200) };
  }
}

function stateIn(snapshot: Uint8Array): unknown {
  try {
    return (JSON.parse(new TextDecoder().decode(snapshot)) as { state?: unknown }).state;
  } catch {
    return null;
  }
}
