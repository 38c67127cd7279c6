/**
 * A histogram of times with a fixed size: log-linear, 32 steps an octave, so that a value is told to 3 %
 * and recording one costs an addition. Made to be sent between processes as pairs and merged.
 */
import type { Percentiles } from '@parterre/protocol/rehearsal';

/** Values are counted in quarters of a millisecond. */
const STEPS_PER_MS = 4;
const LINEAR_STEPS = 64;
const OCTAVE_STEPS = 32;
/** The longest value told apart: 2^22 quarters, 17 minutes. */
const STEPS_MAX = 2 ** 22 - 1;
const BUCKETS = LINEAR_STEPS + 16 * OCTAVE_STEPS;

/** A histogram on its way: alternately a bucket and its count, and the greatest value, ms. */
export interface Tally {
  readonly pairs: readonly number[];
  readonly maxMs: number;
}

export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** Negative values, of clocks that differ, count as 0. */
  record(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = this.#counts[bucket]! + 1;
    this.#count++;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  add({ pairs, maxMs }: Tally): void {
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const bucket = pairs[at]!;
      const count = pairs[at + 1]!;
      this.#counts[bucket] = this.#counts[bucket]! + count;
      this.#count += count;
    }
    if (maxMs > this.#maxMs) this.#maxMs = maxMs;
  }

  tally(): Tally {
    const pairs: number[] = [];
    if (this.#count > 0) {
      this.#counts.forEach((count, bucket) => {
        if (count > 0) pairs.push(bucket, count);
      });
    }
    return { pairs, maxMs: this.#maxMs };
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  clear(): void {
    if (this.#count > 0) this.#counts.fill(0);
    this.#count = 0;
    this.#maxMs = 0;
  }

  /** The upper bound of what `share` of the values stay within, ms; null when there are none. */
  at(share: number): number | null {
    if (this.#count === 0) return null;
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!;
      if (left <= 0) return Math.min(this.#maxMs, boundMs(bucket));
    }
    return this.#maxMs;
  }

  /** How many values are below `ms`, to the width of a step. */
  below(ms: number): number {
    let count = 0;
    for (let bucket = 0; bucket < BUCKETS && boundMs(bucket) <= ms; bucket++) {
      count += this.#counts[bucket]!;
    }
    return count;
  }

  percentiles(): Percentiles | null {
    if (this.#count === 0) return null;
    const [p50, p95, p99] = [this.at(0.5)!, this.at(0.95)!, this.at(0.99)!];
    return { count: this.#count, p50, p95, p99, max: this.#maxMs };
  }
}

function bucketOf(ms: number): number {
  const steps = Math.min(STEPS_MAX, Math.max(0, Math.floor(ms * STEPS_PER_MS)));
  if (steps < LINEAR_STEPS) return steps;
  const octave = 31 - Math.clz32(steps);
  const step = (steps >> (octave - 5)) & (OCTAVE_STEPS - 1);
  return LINEAR_STEPS + (octave - 6) * OCTAVE_STEPS + step;
}

/** The least value that is no longer in the bucket, ms. */
function boundMs(bucket: number): number {
  if (bucket < LINEAR_STEPS) return (bucket + 1) / STEPS_PER_MS;
  const octave = 6 + Math.floor((bucket - LINEAR_STEPS) / OCTAVE_STEPS);
  const step = (bucket - LINEAR_STEPS) % OCTAVE_STEPS;
  return ((OCTAVE_STEPS + step + 1) * 2 ** (octave - 5)) / STEPS_PER_MS;
}
