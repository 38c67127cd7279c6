/**
 * The listener: ties source, engine and playhead to one element and tells the page what is the case. One
 * of each at a time; what comes late from a replaced one is ignored. It never gives up while the space
 * lives, never asks for a microphone, and never replaces the element.
 */
import { CHUNK_MS, ERRORS, PROFILES, type PublicSpace, type Snapshot } from '@parterre/protocol';
import { retryDelayMs } from './backoff.ts';
import type { Engine } from './engine.ts';
import { askHouse } from './house.ts';
import { watchLifecycle } from './lifecycle.ts';
import { type MediaCard, openMediaCard } from './media-session.ts';
import { MseEngine, mseHasOpus } from './mse.ts';
import { Playhead, type Reading, TICK_MS } from './playhead.ts';
import { rateBands } from './rate.ts';
import type { Fragment } from './reader.ts';
import { openSource } from './share.ts';
import type { Source, SourceReport } from './source.ts';
import { type Facts, sameState, stateOf } from './state.ts';
import { browserSystem, type System } from './system.ts';
import { Timeline } from './timeline.ts';
import type {
  ListenChange,
  ListenEvent,
  ListenFailureCode,
  Listening,
  ListenOptions,
  ListenState,
  ListenStats,
} from './types.ts';

/** Engines made anew in a row before that is a failure. */
const REBUILDS_MAX = 5;
/** Doors are asked for at least this often, ms: a start may be moved. */
const DOORS_MS_MAX = 60_000;
/** When doors open everybody waits for them: the crowd is spread over this, ms. */
const DOORS_SPREAD_MS = 1_500;
/** A tick that comes this late was not throttled, the machine slept, ms. */
const SLEPT_MS = 5_000;

const LOCAL_WORDS = {
  not_supported: {
    message: 'This browser cannot play the programme.',
    remedy: 'Use a current Chrome, Edge, Firefox or Safari, or the radio address in a radio app.',
  },
  media_error: {
    message: 'The browser stopped playing and could not be made to go on.',
    remedy: 'Reload the page.',
  },
} as const;

type Counts = {
  -readonly [Name in 'gaps' | 'stalls' | 'reconnects' | 'skipped' | 'bytes']: number;
};
const NO_COUNTS: Counts = { gaps: 0, stalls: 0, reconnects: 0, skipped: 0, bytes: 0 };

export class Player implements Listening {
  readonly element: HTMLAudioElement;
  readonly #options: ListenOptions;
  readonly #bases: readonly string[];
  readonly #system: System;
  readonly #source: Source;
  readonly #playhead: Playhead;
  readonly #timeline = new Timeline();
  readonly #listeners = new Set<(change: ListenChange) => void>();
  readonly #byWasm: boolean;
  #wasm: typeof import('./wasm.ts') | null = null;
  #engine: Engine | null = null;
  #init: { readonly bytes: Uint8Array<ArrayBuffer>; readonly channels: 1 | 2 } | null = null;
  #facts: Facts = FACTS_AT_REST;
  #state: ListenState = { phase: 'idle' };
  #counts: Counts = { ...NO_COUNTS };
  #stats: ListenStats;
  #reading: Reading | null = null;
  #connection: 'own' | 'shared' | null = null;
  #next: number | null = null;
  /** After a skip or a resume: the next chunk that arrives is where the ear goes. */
  #jump = false;
  /** No more will come: the buffer plays out. */
  #final = false;
  #rebuilds = 0;
  #offsetMs: number | null = null;
  #space: PublicSpace | null = null;
  #tickedAt = { wallMs: 0, positionMs: 0 };
  #cancelTick: (() => void) | null = null;
  #cancelRetry: (() => void) | null = null;
  #retries = 0;
  #unwatch: (() => void) | null = null;
  #card: MediaCard | null = null;
  #settled: { promise: Promise<void>; resolve: () => void } | null = null;

