/** Counts by the whole second since a loss: how a crowd comes back. Bounded: the last one takes what is later. */
const SECONDS_MAX = 120;

export class Arrivals {
  #counts: number[] = [];

  get counts(): readonly number[] {
    return this.#counts;
  }

  /** @param ms since the loss */
  record(ms: number): void {
    this.#at(Math.floor(ms / 1_000), 1);
  }

  add(counts: readonly number[]): void {
    counts.forEach((count, second) => {
      this.#at(second, count);
    });
  }

  /** All so far, and begins anew. */
  take(): number[] {
    const counts = this.#counts;
    this.#counts = [];
    return counts;
  }

  #at(second: number, count: number): void {
    const at = Math.min(SECONDS_MAX - 1, Math.max(0, second));
    while (this.#counts.length <= at) this.#counts.push(0);
    this.#counts[at]! += count;
  }
}

/** The last ones of a wave do not make it longer, nor fewer than so many of the house a wave. */
const WAVE_SHARE = 0.99;
const WAVE_MIN_SHARE = 0.01;

/**
 * The fullest second over the mean of those in which nearly all came; 0 when hardly anybody of the house did.
 * @param fromS what came sooner is not looked at
 */
export function peakToMean(counts: readonly number[], house: number, fromS = 0): number {
  const looked = counts.slice(fromS);
  const all = looked.reduce((sum, count) => sum + count, 0);
  if (all <= house * WAVE_MIN_SHARE) return 0;
  let seconds = 0;
  let seen = 0;
  let peak = 0;
  while (seen < all * WAVE_SHARE) {
    const count = looked[seconds++]!;
    seen += count;
    peak = Math.max(peak, count);
  }
  return (peak * seconds) / seen;
}
