/** The result document: what was measured, what was promised, what it took. Checked before it is written. */
import {
  type CrowdResult,
  type Exercised,
  type Machine,
  type MixerLateness,
  type PromiseResult,
  type RehearsalResult,
  RehearsalResultSchema,
  type RehearsalSecond,
  type Saturation,
  type ServerDescription,
} from '@parterre/protocol/rehearsal';
import { Value } from 'typebox/value';
import type { Ledger } from './ledger.ts';
import { lineResultOf } from './line-figures.ts';
import type { Target } from './messages.ts';
import type { Score } from './scenario.ts';
import type { Outcome } from './verdict.ts';

export interface ResultInput {
  readonly id: string;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  readonly url: string;
  readonly target: Target;
  readonly score: Pick<Score, 'name' | 'about' | 'text'>;
  readonly scale: number;
  readonly speed: number;
  readonly ledger: Ledger;
  readonly promises: readonly PromiseResult[];
  readonly outcome: Outcome;
  readonly saturated: Saturation;
  readonly machine: Machine;
  readonly generators: number;
  readonly server: ServerDescription | null;
  readonly edgesKilled: number;
  readonly edgesReplaced: number;
  /** What the server was told to take in; null where that is not known. */
  readonly capacity: number | null;
  readonly crowds: readonly CrowdResult[];
  /** The server before the first listener: CPU, a share of one core, and its mixers; null when not told. */
  readonly idle: { readonly cpu: number | null; readonly mixer: MixerLateness | null };
}

const WINDOW_S = 10;

/** @throws Error when the document is not what its schema says: a fault of ours */
export function resultOf(input: ResultInput): RehearsalResult {
  const { ledger, target, score, outcome } = input;
  const samples = Math.max(1, ledger.seconds.length);
  const result: RehearsalResult = {
    v: 1,
    id: input.id,
    beganAtMs: Math.round(input.beganAtMs),
    endedAtMs: Math.round(input.endedAtMs),
    outcome: outcome.outcome,
    reason: outcome.reason.slice(0, 2_000),
    target: { url: input.url, space: target.space, profile: target.profile },
    scenario: {
      name: score.name.slice(0, 200),
      about: score.about.slice(0, 2_000),
      scale: input.scale,
      speed: input.speed,
      text: score.text.slice(0, 2_000),
    },
    server: input.server,
    generator: {
      machine: input.machine,
      processes: input.generators,
      sameMachine: target.loopback,
      cpuMean: ledger.generatorCpuSum / samples,
      cpuMax: ledger.generatorCpuMax,
      loopDelayMaxMs: ledger.loopDelayMaxMs,
    },
    exercised: exercisedOf(ledger.seconds, input),
    promises: [...input.promises],
    saturated: input.saturated,
    latencyMs: ledger.latency.percentiles(),
    joinMs: ledger.join.percentiles(),
    resumeMs: ledger.resume.percentiles(),
    mixer: { idle: input.idle.mixer, loaded: ledger.mixer },
    line: lineResultOf(ledger, input.capacity, input.crowds),
    totals: ledger.totals,
    cost: costOf(ledger, input.idle.cpu),
    seconds: ledger.seconds,
    events: ledger.events,
  };
  if (!Value.Check(RehearsalResultSchema, result)) {
    const [first] = [...Value.Errors(RehearsalResultSchema, result)];
    throw new Error(
      `The result is not as its schema says: ${first?.instancePath} ${first?.message}`,
    );
  }
  return result;
}

function exercisedOf(
  seconds: readonly RehearsalSecond[],
  { edgesKilled, edgesReplaced }: Pick<ResultInput, 'edgesKilled' | 'edgesReplaced'>,
): Exercised {
  const most = (of: (second: RehearsalSecond) => number): number =>
    seconds.reduce((peak, second) => Math.max(peak, of(second)), 0);
  let joinsPer10S = 0;
  seconds.forEach((_, at) => {
    const window = seconds.slice(at, at + WINDOW_S);
    const joins = window.reduce((sum, second) => sum + second.joins - second.resumes, 0);
    joinsPer10S = Math.max(joinsPer10S, joins / WINDOW_S);
  });
  return {
    listeners: most(({ listeners }) => listeners),
    joinsPerS: most(({ joins, resumes }) => joins - resumes),
    joinsPer10S,
    resumesPerS: most(({ resumes }) => resumes),
    leavesPerS: most(({ leaves }) => leaves),
    edgesKilled,
    edgesReplaced,
    seconds: seconds.length,
    listenedSeconds: seconds.reduce((sum, { listeners }) => sum + listeners, 0),
  };
}

/**
 * CPU of one listener from the seconds in which hardly anybody joined, and of one join from what the
 * others took beyond that.
 */
function costOf(ledger: Ledger, idleCpu: number | null): RehearsalResult['cost'] {
  const told = ledger.seconds.filter(({ serverCpu }) => serverCpu !== null);
  const peak = Math.max(0, ...told.map(({ listeners }) => listeners));
  if (idleCpu === null || peak === 0) return null;
  const calm = told.filter(
    ({ listeners, joins, leaves }) => listeners > peak / 2 && joins + leaves < listeners * 0.01,
  );
  const overOf = (seconds: readonly RehearsalSecond[]): number =>
    seconds.reduce((sum, { serverCpu }) => sum + Math.max(0, serverCpu! - idleCpu), 0);
  const heardOf = (seconds: readonly RehearsalSecond[]): number =>
    seconds.reduce((sum, { listeners }) => sum + listeners, 0);
  const cpuPerListener = calm.length === 0 ? 0 : overOf(calm) / heardOf(calm);
  const joins = told.reduce((sum, second) => sum + second.joins, 0);
  const beyond = Math.max(0, overOf(told) - cpuPerListener * heardOf(told));
  const memory = told.map(({ serverMemoryBytes }) => serverMemoryBytes ?? 0);
  const grown = Math.max(0, ...memory) - (memory.find((bytes) => bytes > 0) ?? 0);
  return {
    serverCpuS: ledger.serverCpuS,
    egressBytes: ledger.totals.bytes,
    memoryPerListenerBytes: Math.max(0, grown / peak),
    cpuPerListener,
    cpuPerJoinS: joins === 0 ? 0 : beyond / joins,
  };
}
