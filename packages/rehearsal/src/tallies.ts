/** What the listeners of one process have met since it was last asked. */

import { Arrivals } from './arrivals.ts';
import { Histogram, type Tally } from './histogram.ts';
import type { Digest } from './reference.ts';

/** Faults told in words, a second. */
const FAULTS_MAX = 5;

/** One second of one generator process, as it tells the conductor. */
export interface Sample {
  /** Connected and hearing now, and wanted by nobody any more or not yet hearing. */
  readonly listeners: number;
  /** Asking or about to ask for longer than `LATE_MS`. */
  readonly waiting: number;
  /** In line, with a place. */
  readonly inLine: number;
  readonly joins: number;
  readonly resumes: number;
  readonly leaves: number;
  readonly refusals: number;
  readonly gaps: number;
  readonly dry: number;
  readonly wrong: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly reads: number;
  readonly visits: number;
  /** Tickets that were given out, and with which somebody came in. */
  readonly tickets: number;
  readonly byTicket: number;
  /** Looks at the line, and those that had no answer. */
  readonly polls: number;
  readonly unanswered: number;
  /** Whose patience was over; whose ticket was refused; who was passed in line. */
  readonly gaveUp: number;
  readonly placesLost: number;
  readonly overtaken: number;
  readonly latency: Tally;
  readonly join: Tally;
  readonly resume: Tally;
  /** Tries to come back by the second since the loss, those where there was no way back for a while apart. */
  readonly tries: readonly number[];
  readonly triesAway: readonly number[];
  /** From coming to the first sound or a place in line, once for every visitor. */
  readonly reached: Tally;
  readonly faults: readonly string[];
  readonly digests: readonly Digest[];
  /** CPU of this process, a share of one core. */
  readonly cpu: number;
  /** The longest that the event loop kept a timer waiting, ms. */
  readonly loopDelayMs: number;
}

export class Tallies {
  joins = 0;
  resumes = 0;
  leaves = 0;
  refusals = 0;
  gaps = 0;
  dry = 0;
  wrong = 0;
  chunks = 0;
  bytes = 0;
  reads = 0;
  visits = 0;
  tickets = 0;
  byTicket = 0;
  polls = 0;
  unanswered = 0;
  gaveUp = 0;
  placesLost = 0;
  overtaken = 0;
  readonly latency = new Histogram();
  readonly join = new Histogram();
  readonly resume = new Histogram();
  readonly tries = new Arrivals();
  readonly triesAway = new Arrivals();
  readonly reached = new Histogram();
  #faults: string[] = [];

  fault(words: string): void {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push(words);
  }

  /** Everything since the last time. */
  take(): Omit<Sample, 'listeners' | 'waiting' | 'inLine' | 'digests' | 'cpu' | 'loopDelayMs'> {
    const { joins, resumes, leaves, refusals, gaps, dry, wrong, chunks, bytes, reads, visits } =
      this;
    const counts = { joins, resumes, leaves, refusals, gaps, dry, wrong, chunks, bytes };
    const taken = {
      ...counts,
      reads,
      visits,
      ...this.#takeLine(),
      latency: this.latency.tally(),
      join: this.join.tally(),
      resume: this.resume.tally(),
      tries: this.tries.take(),
      triesAway: this.triesAway.take(),
      reached: this.reached.tally(),
      faults: this.#faults,
    };
    this.joins = this.resumes = this.leaves = this.refusals = this.visits = 0;
    this.gaps = this.dry = this.wrong = this.chunks = this.bytes = this.reads = 0;
    this.latency.clear();
    this.join.clear();
    this.resume.clear();
    this.reached.clear();
    this.#faults = [];
    return taken;
  }

  #takeLine() {
    const { tickets, byTicket, polls, unanswered, gaveUp, placesLost, overtaken } = this;
    this.tickets = this.byTicket = this.polls = this.unanswered = 0;
    this.gaveUp = this.placesLost = this.overtaken = 0;
    return { tickets, byTicket, polls, unanswered, gaveUp, placesLost, overtaken };
  }
}
