/**
 * From what was measured to what may be said. A generator that is late can only make a server look worse,
 * never better: so what held is held however busy the generator was, and what broke while the generator
 * was short says nothing of the server.
 */

import { RETRY_MS_MAX } from '@parterre/client/backoff';
import { PROFILES, type ProfileId } from '@parterre/protocol';
import type { PromiseResult, RehearsalResult, Saturation } from '@parterre/protocol/rehearsal';
import { peakToMean } from './arrivals.ts';
import { type Ledger, SHORT } from './ledger.ts';
import { mostOf } from './line-figures.ts';

export type Outcome = Pick<RehearsalResult, 'outcome' | 'reason'>;

/** In this share of its seconds a generator may be short before what broke is void. */
export const SHORT_SHARE_MAX = 0.1;
/** Nobody meets a dead screen for longer, s. */
const FIRST_AUDIO_S_MAX = 2;
/** Delivery in `near`, s. */
const NEAR_P50_S_MAX = 0.5;
const NEAR_P99_S_MAX = 1;
/** All listeners of an edge that died are back within, s. */
const BACK_S_MAX = 3;
const PEAK_TO_MEAN_MAX = 2;
/** By then every listener waits as long as it ever does, s. */
const BACKED_OFF_S = RETRY_MS_MAX / 1_000;
/** So much of the wanted house may be missing at the peak. */
const MISSING_SHARE_MAX = 0.02;

export interface Circumstances {
  readonly profile: ProfileId;
  /** The largest house that was wanted. */
  readonly wanted: number;
  readonly edgesKilled: number;
  /** All connections were cut at once, at least once. */
  readonly cut: boolean;
  /** Half of the house or more left at once. */
  readonly emptied: boolean;
  /** What the server was told to take in, of all its spaces; null where that is not known. */
  readonly capacity: number | null;
  /** Cores of the machine the server runs on; null when it is not this one. */
  readonly cores: number | null;
  /** Free share of this machine's memory; null when the server runs elsewhere. */
  readonly memoryFree: number | null;
  /** Fastest link of this machine, bytes a second; null on the loopback. */
  readonly linkBytesPerS: number | null;
}

/** All that is said of what was measured. */
export interface Judgement {
  readonly promises: readonly PromiseResult[];
  readonly outcome: Outcome;
  readonly saturated: Saturation;
}

/** @param stopped why it ended before its time, or null */
export function judge(
  ledger: Ledger,
  circumstances: Circumstances,
  stopped: string | null,
): Judgement {
  const promises = promisesOf(ledger, circumstances);
  const outcome = outcomeOf(promises, ledger, stopped);
  return { promises, outcome, saturated: saturationOf(ledger, circumstances) };
}

export function promisesOf(ledger: Ledger, circumstances: Circumstances): PromiseResult[] {
  const { totals, seconds } = ledger;
  const promises: PromiseResult[] = [];
  const must = (promise: string, measure: string, limit: number, measured: number): void => {
    promises.push({ promise, measure, limit, measured, held: measured <= limit });
  };
  must('P1', 'gaps', 0, totals.gaps);
  must('P1', 'wrong_bytes', 0, totals.wrongBytes);
  must('P1', 'dry', 0, totals.dry);
  const p50S = (ledger.latency.at(0.5) ?? 0) / 1_000;
  const p99S = (ledger.latency.at(0.99) ?? 0) / 1_000;
  const near = circumstances.profile === 'near';
  if (near) must('P1', 'latency.p50_s', NEAR_P50_S_MAX, p50S);
  const bufferS = PROFILES[circumstances.profile].bufferMs / 1_000;
  must('P1', 'latency.p99_s', near ? NEAR_P99_S_MAX : bufferS, p99S);
  if (circumstances.edgesKilled > 0)
    must('P1', 'resume.max_s', BACK_S_MAX, ledger.resume.maxMs / 1_000);
  if (circumstances.edgesKilled > 0 || circumstances.cut || circumstances.emptied) {
    const ratio = peakToMean(ledger.tries.counts, circumstances.wanted);
    must('P1', 'resume.peak_to_mean', PEAK_TO_MEAN_MAX, ratio);
  }
  const away = ledger.triesAway.counts;
  if (away.length > BACKED_OFF_S) {
    const ratio = peakToMean(away, circumstances.wanted, BACKED_OFF_S);
    must('P1', 'backed_off.peak_to_mean', PEAK_TO_MEAN_MAX, ratio);
  }
  must('P2', 'join.first_audio.p95_s', FIRST_AUDIO_S_MAX, (ledger.join.at(0.95) ?? 0) / 1_000);
  must('P2', 'waiting_at_end', 0, ledger.waiting);
  promises.push(...ofTheLine(ledger, circumstances));
  const skipped = seconds.flatMap(({ ticksSkipped }) =>
    ticksSkipped === null ? [] : ticksSkipped,
  );
  if (skipped.length > 0) must('P3', 'ticks_skipped', 0, Math.max(...skipped) - skipped[0]!);
  const most = seconds.reduce(
    (peak, { listeners, inLine }) => Math.max(peak, listeners + inLine),
    0,
  );
  const missing = circumstances.wanted === 0 ? 1 : 1 - most / circumstances.wanted;
  must('P8', 'exercised.missing_share', MISSING_SHARE_MAX, Math.max(0, missing));
  return promises;
}

