/** What a rehearsal needs from the machine: time and chance enter here. The server's ports fit it. */

export interface Timer {
  cancel(): void;
}

export interface System {
  /** Milliseconds, fractional, from an arbitrary origin; never steps. */
  monotonicMs(): number;
  /** Milliseconds since the Unix epoch. */
  wallMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  after(delayMs: number, task: () => void): Timer;
  every(intervalMs: number, task: () => void): Timer;
}
