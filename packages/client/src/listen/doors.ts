/** When a listener who waits looks whether the doors have opened. Pure. */

/** They are asked for at least this often, ms: a start may be moved. */
const LOOK_MS_MAX = 60_000;
const LOOK_MS_MIN = 500;
/** When doors open everybody waits for them: the crowd is spread over this, ms. */
const SPREAD_MS = 1_500;

/** @param uniform random, 0 to 1 */
export function lookForDoorsMs(untilDoorsMs: number, uniform: number): number {
  return Math.min(LOOK_MS_MAX, Math.max(LOOK_MS_MIN, untilDoorsMs)) + uniform * SPREAD_MS;
}