/** What every visitor is promised, whether there is a place for them or not. */
function ofTheLine(ledger: Ledger, { capacity }: Circumstances): PromiseResult[] {
  const { reached, line, seconds } = ledger;
  const promises: PromiseResult[] = [];
  const must = (promise: string, measure: string, limit: number, measured: number): void => {
    promises.push({ promise, measure, limit, measured, held: measured <= limit });
  };
  must('P2', 'reached.p99_s', FIRST_AUDIO_S_MAX, (reached.at(0.99) ?? 0) / 1_000);
  if (line.tickets > 0) {
    must('P2', 'line.overtaken', 0, line.overtaken);
    must('P2', 'line.places_lost', 0, line.placesLost);
  }
  if (capacity === null) return promises;
  const { listenersMax, serverListenersMax } = mostOf(seconds);
  const over = Math.max(listenersMax, serverListenersMax ?? 0) - capacity;
  must('P1', 'admitted.over_capacity', 0, Math.max(0, over));
  return promises;
}

export function outcomeOf(
  promises: readonly PromiseResult[],
  ledger: Pick<Ledger, 'shortShare'>,
  stopped: string | null,
): Outcome {
  if (stopped !== null) return { outcome: 'stopped', reason: stopped };
  const broken = promises.filter(({ held }) => !held);
  if (broken.length === 0) return { outcome: 'held', reason: 'Every promise held.' };
  const short = ledger.shortShare;
  if (short <= SHORT_SHARE_MAX) return { outcome: 'broken', reason: reasonOf(broken) };
  return {
    outcome: 'void',
    reason: `The generator was short in ${Math.round(short * 100)} % of the seconds (above ${SHORT.cpu * 100} % of a core, or ${SHORT.loopDelayMs} ms late), so this says nothing of the server: ${reasonOf(broken)}`,
  };
}

/** What broke, in a sentence. */
export function reasonOf(broken: readonly PromiseResult[]): string {
  const words = broken.map(
    ({ promise, measure, limit, measured }) =>
      `${measure} [${promise}] was ${Number(measured.toFixed(3))}, at most ${limit} was promised`,
  );
  return `${words.join('; ')}.`;
}

/** What was scarcest in the worst second. */
export function saturationOf(ledger: Ledger, circumstances: Circumstances): Saturation {
  const { seconds, figures } = ledger;
  const peak = (of: (second: Ledger['seconds'][number]) => number | null): number =>
    seconds.reduce((most, second) => Math.max(most, of(second) ?? 0), 0);
  const { cores, memoryFree, linkBytesPerS } = circumstances;
  if (figures !== null && (figures.descriptors > 0.97 || figures.refusedFull > 0))
    return 'descriptors';
  if (memoryFree !== null && memoryFree < 0.05) return 'memory';
  if (linkBytesPerS !== null && peak(({ bytes }) => bytes) > linkBytesPerS * 0.9) return 'egress';
  if (peak(({ edgeCpu }) => edgeCpu) > 0.9) return 'cpu';
  const all = peak(({ serverCpu, generatorCpu }) => (serverCpu ?? 0) + generatorCpu);
  if (cores !== null && all > cores * 0.9) return 'cpu';
  if (peak(({ loopDelayMs }) => loopDelayMs) > 200) return 'event-loop';
  return figures === null ? 'unknown' : 'none';
}
