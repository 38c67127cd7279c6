/**
 * What a rehearsal has measured: the samples of all generators and the server's figures, put together
 * second by second, and over the whole. Times in s are counted from its beginning.
 */
import type { MixerLateness, RehearsalResult, RehearsalSecond } from '@parterre/protocol/rehearsal';
import { Arrivals } from './arrivals.ts';
import { Histogram } from './histogram.ts';
import { latenessBetween } from './mixer-figures.ts';
import type { Digest } from './reference.ts';
import { cpuBetween, type ServerFigures } from './server-figures.ts';
import type { Sample } from './tallies.ts';

export type Totals = RehearsalResult['totals'];
type Event = RehearsalResult['events'][number];

/** A generator is short in a second in which it had more to do than this. */
export const SHORT = { cpu: 0.95, loopDelayMs: 250 } as const;
/** References are compared between processes as long as both can still hold them. */
const DIGESTS_MAX = 2_000;
const EVENTS_MAX = 1_000;
/** What the server told longer ago than this is not what it does now, s. */
const UNHEARD_S_MAX = 3;
/** CPU is told over no shorter time, ms. */
const CPU_MS_MIN = 500;

const NO_TOTALS: Totals = {
  joins: 0,
  resumes: 0,
  leaves: 0,
  refusals: 0,
  chunks: 0,
  bytes: 0,
  gaps: 0,
  dry: 0,
  wrongBytes: 0,
};

const NO_LINE = {
  tickets: 0,
  byTicket: 0,
  polls: 0,
  unanswered: 0,
  gaveUp: 0,
  placesLost: 0,
  overtaken: 0,
};
/** What was met in line. */
export type LineTotals = typeof NO_LINE;

/** One generator, as it is now and as it was. */
interface Source {
  last: Sample | null;
  /** Seconds it has told of, and those of them in which it was short. */
  seconds: number;
  short: number;
}

export class Ledger {
  readonly seconds: RehearsalSecond[] = [];
  readonly events: Event[] = [];
  readonly latency = new Histogram();
  readonly join = new Histogram();
  readonly resume = new Histogram();
  /** Tries to come back since the loss, those where there was no way back for a while apart. */
  readonly tries = new Arrivals();
  readonly triesAway = new Arrivals();
  /** From coming to the first sound or a place in line. */
  readonly reached = new Histogram();
  readonly line = { ...NO_LINE };
  readonly totals: Totals = { ...NO_TOTALS };
  waiting = 0;
  generatorCpuMax = 0;
  generatorCpuSum = 0;
  loopDelayMaxMs = 0;
  serverCpuS = 0;
  #reads = 0;
  readonly #sources: Source[];
  readonly #digests = new Map<number, string>();
  #pending: Sample[] = [];
  /** Seconds since the server answered. */
  #unheardS = 0;
  #figures: ServerFigures | null = null;
  #firstFigures: ServerFigures | null = null;
  /** Where the CPU that is told next is counted from. */
  #measuredFrom: ServerFigures | null = null;
  #measuredFromMs = 0;
  /** Of the last second that was told. */
  #server: Pick<RehearsalSecond, 'serverCpu' | 'edgeCpu'> = { serverCpu: null, edgeCpu: null };
  readonly #secondLatency = new Histogram();
  readonly #secondJoin = new Histogram();

