/**
 * How many listeners this server takes in, and who says so [P8]. A certificate raises the house above the
 * cautious default and never lowers it: a small rehearsal proves little, and must not send anybody away.
 */
export interface GateCapacity {
  readonly listeners: number;
  readonly joinsPerS: number;
  readonly source: 'configuration' | 'certificate' | 'default';
}

/**
 * What two cores take in a second where nothing else is known. It is a bound for the worst second: what an
 * edge can take at a moment its own lateness says, and quicker.
 */
const JOINS_PER_S_DEFAULT = 8_000;

/**
 * @param configured the operator's word; 0 for none
 * @param certified what a certificate that is valid now held; null without one
 * @param fallback the cautious default, listeners
 */
export function capacityOf(
  configured: number,
  certified: { readonly listeners: number; readonly joinsPerS: number } | null,
  fallback: number,
): GateCapacity {
  const joinsPerS = Math.max(JOINS_PER_S_DEFAULT, Math.floor(certified?.joinsPerS ?? 0));
  if (configured > 0) return { listeners: configured, joinsPerS, source: 'configuration' };
  const held = certified?.listeners ?? 0;
  if (held > fallback) return { listeners: held, joinsPerS, source: 'certificate' };
  return { listeners: fallback, joinsPerS, source: 'default' };
}

/** What an edge may take in of a space before it has heard a word about it, in all of them together. */
const FLOAT_MAX = 4;
/** Of the house, at most. */
const FLOAT_SHARE = 1 / 8;

/**
 * The places that each edge has without asking, so that the first listener of a new space need not wait.
 * The coordinator keeps them apart for every edge and for one more, which a deploy adds.
 * @param capacityMin the least that capacity can be
 */
export function floatOf(capacityMin: number, edges: number): number {
  return Math.min(FLOAT_MAX, Math.floor((capacityMin * FLOAT_SHARE) / (edges + 1)));
}
