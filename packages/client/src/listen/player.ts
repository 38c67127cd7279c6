/**
 * The listener: ties a source to an ear in one element and tells the page what is the case. One of each at
 * a time; what comes late from a replaced one is ignored. It never gives up while the space lives, never
 * asks for a microphone, and never replaces the element.
 */
import { PROFILES, type Profile, type PublicSpace, type Snapshot } from '@parterre/protocol';
import { retryDelayMs } from './backoff.ts';
import { lookForDoorsMs } from './doors.ts';
import { Ear } from './ear.ts';
import { failureOf } from './failure.ts';
import { basesOf, House } from './house.ts';
import { watchLifecycle } from './lifecycle.ts';
import { Line } from './line.ts';
import type { MediaCard } from './media-session.ts';
import { TICK_MS } from './playhead.ts';
import type { Fragment } from './reader.ts';
import { Situation } from './situation.ts';
import type { SourceReport } from './source.ts';
import { FACTS_AT_REST, type Facts } from './state.ts';
import { Alarm, browserSystem, type System } from './system.ts';
import { type Counted, Tally } from './tally.ts';
import type {
  ListenChange,
  ListenEvent,
  ListenFailureCode,
  Listening,
  ListenOptions,
  ListenState,
  ListenStats,
} from './types.ts';

export class Player implements Listening {
  readonly element: HTMLAudioElement;
  readonly #options: ListenOptions;
  readonly #system: System;
  readonly #house: House;
  readonly #source: Line;
  readonly #ear: Ear;
  readonly #situation: Situation;
  readonly #listeners = new Set<(change: ListenChange) => void>();
  readonly #tally = new Tally();
  /** No more will come: the buffer plays out. */
  #final = false;
  readonly #nextTick: Alarm;
  readonly #nextTry: Alarm;
  #retries = 0;
  #unwatch: (() => void) | null = null;
  #card: MediaCard | null = null;