  constructor(generators: number) {
    this.#sources = Array.from({ length: generators }, () => ({
      last: null,
      seconds: 0,
      short: 0,
    }));
  }

  /** The server as last told. */
  get figures(): ServerFigures | null {
    return this.#figures;
  }

  /** How late the mixers were since the server was first asked; null when it does not tell. */
  get mixer(): MixerLateness | null {
    return latenessBetween(this.#firstFigures?.ticks ?? null, this.#figures?.ticks ?? null);
  }

  /** CPU of the server as last told, a share of one core. */
  get serverCpu(): number | null {
    return this.#server.serverCpu;
  }

  /** CPU of the generators for one read, µs. */
  get cpuPerReadMicros(): number {
    return this.#reads === 0 ? 0 : (this.generatorCpuSum * 1e6) / this.#reads;
  }

  /** The share of its seconds in which the busiest generator was short. */
  get shortShare(): number {
    return Math.max(
      0,
      ...this.#sources.map(({ seconds, short }) => (seconds === 0 ? 0 : short / seconds)),
    );
  }

  tell(atS: number, what: string): void {
    if (this.events.length < EVENTS_MAX) this.events.push({ atS: Math.floor(atS), what });
  }

  sample(index: number, sample: Sample, atS: number): void {
    const source = this.#sources[index]!;
    source.last = sample;
    // A process that stood still tells of all that time in one sample.
    const seconds = Math.max(1, Math.round(sample.loopDelayMs / 1_000));
    source.seconds += seconds;
    if (sample.cpu > SHORT.cpu || sample.loopDelayMs > SHORT.loopDelayMs) source.short += seconds;
    this.loopDelayMaxMs = Math.max(this.loopDelayMaxMs, sample.loopDelayMs);
    this.#pending.push(sample);
    for (const words of sample.faults) this.tell(atS, words);
    this.#compare(sample.digests, atS);
  }

  server(figures: ServerFigures, atMs: number): void {
    const before = this.#measuredFrom;
    const sinceMs = atMs - this.#measuredFromMs;
    this.#figures = figures;
    this.#firstFigures ??= figures;
    this.#unheardS = 0;
    if (before !== null && sinceMs < CPU_MS_MIN) return;
    this.#measuredFrom = figures;
    this.#measuredFromMs = atMs;
    if (before === null) return;
    const used = cpuBetween(before, figures);
    const all = Object.values(used).reduce((sum, seconds) => sum + seconds, 0);
    const edges = Object.entries(used).filter(([part]) => part.startsWith('edge'));
    this.serverCpuS += all;
    this.#server = {
      serverCpu: (all * 1_000) / sinceMs,
      edgeCpu: (Math.max(0, ...edges.map(([, seconds]) => seconds)) * 1_000) / sinceMs,
    };
  }

  /** Samples have come since the last second was closed. */
  get pending(): boolean {
    return this.#pending.length > 0;
  }

  /** Closes a second: everything that was told since the last one. */
  second(atS: number, wanted: number): RehearsalSecond {
    const samples = this.#pending;
    this.#pending = [];
    const sum = (of: (sample: Sample) => number): number =>
      samples.reduce((all, sample) => all + of(sample), 0);
    this.#secondLatency.clear();
    this.#secondJoin.clear();
    for (const { latency, join, resume, reached, tries, triesAway } of samples) {
      this.#secondLatency.add(latency);
      this.#secondJoin.add(join);
      this.latency.add(latency);
      this.join.add(join);
      this.resume.add(resume);
      this.tries.add(tries);
      this.triesAway.add(triesAway);
      this.reached.add(reached);
    }
    this.waiting = this.#now((sample) => sample.waiting);
    this.#reads += sum(({ reads }) => reads);
    this.totals.chunks += sum(({ chunks }) => chunks);
    this.totals.wrongBytes += sum(({ wrong }) => wrong);
    const figures = this.#unheardS++ < UNHEARD_S_MAX ? this.#figures : null;
    const second: RehearsalSecond = {
      atS,
      wanted,
      listeners: this.#now((sample) => sample.listeners),
      inLine: this.#now(({ inLine }) => inLine),
      serverListeners: figures?.listeners ?? null,
      tickets: sum(({ tickets }) => tickets),
      ...this.#counted(sum),
      latencyP50Ms: this.#secondLatency.at(0.5),
      latencyP99Ms: this.#secondLatency.at(0.99),
      joinP95Ms: this.#secondJoin.at(0.95),
      serverCpu: figures === null ? null : this.#server.serverCpu,
      edgeCpu: figures === null ? null : this.#server.edgeCpu,
      generatorCpu: this.#now(({ cpu }) => cpu),
      loopDelayMs: figures?.loopDelayMs ?? null,
      flushMs: figures?.flushMs ?? null,
      serverMemoryBytes: figures?.memoryBytes ?? null,
      ticksSkipped: figures?.ticksSkipped ?? null,
    };
    this.generatorCpuSum += second.generatorCpu;
    this.generatorCpuMax = Math.max(this.generatorCpuMax, second.generatorCpu);
    this.seconds.push(second);
    return second;
  }

  #counted(sum: (of: (sample: Sample) => number) => number) {
    const counted = {
      joins: sum(({ joins }) => joins),
      resumes: sum(({ resumes }) => resumes),
      leaves: sum(({ leaves }) => leaves),
      refusals: sum(({ refusals }) => refusals),
      bytes: sum(({ bytes }) => bytes),
      gaps: sum(({ gaps }) => gaps),
      dry: sum(({ dry }) => dry),
    };
    for (const [key, count] of Object.entries(counted)) {
      this.totals[key as keyof typeof counted] += count;
    }
    for (const key of Object.keys(NO_LINE) as (keyof LineTotals)[])
      this.line[key] += sum((sample) => sample[key]);
    return { ...counted, gaps: counted.gaps + sum(({ wrong }) => wrong) };
  }

  /** Over the last sample of every generator. */
  #now(of: (sample: Sample) => number): number {
    return this.#sources.reduce((all, { last }) => all + (last === null ? 0 : of(last)), 0);
  }

  /** What two processes heard first at a sequence must be the same. */
  #compare(digests: readonly Digest[], atS: number): void {
    for (const [seq, digest] of digests) {
      const known = this.#digests.get(seq);
      if (known === undefined) this.#digests.set(seq, digest);
      else if (known !== digest) {
        this.totals.wrongBytes++;
        this.tell(atS, `chunk ${seq} is not the same in two generator processes`);
      }
    }
    for (const seq of this.#digests.keys()) {
      if (this.#digests.size <= DIGESTS_MAX) break;
      this.#digests.delete(seq);
    }
  }
}
