/**
 * Time enters here and nowhere else, so that a whole house runs in a seeded simulation on one thread.
 * `monotonicMs` never steps and is what the media path uses; `wallMs` may step and only labels.
 */
export interface Clock {
  /** Milliseconds, fractional, from an arbitrary origin shared by the processes of one machine. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
}

/** A pending call; `cancel` is idempotent and safe after it ran. */
export interface Timer {
  cancel(): void;
}

export interface Timers {
  /** Runs `task` once after at least `delayMs`. */
  after(delayMs: number, task: () => void): Timer;
  /** Runs `task` about every `intervalMs` until cancelled; late calls are not made up for. */
  every(intervalMs: number, task: () => void): Timer;
}