  constructor(options: ListenOptions, system: System = browserSystem) {
    this.#options = options;
    this.#system = system;
    this.#bases = basesOf(options);
    this.element = options.element ?? document.createElement('audio');
    this.#stats = this.#measure();
    this.#playhead = new Playhead({
      gap: (fromSeq, toSeq) => this.#count('gaps', 1, { type: 'gap', fromSeq, toSeq }),
      stall: (seq) => this.#count('stalls', 1, { type: 'stall', seq }),
      skip: (fromSeq, toSeq) =>
        this.#count('skipped', Math.max(0, toSeq - fromSeq), { type: 'skip', fromSeq, toSeq }),
    });
    const source = {
      space: options.space,
      bases: this.#bases,
      profile: options.profile ?? null,
      system,
      share: options.share ?? true,
      led: (leads: boolean) => this.#led(leads),
    };
    this.#source = openSource(source, {
      init: (bytes, channels) => {
        this.#init = { bytes, channels };
        this.#engine?.init(bytes, channels);
      },
      fragment: (fragment) => this.#arrived(fragment),
      rewound: () => this.#rewound(),
      report: (report) => this.#reported(report),
    });
    this.element.addEventListener('pause', () => this.#paused());
    this.element.addEventListener('play', () => this.#played());
    this.element.addEventListener('volumechange', () => this.#tell('volume'));
    this.element.addEventListener('error', () => {
      if (this.#engine !== null) this.#rebuild(this.element.error?.message ?? 'element error');
    });
    this.#byWasm = options.engine === 'wasm' || !mseHasOpus();
    if (this.#byWasm) void this.#fetchEngine();
    options.signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  get state(): ListenState {
    return this.#state;
  }

  get snapshot(): Snapshot | null {
    return this.#timeline.snapshot;
  }

  get stats(): ListenStats {
    return this.#stats;
  }

  get programmeMs(): number | null {
    return this.#reading === null ? null : (this.#engine?.positionMs ?? null);
  }

  get serverNowMs(): number {
    return this.#system.wallMs() + (this.#offsetMs ?? 0);
  }

  get volume(): number {
    return this.element.volume;
  }

  set volume(volume: number) {
    this.element.volume = Math.max(0, Math.min(1, volume));
  }

  get muted(): boolean {
    return this.element.muted;
  }

  set muted(muted: boolean) {
    this.element.muted = muted;
  }

  subscribe(listener: (change: ListenChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  play(): Promise<void> {
    if (this.#options.signal?.aborted) return Promise.resolve();
    if (this.#settled === null) this.#settled = Promise.withResolvers<void>();
    const { promise } = this.#settled;
    const { wanted, paused, standing } = this.#facts;
    const goesOn = this.#engine !== null && wanted && paused === null && standing === null;
    if (!goesOn) this.#begin();
    if (this.#engine !== null) this.#start(this.#engine);
    this.#refresh();
    return promise;
  }

  pause(): void {
    if (!this.#facts.wanted || this.#facts.standing !== null) return;
    this.#rest('listener');
    this.#engine?.pause();
  }

  stop(): void {
    this.#facts = FACTS_AT_REST;
    this.#halt();
    this.#unwatch?.();
    this.#unwatch = null;
    this.#card?.clear();
    this.#card = null;
    this.#closeEngine();
    this.#refresh();
  }

  /** From rest, from a pause or from a standing state: at live, in the same element. */
  #begin(): void {
    this.#halt();
    this.#facts = { ...FACTS_AT_REST, wanted: true };
    if (this.#engine === null && !this.#openEngine()) {
      void this.#fetchEngine();
      return;
    }
    this.#engine?.flush();
    this.#unwatch ??= watchLifecycle({
      leave: () => this.#source.stop(),
      comeBack: () => this.#comeBack(),
      look: () => this.#look(),
    });
    if (this.#options.mediaSession ?? true) {
      this.#card ??= openMediaCard({
        play: () => void this.play(),
        pause: () => this.pause(),
        stop: () => this.stop(),
      });
    }
    this.#source.start(null);
    this.#tickSoon(TICK_MS);
    void this.#ask();
  }

  /** Nothing runs after this; facts, engine and element stay. */
  #halt(): void {
    this.#source.stop();
    this.#cancelTick?.();
    this.#cancelTick = null;
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#playhead.forget();
    this.#timeline.forget();
    this.#next = null;
    this.#jump = false;
    this.#final = false;
    this.#reading = null;
  }

  #openEngine(): boolean {
    const observer = {
      broken: (detail: string) => this.#rebuild(detail),
      dropped: (fromSeq: number, toSeq: number) =>
        this.#count('skipped', toSeq - fromSeq, { type: 'skip', fromSeq, toSeq }),
    };
    if (!this.#byWasm) this.#engine = new MseEngine(this.element, observer);
    else if (this.#wasm !== null) this.#engine = new this.#wasm.WasmEngine(this.element, observer);
    if (this.#init !== null) this.#engine?.init(this.#init.bytes, this.#init.channels);
    return this.#engine !== null;
  }

  /** The chunk with the WebAssembly way; begun early, so that a gesture finds it there. */
  async #fetchEngine(): Promise<void> {
    const wish = this.#options.engine ?? 'auto';
    const module = wish === 'mse' ? null : await import('./wasm.ts').catch(() => null);
    if (module?.wasmHasOpus()) this.#wasm = module;
    if (!this.#facts.wanted || this.#engine !== null) return;
    if (this.#wasm === null) this.#fail('not_supported');
    else void this.play();
  }

  #closeEngine(): void {
    const engine = this.#engine;
    this.#engine = null;
    engine?.close();
  }

  #start(engine: Engine): void {
    engine.play().catch((error: unknown) => {
      if (engine !== this.#engine || !this.#facts.wanted) return;
      if ((error as Error).name === 'NotAllowedError') this.#rest('autoplay');
    });
  }

  /** The engine broke: a new one in the same element, at live. */
  #rebuild(detail: string): void {
    if (this.#engine === null) return;
    this.#closeEngine();
    this.#rebuilds++;
    if (this.#rebuilds > REBUILDS_MAX) {
      this.#fail('media_error');
      return;
    }
    this.#options.onEvent?.({ type: 'rebuilt', detail });
    this.#playhead.forget();
    this.#timeline.forget();
    this.#next = null;
    if (!this.#openEngine() || this.#engine === null) return;
    this.#start(this.#engine);
    this.#source.restart(null, 'network');
  }

  #arrived(fragment: Fragment): void {
    if (this.#engine === null) return;
    const { seq } = fragment;
    if (this.#jump) {
      this.#jump = false;
      this.#playhead.jumpTo(seq);
    }
    this.#next = seq + 1;
    this.#retries = 0;
    this.#playhead.arrived(seq, this.#system.monotonicMs());
    this.#timeline.arrived(seq, fragment.capturedAtMs, fragment.snapshot);
    this.#engine.append(fragment);
    if (!this.#facts.connected) this.#know({ connected: true, failures: 0 });
  }

  #rewound(): void {
    this.#playhead.forget();
    this.#timeline.forget();
    this.#engine?.flush();
    this.#next = null;
  }

  #reported(report: SourceReport): void {
    if (!this.#facts.wanted) return;
    if (report.kind === 'bytes') {
      this.#counts.bytes += report.count;
    } else if (report.kind === 'open') {
      this.#options.onEvent?.({ type: 'connected', base: report.base, fromSeq: report.fromSeq });
      if (this.#facts.standing !== null) this.#know({ standing: null });
    } else if (report.kind === 'lost') {
      const { reason, detail, failures } = report;
      this.#count('reconnects', 1, { type: 'lost', reason, detail });
      this.#know({ connected: false, failures });
      if (reason === 'woke') void this.#ask();
    } else if (report.kind === 'refused') {
      this.#refused(report);
    }
  }

  #refused({ code, status, retryAfterMs }: Extract<SourceReport, { kind: 'refused' }>): void {
    this.#know({ connected: false });
    const known = code ?? (status === 404 ? 'unknown_space' : 'bad_request');
    if (known === 'ended') {
      this.#final = true;
      if (!this.#facts.heard || this.#facts.starved) void this.#end();
    } else if (known === 'not_open') {
      void this.#waitForDoors(retryAfterMs);
    } else if (this.#facts.heard) {
      // It played a moment ago: an edge that does not know the space yet, or a timeline that began anew.
      this.#next = status === 400 ? null : this.#next;
      this.#later(retryDelayMs(++this.#retries + 1, this.#system.random(), retryAfterMs));
    } else {
      this.#fail(known);
    }
  }

  #later(delayMs: number): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#system.after(delayMs, () => {
      this.#jump = this.#next === null && this.#facts.heard;
      this.#source.start(this.#next);
    });
  }

  async #waitForDoors(retryAfterMs: number): Promise<void> {
    const space = await this.#ask();
    if (!this.#facts.wanted || this.#facts.paused !== null || this.#facts.connected) return;
    const nowMs = this.serverNowMs;
    const doorsAtMs = space?.doorsAtMs ?? nowMs + Math.max(1_000, retryAfterMs);
    const startsAtMs = space?.startsAtMs ?? null;
    this.#know({ standing: { phase: 'waiting', startsAtMs, doorsAtMs, space } });
    const untilMs = Math.min(DOORS_MS_MAX, Math.max(500, doorsAtMs - nowMs));
    this.#later(untilMs + this.#system.random() * DOORS_SPREAD_MS);
  }

  async #end(): Promise<void> {
    this.#halt();
    this.#know({ standing: { phase: 'ended', replayReady: this.#space?.replayReady ?? false } });
    this.#engine?.pause();
    const space = await this.#ask();
    if (space?.replayReady && this.#facts.standing?.phase === 'ended') {
      this.#know({ standing: { phase: 'ended', replayReady: true } });
    }
  }

  #fail(code: ListenFailureCode): void {
    const { message, remedy } =
      code === 'not_supported' || code === 'media_error' ? LOCAL_WORDS[code] : ERRORS[code];
    this.#halt();
    this.#closeEngine();
    this.#know({ standing: { phase: 'failed', code, message, remedy } });
  }

  /** Asks the house about the space and for the time; null when it does not answer. */
  async #ask(): Promise<PublicSpace | null> {
    const answer = await askHouse(this.#bases, this.#options.space, this.#system);
    if (answer === null) return null;
    this.#space = answer.space;
    if (answer.offsetMs !== null) this.#offsetMs = answer.offsetMs;
    this.#showCard();
    return answer.space;
  }

  #paused(): void {
    const { wanted, paused, standing } = this.#facts;
    if (!this.element.paused || !wanted || paused !== null || standing !== null) return;
    if (this.#engine !== null) this.#rest('system');
  }

  /** Somebody else started the element again: the end of a call, the controls of the element itself. */
  #played(): void {
    if (this.#facts.paused === 'system' || this.#facts.paused === 'listener') void this.play();
  }

  #rest(reason: 'listener' | 'autoplay' | 'system'): void {
    this.#halt();
    this.#know({ paused: reason, connected: false, heard: false });
  }

  #comeBack(): void {
    if (
      !this.#facts.wanted ||
      this.#facts.paused !== null ||
      this.#facts.standing?.phase === 'ended'
    )
      return;
    this.#begin();
    if (this.#engine !== null) this.#start(this.#engine);
  }

  #look(): void {
    const { wanted, paused, standing } = this.#facts;
    if (!wanted || paused !== null) return;
    if (standing?.phase === 'waiting') this.#later(this.#system.random() * DOORS_SPREAD_MS);
    else if (standing === null) this.#tick();
  }

  #tickSoon(delayMs: number): void {
    this.#cancelTick?.();
    this.#cancelTick = this.#system.after(delayMs, () => this.#tick());
  }

  #tick(): void {
    const engine = this.#engine;
    if (engine === null || !this.#facts.wanted) return;
    this.#tickSoon(TICK_MS);
    if (this.#facts.standing !== null || this.#facts.paused !== null) return;
    const reading = this.#playhead.look(
      engine,
      this.#system.monotonicMs(),
      this.#targetMs,
      this.#final,
    );
    this.#reading = reading;
    this.#checkSleep(reading.positionMs ?? 0);
    if (reading.positionMs !== null && this.#timeline.hear(reading.positionMs))
      this.#heardSnapshot();
    if (reading.need === 'skip') this.#goLive();
    if (reading.need === 'stuck') {
      this.#rebuild('the element does not move');
      return;
    }
    if (this.#final && reading.starved) {
      void this.#end();
      return;
    }
    const heard = this.#facts.heard || (!reading.starved && reading.positionMs !== null);
    if (heard) this.#rebuilds = reading.starved ? this.#rebuilds : 0;
    this.#know({ heard, starved: reading.starved });
    this.#stats = this.#measure();
    this.#tell('stats');
    this.#tickSoon(reading.nextMs);
  }

  /** A machine that slept has a dead connection that says nothing, and sound from long ago. */
  #checkSleep(positionMs: number): void {
    const wallMs = this.#system.wallMs();
    const before = this.#tickedAt;
    this.#tickedAt = { wallMs, positionMs };
    const passedMs = wallMs - before.wallMs;
    if (before.wallMs === 0 || passedMs < SLEPT_MS) return;
    const behindMs = passedMs - (positionMs - before.positionMs);
    if (behindMs > rateBands(this.#targetMs).skipMs) this.#goLive();
    else this.#source.check();
  }

  #goLive(): void {
    if (this.#jump) return;
    this.#jump = true;
    this.#next = null;
    this.#source.restart(null, 'woke');
  }

  get #targetMs(): number {
    const own = this.#options.profile;
    return PROFILES[own ?? this.#timeline.newest?.profile ?? this.#space?.profile ?? 'steady']
      .bufferMs;
  }

  #heardSnapshot(): void {
    const snapshot = this.#timeline.snapshot;
    this.#know({ holding: snapshot?.holding ?? false });
    this.#showCard();
    this.#tell('snapshot');
  }

  #showCard(): void {
    const about = this.#timeline.snapshot ?? this.#space;
    if (about === null) return;
    const seats = this.#timeline.snapshot?.seats ?? [];
    const speaking = seats.filter((seat) => seat.speaking).map((seat) => seat.name);
    this.#card?.show(about.title, about.host, speaking.join(', '));
  }

  #led(leads: boolean): void {
    const connection = leads ? 'own' : 'shared';
    if (connection === this.#connection) return;
    this.#connection = connection;
    this.#options.onEvent?.({ type: 'leader', connection });
  }

  #count(name: keyof Counts, by: number, event: ListenEvent): void {
    this.#counts[name] += by;
    this.#options.onEvent?.(event);
  }

  #measure(): ListenStats {
    const reading = this.#reading;
    const at = reading?.positionMs ?? null;
    const capturedAtMs = at === null ? null : this.#timeline.capturedAtMs(at);
    const known = capturedAtMs !== null && this.#offsetMs !== null;
    return {
      ...this.#counts,
      seq: at === null ? null : Math.floor(at / CHUNK_MS),
      bufferedMs: Math.round(reading?.aheadMs ?? 0),
      latencyMs: known ? Math.round(this.serverNowMs - capturedAtMs) : null,
      rate: reading?.rate ?? 1,
      engine: this.#engine?.kind ?? null,
      connection: this.#connection,
    };
  }

  #know(facts: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...facts };
    this.#refresh();
  }

  #refresh(): void {
    const state = stateOf(this.#facts);
    const settled =
      state.phase !== 'connecting' && state.phase !== 'buffering' && state.phase !== 'reconnecting';
    if (settled) {
      this.#settled?.resolve();
      this.#settled = null;
    }
    if (sameState(state, this.#state)) return;
    this.#state = state;
    const sounds = this.#facts.wanted && this.#facts.paused === null;
    this.#card?.playing(sounds ? 'playing' : 'paused');
    this.#tell('state');
  }

  #tell(change: ListenChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}

const FACTS_AT_REST: Facts = {
  wanted: false,
  paused: null,
  standing: null,
  heard: false,
  starved: true,
  connected: false,
  failures: 0,
  holding: false,
};

function basesOf({ base, bases }: ListenOptions): readonly string[] {
  const first = base ?? globalThis.location?.origin ?? '';
  const all = [first, ...(bases ?? [])].map((each) => each.replace(/\/+$/, ''));
  return [...new Set(all)];
}
