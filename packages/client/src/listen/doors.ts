/** When a listener who waits looks whether the doors have opened. Pure. */

/** They are asked for at least this often, ms: a start may be moved. */
const LOOK_MS_MAX = 60_000;
const LOOK_MS_MIN = 500;
/** When doors open everybody waits for them: the crowd is spread over this, ms. */
const SPREAD_MS = 1_500;

/** `Retry-After` is told in whole seconds, rounded up: the doors themselves may be earlier by so much, ms. */
const ROUNDED_MS = 1_000;

/** @param uniform random, 0 to 1 @param retryAfterMs what the house asked for, 0 for nothing */
export function lookForDoorsMs(untilDoorsMs: number, uniform: number, retryAfterMs = 0): number {
  const leastMs = Math.max(LOOK_MS_MIN, retryAfterMs - ROUNDED_MS);
  return Math.max(leastMs, Math.min(LOOK_MS_MAX, untilDoorsMs)) + uniform * SPREAD_MS;
}
