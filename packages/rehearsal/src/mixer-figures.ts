/**
 * How late the mixers ticked, idle and under the rehearsal's load: the differences of a histogram that the
 * server tells at `/metrics`, whose buckets are all that is known of a percentile.
 */
import type { MixerLateness } from '@parterre/protocol/rehearsal';

/** Ticks since the programme began, by how late they were at most, s; ascending. */
export interface TickHistogram {
  readonly count: number;
  readonly sumS: number;
  readonly buckets: readonly (readonly [atMostS: number, count: number])[];
}

/** What a frame may be late without anybody's hearing it, s. */
const CATCH_UP_S = 0.1;

/** @returns null when no tick is known between the two */
export function latenessBetween(
  before: TickHistogram | null,
  after: TickHistogram | null,
): MixerLateness | null {
  if (before === null || after === null || after.count <= before.count) return null;
  const ticks = after.count - before.count;
  const earlier = new Map(before.buckets);
  const within = after.buckets.map(
    ([atMostS, count]) => [atMostS, count - (earlier.get(atMostS) ?? 0)] as const,
  );
  const p99 = within.find(([, count]) => count >= 0.99 * ticks);
  const caughtUp = within.find(([atMostS]) => atMostS === CATCH_UP_S)?.[1] ?? ticks;
  return {
    ticks,
    meanMs: ((after.sumS - before.sumS) / ticks) * 1_000,
    p99MsAtMost: p99 === undefined ? null : p99[0] * 1_000,
    later: ticks - caughtUp,
  };
}
