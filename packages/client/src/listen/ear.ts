/**
 * What hears: engine, playhead and timeline in one element. It takes chunks as they arrive and plays them;
 * where they come from, and what the page is told, is the player's. An engine that broke is made anew in
 * the same element; the WebAssembly one is fetched only where it is needed.
 */
import { CHUNK_MS, type Profile } from '@parterre/protocol';
import type { Engine } from './engine.ts';
import { MseEngine, mseHasOpus } from './mse.ts';
import { Playhead, type PlayheadObserver, type Reading } from './playhead.ts';
import { rateBands } from './rate.ts';
import type { Fragment } from './reader.ts';
import type { System } from './system.ts';
import { Timeline } from './timeline.ts';

export interface EarObserver extends PlayheadObserver {
  /** The engine broke: `renew()` makes another. */
  broken(detail: string): void;
}

/** What one look found. */
export interface Hearing extends Omit<Reading, 'need'> {
  /** The snapshot that is heard has changed. */
  readonly news: boolean;
  /** `live`: go there. `check`: the machine slept; see whether the connection lives. `renew`: the element does not move. */
  readonly need: 'nothing' | 'live' | 'check' | 'renew';
}

/** Engines made anew in a row before that is a failure. */
const REBUILDS_MAX = 5;
/** A look that comes this late was not throttled, the machine slept, ms. */
const SLEPT_MS = 5_000;

export class Ear {
  readonly element: HTMLAudioElement;
  readonly timeline = new Timeline();
  readonly #observer: EarObserver;
  readonly #system: System;
  readonly #wish: 'auto' | 'mse' | 'wasm';
  readonly #byWasm: boolean;
  readonly #playhead: Playhead;
  #wasm: typeof import('./wasm.ts') | null = null;
  #engine: Engine | null = null;
  #init: { readonly bytes: Uint8Array<ArrayBuffer>; readonly channels: 1 | 2 } | null = null;
  #next: number | null = null;
  /** After a skip or a resume: the next chunk that arrives is where the ear goes. */
  #jump = false;
  #rebuilds = 0;
  #reading: Reading | null = null;
  #lookedAt = { wallMs: 0, positionMs: 0 };

  constructor(
    element: HTMLAudioElement,
    wish: 'auto' | 'mse' | 'wasm',
    system: System,
    observer: EarObserver,
  ) {
    this.element = element;
    this.#wish = wish;
    this.#system = system;
    this.#observer = observer;
    this.#playhead = new Playhead(observer);
    this.#byWasm = wish === 'wasm' || !mseHasOpus();
    // Begun early, so that a gesture finds it there.
    if (this.#byWasm) void this.fetch();
  }

  get engine(): Engine | null {
    return this.#engine;
  }

  /** The chunk to go on with; null for live. */
  get next(): number | null {
    return this.#next;
  }

  get reading(): Reading | null {
    return this.#reading;
  }

  /** Makes the engine; false where it has to be fetched first. */
  open(): boolean {
    if (this.#engine !== null) return true;
    const observer = {
      broken: (detail: string) => this.#observer.broken(detail),
      dropped: (fromSeq: number, toSeq: number) => this.#observer.skip(fromSeq, toSeq),
    };
    if (!this.#byWasm) this.#engine = new MseEngine(this.element, observer);
    else if (this.#wasm !== null) this.#engine = new this.#wasm.WasmEngine(this.element, observer);
    if (this.#init !== null) this.#engine?.init(this.#init.bytes, this.#init.channels);
    return this.#engine !== null;
  }

  /** Fetches the WebAssembly way; false where this browser cannot go it. */
  async fetch(): Promise<boolean> {
    const module = this.#wish === 'mse' ? null : await import('./wasm.ts').catch(() => null);
    if (module?.wasmHasOpus()) this.#wasm = module;
    return this.#wasm !== null;
  }

  /** A new engine in the same element, at live; false when it broke too often or cannot be made. */
  renew(): boolean {
    this.close();
    this.#rebuilds++;
    this.#forget();
    return this.#rebuilds <= REBUILDS_MAX && this.open();
  }

  close(): void {
    const engine = this.#engine;
    this.#engine = null;
    engine?.close();
  }

  init(bytes: Uint8Array<ArrayBuffer>, channels: 1 | 2): void {
    this.#init = { bytes, channels };
    this.#engine?.init(bytes, channels);
  }

  /** False when there is no engine to take it. */
  arrived(fragment: Fragment): boolean {
    if (this.#engine === null) return false;
    const { seq } = fragment;
    if (this.#jump) this.#playhead.jumpTo(seq);
    this.#jump = false;
    this.#next = seq + 1;
    this.#playhead.arrived(seq, this.#system.monotonicMs());
    this.timeline.arrived(seq, fragment.capturedAtMs, fragment.snapshot);
    this.#engine.append(fragment);
    return true;
  }

  /** Another timeline: what is buffered belongs to none that goes on. */
  rewound(): void {
    this.#forget();
    this.#engine?.flush();
  }

  /** At rest: nothing is expected any more. The engine stays. */
  rest(): void {
    this.#forget();
    this.#jump = false;
    this.#reading = null;
  }

  /** From the next chunk on at live, wherever that is; false when that is on its way already. */
  toLive(): boolean {
    if (this.#jump) return false;
    this.#jump = true;
    this.#next = null;
    return true;
  }

  #forget(): void {
    this.#playhead.forget();
    this.timeline.forget();
    this.#next = null;
  }

  /** Called about four times a second. `final`: no more will come. */
  listen(engine: Engine, profile: Profile, final: boolean): Hearing {
    const nowMs = this.#system.monotonicMs();
    const reading = this.#playhead.look({ engine, nowMs, profile, final });
    this.#reading = reading;
    const { positionMs, starved } = reading;
    const slept = this.#slept(positionMs ?? 0, rateBands(profile).skipMs);
    const news = positionMs !== null && this.timeline.hear(positionMs);
    if (!starved && positionMs !== null) this.#rebuilds = 0;
    if (reading.need === 'stuck') return { ...reading, news, need: 'renew' };
    return { ...reading, news, need: reading.need === 'skip' ? 'live' : slept };
  }

  /** A machine that slept has a dead connection that says nothing, and sound from long ago. */
  #slept(positionMs: number, skipMs: number): 'nothing' | 'live' | 'check' {
    const wallMs = this.#system.wallMs();
    const before = this.#lookedAt;
    this.#lookedAt = { wallMs, positionMs };
    const passedMs = wallMs - before.wallMs;
    if (before.wallMs === 0 || passedMs < SLEPT_MS) return 'nothing';
    return passedMs - (positionMs - before.positionMs) > skipMs ? 'live' : 'check';
  }

  /** The chunk that is heard; null before the first. */
  get seq(): number | null {
    const at = this.#reading?.positionMs ?? null;
    return at === null ? null : Math.floor(at / CHUNK_MS);
  }

  /** When what is heard was captured, server wall clock, ms; null when not known. */
  get capturedAtMs(): number | null {
    const at = this.#reading?.positionMs ?? null;
    return at === null ? null : this.timeline.capturedAtMs(at);
  }
}
