/**
 * One tab's own connection to the live lane: a response that never ends, replaced whenever it closes,
 * fails or stalls, from the next sequence that is missing. Invariant: the observer gets each sequence
 * at most once and in ascending order, whatever the connections do. It never gives up by itself; it
 * stops when told to, or when the house refuses with an answer that a retry would not change.
 */
import type { AudienceErrorCode, ProfileId } from '@parterre/protocol';
import { AUDIENCE_ERRORS, PROFILES, profileIn } from '@parterre/protocol';
import type { Place, Queue } from '../waiting/queue.ts';
import { parseRetryAfterMs, retryDelayMs, stallMs } from './backoff.ts';
import { type Fragment, type LiveObserver, LiveReader } from './reader.ts';
import { keepReturn, keptReturn } from './return-token.ts';
import type { System } from './system.ts';

export type LossReason = 'closed' | 'stalled' | 'refused' | 'network' | 'woke';

export type SourceReport =
  | { readonly kind: 'connecting'; readonly failures: number }
  | { readonly kind: 'open'; readonly base: string; readonly fromSeq: number | null }
  | { readonly kind: 'bytes'; readonly count: number }
  | {
      readonly kind: 'lost';
      readonly reason: LossReason;
      readonly detail: string;
      readonly failures: number;
    }
  /** Every place is taken: one stands in line, and goes on by oneself. */
  | { readonly kind: 'queued'; readonly place: Place }
  /** The house said no; the source has stopped. `code` is null when the answer was not from the catalogue. */
  | {
      readonly kind: 'refused';
      readonly code: AudienceErrorCode | null;
      readonly status: number;
      readonly retryAfterMs: number;
    };

export interface SourceObserver extends LiveObserver {
  /** The house's sequence begins again far below what was heard: everything kept is from another time. */
  rewound(): void;
  report(report: SourceReport): void;
}

/** Where chunks come from: an own connection, or another tab's. */
export interface Source {
  /** Begins at `fromSeq`, or at the live edge less the buffer when null. */
  start(fromSeq: number | null): void;
  /** Replaces the connection now, from `fromSeq`; null goes to live. */
  restart(fromSeq: number | null, reason: LossReason): void;
  /** Looks at the connection after the page slept or the network came back. */
  check(): void;
  stop(): void;
}

export interface SourceOptions {
  readonly space: string;
  readonly bases: readonly string[];
  readonly profile: ProfileId | null;
  readonly system: System;
  /** The place in line that one has already. */
  readonly queue?: Queue | undefined;
  /** Opens a seat that is kept. */
  readonly seat?: string | undefined;
}

/** Where the bytes of one connection are read from. */
type Bytes = Pick<ReadableStreamDefaultReader<Uint8Array>, 'read'>;

/** Answers that another try would not change. */
const FINAL: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 409, 410, 414]);
/** A first sequence this far below the expected one is another timeline: more than any log ring holds. */
const REWIND_CHUNKS = 600;
/** A connection that delivered for this long was a good one: failures count from zero again, ms. */
const GOOD_MS = 1_000;
const CONNECT_MS_MIN = 1_500;
const CONNECT_MS_MAX = 10_000;
const STALL_MS_MAX = 10_000;
/** Who comes back and is not let in so often has no place kept any more. */
const RETURN_TRIES_MAX = 10;
const ERROR_BODY_CHARS_MAX = 4_096;
/** A timer this late was held up with the whole page, ms. */
const LATE_MS = 200;
/** How long the page then reads what has come meanwhile, ms. */
const READ_MS = 100;

