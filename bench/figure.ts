/** One measured figure, as `bench/main.ts` prints it, and what a suite is asked. */
export interface Figure {
  /** Dotted stable name, listed in `bench/README.md`. */
  readonly figure: string;
  /** The median of `runs`. */
  readonly value: number;
  readonly unit: string;
  readonly runs?: readonly number[];
  /** Digest of what was computed; the same for the same input. */
  readonly hash?: string;
}

export interface FigureOptions {
  /** How many counted runs, interleaved where there are several things to compare. */
  readonly runs: number;
}

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('There is no median of nothing.');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