  constructor(options: ListenOptions, system: System = browserSystem) {
    this.#options = options;
    this.#system = system;
    this.#nextTick = new Alarm(system, () => this.#tick());
    this.#nextTry = new Alarm(system, () => this.#tryAgain());
    this.#house = new House(basesOf(options), options.space, system);
    this.#situation = new Situation((state) => this.#become(state));
    this.element = options.element ?? document.createElement('audio');
    this.#ear = new Ear(this.element, options.engine ?? 'auto', system, {
      gap: (fromSeq, toSeq) => this.#count('gaps', 1, { type: 'gap', fromSeq, toSeq }),
      stall: (seq) => this.#count('stalls', 1, { type: 'stall', seq }),
      skip: (fromSeq, toSeq) =>
        this.#count('skipped', Math.max(0, toSeq - fromSeq), { type: 'skip', fromSeq, toSeq }),
      broken: (detail) => this.#rebuild(detail),
    });
    this.#source = new Line(options, system, {
      init: (bytes, channels) => this.#ear.init(bytes, channels),
      fragment: (fragment) => this.#arrived(fragment),
      rewound: () => this.#ear.rewound(),
      report: (report) => this.#reported(report),
      moved: (space) => this.#moved(space),
      aheadMs: () => this.#ear.reading?.aheadMs ?? 0,
      led: (leads) => this.#led(leads),
    });
    this.element.addEventListener('pause', () => this.#paused());
    this.element.addEventListener('play', () => this.#played());
    this.element.addEventListener('volumechange', () => this.#tell('volume'));
    this.element.addEventListener('error', () => {
      this.#rebuild(this.element.error?.message ?? '');
    });
    options.signal?.addEventListener('abort', () => this.stop(), { once: true });
  }

  get space(): string {
    return this.#house.id;
  }

  get state(): ListenState {
    return this.#situation.state;
  }

  get snapshot(): Snapshot | null {
    return this.#ear.timeline.snapshot;
  }

  get stats(): ListenStats {
    return this.#tally.stats;
  }

  get programmeMs(): number | null {
    return this.#ear.reading === null ? null : (this.#ear.engine?.positionMs ?? null);
  }

  get serverNowMs(): number {
    return this.#house.nowMs;
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
    const settled = this.#situation.settled();
    const { wanted, paused, standing } = this.#facts;
    const goesOn = this.#ear.engine !== null && wanted && paused === null && standing === null;
    if (goesOn) this.#start();
    else this.#begin();
    this.#know({});
    return settled;
  }

  pause(): void {
    if (this.#facts.standing?.phase === 'queued') this.stop();
    if (!this.#facts.wanted || this.#facts.standing !== null) return;
    this.#rest('listener');
    this.#ear.engine?.pause();
  }

  stop(): void {
    this.#halt();
    this.#unwatch?.();
    this.#unwatch = null;
    this.#card?.clear();
    this.#card = null;
    this.#ear.close();
    this.#know(FACTS_AT_REST);
  }

  /** From rest, from a pause or from a standing state: at live, in the same element. */
  #begin(): void {
    this.#halt();
    this.#know({ ...FACTS_AT_REST, wanted: true });
    if (!this.#ear.open()) {
      void this.#fetchEngine();
      return;
    }
    this.#ear.engine?.flush();
    this.#start();
    this.#unwatch ??= watchLifecycle({
      leave: () => this.#source.stop(),
      comeBack: () => this.#comeBack(),
      look: () => this.#look(),
    });
    if (this.#options.mediaSession ?? true) void this.#openCard();
    this.#source.start(null);
    this.#nextTick.set(TICK_MS);
    void this.#askHouse();
  }

  /** The lock screen can wait; its code is a chunk of its own. */
  async #openCard(): Promise<void> {
    const loaded = await import('./media-session.ts').catch(() => null);
    if (this.#facts.wanted) this.#card ??= loaded?.openMediaCard(this) ?? null;
    this.#card?.show(this.snapshot, this.#house.space);
    this.#card?.playing('playing');
  }

  /** Nothing runs after this; facts, engine and element stay. */
  #halt(): void {
    this.#source.stop();
    this.#nextTick.clear();
    this.#nextTry.clear();
    this.#ear.rest();
    this.#final = false;
  }

  async #fetchEngine(): Promise<void> {
    const found = await this.#ear.fetch();
    if (!this.#facts.wanted || this.#ear.engine !== null) return;
    if (found) void this.play();
    else this.#fail('not_supported');
  }

  #start(): void {
    const { engine } = this.#ear;
    engine?.play().catch((error: unknown) => {
      if (engine !== this.#ear.engine || !this.#facts.wanted) return;
      if ((error as Error).name === 'NotAllowedError') this.#rest('autoplay');
    });
  }

  /** The engine broke: a new one in the same element, at live. */
  #rebuild(detail: string): void {
    if (this.#ear.engine === null) return;
    if (!this.#ear.renew()) {
      this.#fail('media_error');
      return;
    }
    this.#options.onEvent?.({ type: 'rebuilt', detail });
    this.#start();
    this.#source.restart(null, 'network');
  }

  #arrived(fragment: Fragment): void {
    if (!this.#ear.arrived(fragment)) return;
    this.#retries = 0;
    if (!this.#facts.connected) this.#know({ connected: true, failures: 0 });
  }

  #reported(report: SourceReport): void {
    if (!this.#facts.wanted) return;
    if (report.kind === 'bytes') {
      this.#tally.add('bytes', report.count);
    } else if (report.kind === 'open') {
      this.#options.onEvent?.({ type: 'connected', base: report.base, fromSeq: report.fromSeq });
      if (this.#facts.standing !== null) this.#know({ standing: null });
    } else if (report.kind === 'lost') {
      const { reason, detail, failures } = report;
      this.#count('reconnects', 1, { type: 'lost', reason, detail });
      this.#know({ connected: false, failures });
      if (reason === 'woke') void this.#askHouse();
    } else if (report.kind === 'queued')
      this.#know({ connected: false, standing: { phase: 'queued', ...report.place } });
    else if (report.kind === 'refused') this.#refused(report);
  }

  #refused({ code, status, retryAfterMs }: Extract<SourceReport, { kind: 'refused' }>): void {
    this.#know({ connected: false });
    const known = code ?? (status === 404 ? 'unknown_space' : 'bad_request');
    if (known === 'ended') {
      this.#final = true;
      void this.#askHouse();
      if (!this.#facts.heard || this.#facts.starved) void this.#end();
    } else if (known === 'not_open') {
      void this.#waitForDoors(retryAfterMs);
    } else if (this.#facts.heard) {
      // It played a moment ago: an edge that does not know the space yet, or a timeline that began anew.
      if (status === 400) this.#ear.toLive();
      this.#nextTry.set(retryDelayMs(++this.#retries + 1, this.#system.random(), retryAfterMs));
    } else {
      this.#fail(known);
    }
  }

  #moved(space: string): void {
    this.#final = false;
    this.#nextTry.clear();
    this.#house.moveTo(space);
    this.#options.onEvent?.({ type: 'moved', space });
    this.#tell('state');
    if (this.#facts.standing === null) void this.#askHouse();
    else this.#begin();
  }

  #tryAgain(): void {
    if (this.#ear.next === null && this.#facts.heard) this.#ear.toLive();
    this.#source.start(this.#ear.next);
  }

  async #waitForDoors(retryAfterMs: number): Promise<void> {
    const space = await this.#askHouse();
    if (!this.#facts.wanted || this.#facts.paused !== null || this.#facts.connected) return;
    const nowMs = this.serverNowMs;
    const doorsAtMs = space?.doorsAtMs ?? nowMs + Math.max(1_000, retryAfterMs);
    const startsAtMs = space?.startsAtMs ?? null;
    this.#know({ standing: { phase: 'waiting', startsAtMs, doorsAtMs, space } });
    this.#nextTry.set(lookForDoorsMs(doorsAtMs - nowMs, this.#system.random(), retryAfterMs));
  }

  async #end(): Promise<void> {
    this.#halt();
    const replayReady = this.#house.space?.replayReady ?? false;
    this.#know({ standing: { phase: 'ended', replayReady } });
    this.#ear.engine?.pause();
    const space = await this.#askHouse();
    if (space?.replayReady && this.#facts.standing?.phase === 'ended')
      this.#know({ standing: { phase: 'ended', replayReady: true } });
  }

  #fail(code: ListenFailureCode): void {
    this.#halt();
    this.#ear.close();
    this.#know({ standing: { phase: 'failed', ...failureOf(code) } });
  }

  async #askHouse(): Promise<PublicSpace | null> {
    const space = await this.#house.ask();
    const { wanted, paused } = this.#facts;
    if (space?.successor != null && wanted && paused === null) this.#source.moveTo(space.successor);
    this.#card?.show(this.snapshot, this.#house.space);
    return space;
  }

  #paused(): void {
    const { wanted, paused, standing } = this.#facts;
    if (!this.element.paused || !wanted || paused !== null || standing !== null) return;
    if (this.#ear.engine !== null) this.#rest('system');
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
    const { wanted, paused, standing } = this.#facts;
    if (!wanted || paused !== null || standing?.phase === 'ended') return;
    this.#begin();
  }

  #look(): void {
    const { wanted, paused, standing } = this.#facts;
    if (!wanted || paused !== null) return;
    if (standing?.phase === 'waiting') this.#nextTry.set(lookForDoorsMs(0, this.#system.random()));
    else if (standing === null) this.#tick();
  }

  #tick(): void {
    const { engine } = this.#ear;
    if (engine === null || !this.#facts.wanted) return;
    this.#nextTick.set(TICK_MS);
    if (this.#facts.standing !== null || this.#facts.paused !== null) return;
    const found = this.#ear.listen(engine, this.#profile, this.#final);
    const { positionMs, starved, nextMs, news, need } = found;
    if (news) this.#heardSnapshot();
    if (need === 'renew') {
      this.#rebuild('stuck');
      return;
    }
    if (need === 'live' && this.#ear.toLive()) this.#source.restart(null, 'woke');
    if (need === 'check') this.#source.check();
    if (this.#final && starved) {
      void this.#end();
      return;
    }
    this.#know({ heard: this.#facts.heard || (!starved && positionMs !== null), starved });
    this.#tally.measure(this.#ear, this.#house);
    this.#tell('stats');
    this.#nextTick.set(nextMs);
  }

  get #profile(): Profile {
    const told = this.#ear.timeline.newest?.profile ?? this.#options.profile;
    return PROFILES[told ?? this.#house.space?.profile ?? 'steady'];
  }

  #heardSnapshot(): void {
    this.#know({ holding: this.snapshot?.holding ?? false });
    this.#card?.show(this.snapshot, this.#house.space);
    this.#tell('snapshot');
  }

  #led(leads: boolean): void {
    if (!this.#tally.led(leads)) return;
    this.#options.onEvent?.({ type: 'leader', connection: leads ? 'own' : 'shared' });
  }

  #count(name: Counted, by: number, event: ListenEvent): void {
    this.#tally.add(name, by);
    this.#options.onEvent?.(event);
  }

  get #facts(): Facts {
    return this.#situation.facts;
  }

  #know(facts: Partial<Facts>): void {
    this.#situation.know(facts);
  }

  #become(state: ListenState): void {
    const silent = state.phase === 'idle' || state.phase === 'paused';
    this.#card?.playing(silent ? 'paused' : 'playing');
    this.#tell('state');
  }

  #tell(change: ListenChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