export class OwnSource implements Source {
  readonly #options: SourceOptions;
  readonly #observer: SourceObserver;
  /** Fetched where there is one to stand in. */
  #queue: Queue | null;
  /** Lets this tab come back without waiting. */
  #token: string | null;
  /** By this a later connection of ours supersedes one before it that does not know yet that it is dead. */
  readonly #session = crypto.getRandomValues(new Uint32Array(4)).join('-');
  #connections = 0;
  #profile: ProfileId;
  /** What the last connection had, to be asked for again; before there was one, what is wished for. */
  #lane: string | null;
  /** The list that was pulled from last, until the live lane is heard again. */
  #list: string | null = null;
  /** Asked instead of the live lane, once. */
  #detour: string | null = null;
  #running = false;
  /** Counts connections; what belongs to an older one is ignored. */
  #attempt = 0;
  #abort: AbortController | null = null;
  #cancelTimer: (() => void) | null = null;
  #next: number | null = null;
  #failures = 0;
  /** Stalls in a row without a chunk between: the bound widens, so that a slow network is not stormed. */
  #stalls = 0;
  #base = 0;
  #openedAtMs: number | null = null;
  #lastByteAtMs = 0;

  constructor(options: SourceOptions, observer: SourceObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#queue = options.queue ?? null;
    this.#token = keptReturn(options.space);
    this.#profile = options.profile ?? 'steady';
    this.#lane = options.profile && `profile=${options.profile}`;
  }

  start(fromSeq: number | null): void {
    this.#running = true;
    this.#next = fromSeq;
    this.#failures = 0;
    this.#connect();
  }

  restart(fromSeq: number | null, reason: LossReason): void {
    if (!this.#running) {
      this.start(fromSeq);
      return;
    }
    this.#next = fromSeq;
    this.#drop();
    this.#observer.report({ kind: 'lost', reason, detail: '', failures: this.#failures });
    this.#connect();
  }

