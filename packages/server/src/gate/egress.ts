/**
 * What the house sends against what its way out holds. Beyond eight tenths of the bound the ladder is climbed;
 * where that is not enough the places end at what still fits, so that the last rung is the waiting room. It
 * is a measurement: a second's joins may go beyond the bound before it is seen. Pure.
 */

/** Measurements fade with this time, ms. */
const FADE_MS = 2_000;
/** What a listener takes where nobody listens yet, bits a second. */
const LISTENER_BPS = 64_000;

/** Bits a second from a count of bytes that only grows. */
export class EgressMeter {
  #bps = 0;
  #last: { readonly atMs: number; readonly bytes: number } | null = null;

  /** @returns bits a second lately */
  sample(nowMs: number, bytes: number): number {
    const last = this.#last;
    this.#last = { atMs: nowMs, bytes };
    if (last === null || nowMs <= last.atMs) return this.#bps;
    const passedMs = nowMs - last.atMs;
    const bps = ((bytes - last.bytes) * 8_000) / passedMs;
    this.#bps += (1 - Math.exp(-passedMs / FADE_MS)) * (bps - this.#bps);
    return this.#bps;
  }
}

/**
 * Listeners that the way out holds: those there are, and as many more as fit.
 * @param boundBps bits a second; 0 for none
 * @param sentBps what is sent to `listeners` now
 */
export function listenersWithin(boundBps: number, sentBps: number, listeners: number): number {
  if (boundBps === 0) return Number.POSITIVE_INFINITY;
  const eachBps = listeners === 0 ? LISTENER_BPS : Math.max(1_000, sentBps / listeners);
  return listeners + Math.max(0, Math.floor((boundBps - sentBps) / eachBps));
}
