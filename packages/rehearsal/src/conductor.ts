/**
 * The conductor: keeps the generator processes, tells them ten times a second how many should be
 * listening, gathers a sample a second from each and the server's figures, and lets happen what the score
 * says. It stops at once when it is told to and when a generator ends.
 */
import type { MixerLateness, RehearsalSecond } from '@parterre/protocol/rehearsal';
import { LISTENERS_PER_PROCESS } from './crowd.ts';
import { Ledger } from './ledger.ts';
import type { FromGenerator, Manners, Target, ToGenerator } from './messages.ts';
import type { Incident, Score } from './scenario.ts';
import type { ServerFigures } from './server-figures.ts';
import type { System } from './system.ts';

/** A generator as a process; `ChildProcess` is one. */
export interface GeneratorProcess {
  send(message: ToGenerator): unknown;
  kill(signal?: 'SIGKILL'): unknown;
  on(event: 'message', listener: (message: FromGenerator) => void): unknown;
  on(event: 'exit', listener: () => void): unknown;
}

export interface ConductorOptions {
  readonly system: System;
  readonly target: Target;
  readonly manners: Manners;
  readonly generators: number;
  start(): GeneratorProcess;
  /** What the server tells of itself now; null when it does not. */
  figures(): Promise<ServerFigures | null>;
  /** Disturbs the server. @returns what was done, in words */
  disturb(what: 'kill-edge' | 'replace-edges'): Promise<string>;
  /** Told of each second as it ends. */
  second(second: RehearsalSecond, ledger: Ledger): void;
  /** Its reason says in words why to stop. */
  readonly signal: AbortSignal;
}

const GENERATORS_MIN = 2;
/** Of a generator that are not listeners. */
const DESCRIPTORS_OWN = 200;
const WANT_MS = 100;
const SECOND_MS = 1_000;
/** How long the idle server is watched, ms. */
const IDLE_MS = 5_000;
const READY_MS_MAX = 20_000;

/** How many processes it takes when each may hold so many descriptors. */
export function generatorsFor(listeners: number, descriptors: number): number {
  const each = Math.min(LISTENERS_PER_PROCESS, descriptors - DESCRIPTORS_OWN);
  if (each < 1) throw new RangeError(`A process may hold ${descriptors} descriptors: too few.`);
  return Math.max(GENERATORS_MIN, Math.ceil(listeners / each));
}

export class Conductor {
  readonly #options: ConductorOptions;
  readonly #generators: GeneratorProcess[] = [];
  #ledger: Ledger;
  #beganAtMs = 0;
  #closing = false;
  #stopped: string | null = null;
  #finish: () => void = () => {};
  #asking = false;

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.generators);
  }

  /** Why it ended before its time; null while it has not. */
  get stopped(): string | null {
    return this.#stopped;
  }

  /** Starts the generators. @throws Error when they do not come up */
  async open(): Promise<void> {
    const { generators, signal } = this.#options;
    const stop = (): void => this.#stop(String(signal.reason));
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    await Promise.all(Array.from({ length: generators }, (_, index) => this.#start(index)));
    await this.#askServer();
  }

  #start(index: number): Promise<void> {
    const { system, target, manners } = this.#options;
    const generator = this.#options.start();
    this.#generators.push(generator);
    return new Promise((resolve, reject) => {
      const late = system.after(READY_MS_MAX, () =>
        reject(new Error('A generator does not start.')),
      );
      generator.on('exit', () => {
        late.cancel();
        reject(new Error('A generator ended.'));
        if (!this.#closing) this.#stop('A generator process ended.');
      });
      generator.on('message', (message) => {
        if (message.type === 'sample') this.#ledger.sample(index, message.sample, this.#atS());
        if (message.type !== 'ready') return;
        late.cancel();
        resolve();
      });
      generator.send({ type: 'begin', index, target, manners });
    });
  }

  /** The server while nobody of ours listens: CPU, a share of one core, and its mixers; null when it does not tell. */
  async idle(): Promise<{ readonly cpu: number | null; readonly mixer: MixerLateness | null }> {
    await this.#askServer();
    await new Promise<void>((resolve) => {
      this.#options.system.after(IDLE_MS, resolve);
    });
    await this.#askServer();
    return { cpu: this.#ledger.serverCpu, mixer: this.#ledger.mixer };
  }

  /** Plays a score to its end, or until it is stopped. @returns what was measured in it */
  async play(score: Pick<Score, 'seconds' | 'incidents' | 'wantedAt'>): Promise<Ledger> {
    const { system } = this.#options;
    this.#ledger = this.#nextLedger();
    const ledger = this.#ledger;
    this.#beganAtMs = system.monotonicMs();
    if (this.#stopped !== null) return ledger;
    const incidents = score.incidents.toSorted((a, b) => a.atS - b.atS);
    let happened = 0;
    const timers = [
      system.every(WANT_MS, () => {
        const atS = this.#atS();
        this.#want(score.wantedAt(atS));
        while (happened < incidents.length && incidents[happened]!.atS <= atS) {
          this.#happen(incidents[happened]!);
          happened++;
        }
      }),
      system.every(SECOND_MS, () => this.#second(score.wantedAt(this.#atS()))),
      system.after(score.seconds * 1_000, () => this.#finish()),
    ];
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    for (const timer of timers) timer.cancel();
    await this.#askServer();
    if (ledger.pending) this.#second(score.wantedAt(this.#atS()));
    return ledger;
  }

  /** A new one begins with the server as it is. */
  #nextLedger(): Ledger {
    const { figures } = this.#ledger;
    const next = new Ledger(this.#options.generators);
    if (figures !== null) next.server(figures, this.#options.system.monotonicMs());
    return next;
  }

  /** Ends all generators. Idempotent. */
  close(): void {
    this.#closing = true;
    for (const generator of this.#generators) {
      try {
        generator.send({ type: 'stop' });
      } catch {
        generator.kill('SIGKILL');
      }
    }
  }

  #atS(): number {
    return (this.#options.system.monotonicMs() - this.#beganAtMs) / 1_000;
  }

  #stop(why: string): void {
    this.#stopped ??= why;
    this.#finish();
  }

  #want(listeners: number): void {
    const { generators } = this.#options;
    this.#generators.forEach((generator, index) => {
      const share = Math.floor((listeners + index) / generators);
      generator.send({ type: 'want', listeners: share });
    });
  }

  #happen(incident: Incident): void {
    const ledger = this.#ledger;
    if (incident.do === 'cut') {
      const { share, awayS } = incident;
      for (const generator of this.#generators)
        generator.send({ type: 'cut', share, awayMs: awayS * 1_000 });
      const away = awayS > 0 ? `, with no way back for ${awayS} s` : '';
      ledger.tell(this.#atS(), `${Math.round(share * 100)} % of the connections cut${away}`);
      return;
    }
    this.#options.disturb(incident.do).then(
      (words) => ledger.tell(this.#atS(), words),
      (error: unknown) => this.#stop(`${incident.do}: ${String(error)}`),
    );
  }

  #second(wanted: number): void {
    const second = this.#ledger.second(Math.floor(this.#atS()), wanted);
    this.#options.second(second, this.#ledger);
    void this.#askServer();
  }

  /** One question at a time: a server that is busy is not asked more often than it answers. */
  async #askServer(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const figures = await this.#options.figures();
    this.#asking = false;
    if (figures !== null) this.#ledger.server(figures, this.#options.system.monotonicMs());
  }
}
