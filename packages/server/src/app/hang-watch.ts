/**
 * Whether a process that is asked regularly hangs: it has not answered for HANG_MS. Time in which this side
 * was itself held up (stopped, a paused machine) does not count: answers may lie unread. Refuses to judge
 * then, and begins anew.
 */

/** A process that has not answered for this long hangs. Far above what a busy machine can cause. */
const HANG_MS = 20_000;
export const PING_EVERY_MS = 2_000;
/** A look that comes this late says that this side was held up. */
const LATE_LOOK_MS = 2 * PING_EVERY_MS;

export class HangWatch {
  #answeredAtMs: number;
  #lookedAtMs: number;

  /** All times monotonic. */
  constructor(nowMs: number) {
    this.#answeredAtMs = nowMs;
    this.#lookedAtMs = nowMs;
  }

  answered(nowMs: number): void {
    this.#answeredAtMs = nowMs;
  }

  /** To be called about every PING_EVERY_MS. @returns whether the process hangs */
  look(nowMs: number): boolean {
    const lateMs = nowMs - this.#lookedAtMs - PING_EVERY_MS;
    this.#lookedAtMs = nowMs;
    if (lateMs > LATE_LOOK_MS) this.#answeredAtMs = nowMs;
    return nowMs - this.#answeredAtMs > HANG_MS;
  }
}
