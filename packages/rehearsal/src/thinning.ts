/**
 * A long rehearsal's timeline, made shorter by merging neighbouring seconds. What is counted is added
 * up, of what is a level the highest stays: so no gap, peak or worst delay is lost, and totals are as
 * they were. `atS` is the first second of those merged.
 */
import type { RehearsalResult, RehearsalSecond } from '@parterre/protocol/rehearsal';

/** Samples in a result that is sent to a server: at most about 2 MB of JSON. */
export const SENT_SAMPLES_MAX = 3_600;

/** Numbers that say how often in this second; all others are levels. */
const COUNTED: ReadonlySet<keyof RehearsalSecond> = new Set([
  'joins',
  'resumes',
  'leaves',
  'tickets',
  'refusals',
  'gaps',
  'dry',
  'bytes',
]);

/** The same result with at most `samplesMax` samples. */
export function thinned(result: RehearsalResult, samplesMax: number): RehearsalResult {
  return { ...result, seconds: thinnedSeconds(result.seconds, samplesMax) };
}

export function thinnedSeconds(
  seconds: readonly RehearsalSecond[],
  samplesMax: number,
): RehearsalSecond[] {
  const each = Math.ceil(seconds.length / samplesMax);
  if (each <= 1) return [...seconds];
  const merged: RehearsalSecond[] = [];
  for (let at = 0; at < seconds.length; at += each)
    merged.push(seconds.slice(at, at + each).reduce(together));
  return merged;
}

function together(first: RehearsalSecond, second: RehearsalSecond): RehearsalSecond {
  const both = { ...first };
  for (const name of Object.keys(first) as (keyof RehearsalSecond)[]) {
    const [a, b] = [first[name], second[name]];
    if (name === 'atS' || b === null) continue;
    const joined = a === null ? b : COUNTED.has(name) ? a + b : Math.max(a, b);
    (both as Record<keyof RehearsalSecond, number | null>)[name] = joined;
  }
  return both;
}
