/**
 * What the player takes from the browser that a test wants to hold in its own hand: time, timers,
 * randomness, the network. Everything in `listen/` that decides something gets it from here.
 */

export interface System {
  /** Monotonic, ms; goes on while the page sleeps where the browser lets it. */
  monotonicMs(): number;
  /** The browser's wall clock, ms since the Unix epoch. */
  wallMs(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Calls `fire` once after `ms`; the returned function cancels it. */
  after(ms: number, fire: () => void): () => void;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

/** One timer for one thing: setting it anew replaces what it was set to. */
export class Alarm {
  readonly #system: System;
  readonly #fire: () => void;
  #cancel: (() => void) | null = null;

  constructor(system: System, fire: () => void) {
    this.#system = system;
    this.#fire = fire;
  }

  set(delayMs: number): void {
    this.clear();
    this.#cancel = this.#system.after(delayMs, this.#fire);
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = null;
  }
}

/** The browser itself. */
export const browserSystem: System = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  after(ms, fire) {
    const timer = setTimeout(fire, ms);
    return () => clearTimeout(timer);
  },
  fetch: (url, init) => fetch(url, init),
};
