/**
 * Stalls of a voice: now and then its packets lie somewhere for longer than the delay makes up for, and
 * come together, all of them. They are too few for a quantile to see, so that each would cost a broken word
 * and seconds of hurry. A stall that comes again within STALL_WINDOW_MS is met by the delay itself; one
 * alone is not, since it may be the last. Times in ms. Bounded: STALLS_MAX.
 */

const STALL_WINDOW_MS = 20_000;
/** Lateness within this of a stall's beginning is the same stall. */
const STALL_MS = 1_000;
const STALLS_MAX = 8;

interface Stall {
  beganMs: number;
  lateMs: number;
}

export class Stalls {
  readonly #stalls: Stall[] = [];

  /** The lateness that has come twice in the window: the greatest but one; 0 when there was none. */
  repeatedMs(nowMs: number): number {
    let most = 0;
    let second = 0;
    for (const { beganMs, lateMs } of this.#stalls) {
      if (nowMs - beganMs > STALL_WINDOW_MS) continue;
      second = Math.max(second, Math.min(most, lateMs));
      most = Math.max(most, lateMs);
    }
    return second;
  }

  /** A packet was `lateMs` late, more than the delay of all the others asks for. */
  late(lateMs: number, nowMs: number): void {
    const last = this.#stalls.at(-1);
    if (last !== undefined && nowMs - last.beganMs < STALL_MS) {
      last.lateMs = Math.max(last.lateMs, lateMs);
      return;
    }
    if (this.#stalls.length === STALLS_MAX) this.#stalls.shift();
    this.#stalls.push({ beganMs: nowMs, lateMs });
  }

  clear(): void {
    this.#stalls.length = 0;
  }
}