  check(): void {
    if (!this.#running) return;
    const silentMs = this.#options.system.monotonicMs() - this.#lastByteAtMs;
    if (this.#openedAtMs === null || silentMs > this.#stallBoundMs()) {
      this.#failures = 0;
      this.restart(this.#next, 'woke');
    }
  }

  stop(): void {
    this.#running = false;
    this.#drop();
  }

  #drop(): void {
    this.#attempt++;
    this.#openedAtMs = null;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#abort?.abort();
    this.#abort = null;
  }

  #connect(): void {
    this.#drop();
    const attempt = this.#attempt;
    const { bases } = this.#options;
    this.#abort = new AbortController();
    this.#observer.report({ kind: 'connecting', failures: this.#failures });
    const connectMs =
      Math.max(CONNECT_MS_MIN, stallMs(this.#profile) * 2) * 2 ** Math.min(this.#stalls, 3);
    this.#patience(Math.min(CONNECT_MS_MAX, connectMs), () => {
      this.#stalls++;
      this.#lose(attempt, 'stalled', 'no answer');
    });
    const base = bases[this.#base % bases.length]!;
    this.#run(attempt, base, this.#abort.signal).catch((error: unknown) => {
      this.#lose(attempt, 'network', error instanceof Error ? error.message : String(error));
    });
  }

  async #run(attempt: number, base: string, signal: AbortSignal): Promise<void> {
    const list = this.#detour;
    this.#detour = null;
    const response = await this.#options.system.fetch(list ?? this.#url(base), {
      signal,
      cache: 'no-store',
      credentials: 'omit',
    });
    if (attempt !== this.#attempt) return;
    if (!response.ok) return this.#refused(attempt, base, response);
    const { headers, body, url } = response;
    const type = headers.get('content-type') ?? '';
    // A list: the live lane takes nobody more. The same from a cache, until there is room again.
    const pulls = type.includes('mpegurl');
    if (body === null || !(pulls || type.startsWith('audio/mp4')))
      return this.#lose(attempt, 'refused', type);
    this.#list = pulls ? url : null;
    this.#admitted(headers.get('parterre-return'));
    this.#lane = headers.get('parterre-lane');
    this.#profile = profileIn(this.#lane) ?? this.#profile;
    this.#opened(attempt, base);
    const reader = pulls
      ? (await import('./pull.ts')).pull(url, this.#next, this.#options.system, signal)
      : body.getReader();
    await this.#read(attempt, reader);
  }

  #admitted(token: string | null): void {
    this.#token = token;
    this.#queue?.leave();
    if (token !== null) keepReturn(this.#options.space, token);
  }

  #opened(attempt: number, base: string): void {
    const now = this.#options.system.monotonicMs();
    this.#openedAtMs = now;
    this.#lastByteAtMs = now;
    this.#observer.report({ kind: 'open', base, fromSeq: this.#next });
    this.#watch(attempt);
  }

  async #read(attempt: number, body: Bytes): Promise<void> {
    let first = true;
    const reader = new LiveReader({
      init: (bytes, channels) => {
        if (attempt === this.#attempt) this.#observer.init(bytes, channels);
      },
      fragment: (fragment) => {
        if (attempt !== this.#attempt) return;
        if (first) this.#begin(fragment.seq);
        first = false;
        this.#deliver(fragment);
      },
    });
    for (;;) {
      const { done, value } = await body.read();
      if (attempt !== this.#attempt) return;
      if (done) return this.#lose(attempt, 'closed', '');
      this.#lastByteAtMs = this.#options.system.monotonicMs();
      this.#observer.report({ kind: 'bytes', count: value.byteLength });
      reader.push(value);
    }
  }

  #begin(seq: number): void {
    if (this.#next === null || seq >= this.#next - REWIND_CHUNKS) return;
    this.#next = null;
    this.#observer.rewound();
  }

  #deliver(fragment: Fragment): void {
    this.#settle();
    if (this.#next !== null && fragment.seq < this.#next) return;
    this.#next = fragment.seq + 1;
    this.#stalls = 0;
    let { snapshot } = fragment;
    if (snapshot !== null) {
      // It is the same for all; how much this connection buffers is its own, where it was told.
      this.#profile = profileIn(this.#lane) ?? this.#options.profile ?? snapshot.profile;
      snapshot = { ...snapshot, profile: this.#profile };
    }
    this.#observer.fragment({ ...fragment, snapshot });
  }

  #settle(): void {
    const since = this.#openedAtMs;
    if (since !== null && this.#lastByteAtMs - since >= GOOD_MS) this.#failures = 0;
  }

  #url(base: string): string {
    const query: string[] = [];
    if (this.#next !== null) query.push(`from=${this.#next}`);
    if (this.#lane) query.push(this.#lane);
    const { space, seat } = this.#options;
    const ticket = this.#queue?.ticket ?? null;
    if (seat !== undefined) query.push(`pass=${seat}`);
    if (this.#token !== null) query.push(`return=${this.#token}`);
    else if (ticket !== null) query.push(`ticket=${ticket}`);
    query.push(`session=${this.#session}.${this.#connections++}`);
    return `${base}/live/${space}?${query.join('&')}`;
  }

  #stallBoundMs(): number {
    return Math.min(STALL_MS_MAX, stallMs(this.#profile) * 2 ** this.#stalls);
  }

  /** One timer, set again for what is left, rather than one for every read. */
  #watch(attempt: number): void {
    this.#cancelTimer?.();
    const silentMs = this.#options.system.monotonicMs() - this.#lastByteAtMs;
    const leftMs = this.#stallBoundMs() - silentMs;
    this.#patience(Math.max(10, leftMs), () => {
      if (attempt !== this.#attempt) return;
      const boundMs = this.#stallBoundMs();
      if (this.#options.system.monotonicMs() - this.#lastByteAtMs < boundMs)
        return this.#watch(attempt);
      this.#stalls++;
      this.#lose(attempt, 'stalled', `${boundMs} ms`);
    });
  }

  /** Calls `over` after `ms`. A page that was held up reads first, once: it was not the connection that was silent. */
  #patience(ms: number, over: () => void): void {
    const { system } = this.#options;
    const dueAtMs = system.monotonicMs() + ms;
    this.#cancelTimer = system.after(ms, () => {
      if (system.monotonicMs() - dueAtMs <= LATE_MS) return over();
      this.#cancelTimer = system.after(READ_MS, over);
    });
  }

  /** Stands in line until it is one's turn, then comes with the ticket. @param anew with a new place */
  async #wait(base: string, anew: boolean, retryAfterMs = 0): Promise<void> {
    this.#drop();
    this.#token = null;
    const attempt = this.#attempt;
    const { system } = this.#options;
    const queue = await this.#line();
    const { place, turn, againMs } = await queue.look(base, anew);
    if (attempt !== this.#attempt || !this.#running) return;
    this.#observer.report({ kind: 'queued', place });
    const leastMs = retryDelayMs(1, system.random(), retryAfterMs);
    this.#cancelTimer = system.after(Math.max(againMs, turn ? leastMs : 0), () => {
      if (turn) this.#connect();
      else void this.#wait(base, false);
    });
  }

  async #line(): Promise<Queue> {
    const { space, system } = this.#options;
    this.#queue ??= new (await import('../waiting/queue.ts')).Queue(space, system);
    this.#queue.changed = (place) => this.#observer.report({ kind: 'queued', place });
    return this.#queue;
  }

  async #refused(attempt: number, base: string, response: Response): Promise<void> {
    const retryAfterMs = parseRetryAfterMs(
      response.headers.get('retry-after'),
      this.#options.system.wallMs(),
    );
    const code = await errorCode(response);
    if (attempt !== this.#attempt) return;
    // There was room, and others were quicker: who hears goes on where they were.
    if (code === 'waiting' && this.#list !== null) {
      this.#detour = this.#list;
      return this.#connect();
    }
    const queues = this.#token === null || this.#failures >= RETURN_TRIES_MAX;
    if (code === 'ticket_invalid' || (code === 'waiting' && queues))
      return this.#wait(base, code === 'ticket_invalid', retryAfterMs).catch(() => {
        this.#lose(this.#attempt, 'refused', 'waiting', retryAfterMs);
      });
    if (FINAL.has(response.status)) {
      this.stop();
      this.#observer.report({ kind: 'refused', code, status: response.status, retryAfterMs });
      // Who comes before doors takes part in their lottery.
      if (code === 'not_open')
        await this.#line().then(
          (queue) => queue.look(base, false),
          () => {},
        );
      return;
    }
    this.#lose(attempt, 'refused', code ?? `status ${response.status}`, retryAfterMs);
  }

  #lose(attempt: number, reason: LossReason, detail: string, retryAfterMs = 0): void {
    if (attempt !== this.#attempt || !this.#running) return;
    const openedAtMs = this.#openedAtMs;
    this.#drop();
    const { system } = this.#options;
    const good = openedAtMs !== null && this.#lastByteAtMs - openedAtMs >= GOOD_MS;
    this.#failures = good ? 1 : this.#failures + 1;
    this.#base++;
    this.#observer.report({ kind: 'lost', reason, detail, failures: this.#failures });
    if (!this.#running || this.#attempt !== attempt + 1) return;
    // After a flush the whole buffer lies ahead; what has passed since then was played.
    const aheadMs = PROFILES[this.#profile].bufferMs - (system.monotonicMs() - this.#lastByteAtMs);
    const delayMs = retryDelayMs(this.#failures, system.random(), retryAfterMs, aheadMs);
    this.#cancelTimer = system.after(delayMs, () => this.#connect());
  }
}

/** The catalogue's code in an error answer; null when there is none. */
async function errorCode(response: Response): Promise<AudienceErrorCode | null> {
  try {
    const text = await response.text();
    if (text.length > ERROR_BODY_CHARS_MAX) return null;
    const body = JSON.parse(text) as { error?: { code?: unknown } } | null;
    const code = body?.error?.code;
    return typeof code === 'string' && Object.hasOwn(AUDIENCE_ERRORS, code)
      ? (code as AudienceErrorCode)
      : null;
  } catch {
    return null;
  }
}
