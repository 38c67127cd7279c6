/** What a house with more visitors than places came to, from what was measured. Pure. */
import type {
  CrowdResult,
  LineResult,
  Neighbour,
  RehearsalSecond,
} from '@parterre/protocol/rehearsal';
import type { Ledger } from './ledger.ts';

/** @param capacity what the server was told to take in; null where it is not known */
export function lineResultOf(
  ledger: Ledger,
  capacity: number | null,
  crowds: readonly CrowdResult[],
): LineResult {
  return {
    capacity,
    ...mostOf(ledger.seconds),
    reachedMs: ledger.reached.percentiles(),
    goodputS: goodputOf(ledger.seconds),
    ...ledger.line,
    crowds: [...crowds],
  };
}

/** Most listeners at once; the server's count is of all its spaces. */
export function mostOf(
  seconds: readonly RehearsalSecond[],
): Pick<LineResult, 'listenersMax' | 'serverListenersMax'> {
  const told = seconds.flatMap(({ serverListeners }) => serverListeners ?? []);
  return {
    listenersMax: Math.max(0, ...seconds.map(({ listeners }) => listeners)),
    serverListenersMax: told.length === 0 ? null : Math.max(...told),
  };
}

/** Listeners in each second less those who had a gap in it. */
export function goodputOf(seconds: readonly RehearsalSecond[]): number {
  return seconds.reduce(
    (sum, { listeners, gaps, dry }) => sum + Math.max(0, listeners - gaps - dry),
    0,
  );
}

/**
 * From the crowd's end until those who still came were let in at once. Who came before that may look again
 * later: at the line's own pace.
 * @returns null when somebody had to wait to the end
 */
export function recoveryOf(seconds: readonly RehearsalSecond[], crowdEndS: number): number | null {
  const after = seconds.filter(({ atS }) => atS >= crowdEndS);
  const last = after.findLastIndex(({ tickets }) => tickets > 0);
  if (after.length === 0 || last === after.length - 1) return null;
  return last === -1 ? 0 : after[last]!.atS + 1 - crowdEndS;
}

/** A neighbour in some seconds. @param apiMs how long each question to the api took */
export function neighbourOf(
  seconds: readonly RehearsalSecond[],
  apiMs: readonly number[],
): Neighbour {
  const told = <K extends 'joinP95Ms' | 'latencyP99Ms'>(key: K): number[] =>
    seconds.flatMap((second) => second[key] ?? []);
  return {
    seconds: seconds.length,
    joins: seconds.reduce((sum, { joins }) => sum + joins, 0),
    joinP95Ms: p95Of(told('joinP95Ms')),
    latencyP99Ms: p95Of(told('latencyP99Ms')),
    gaps: seconds.reduce((sum, { gaps, dry }) => sum + gaps + dry, 0),
    apiP95Ms: p95Of(apiMs),
  };
}

function p95Of(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!;
}
