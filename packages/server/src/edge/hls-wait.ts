/**
 * Requests that wait for the programme to come to what they ask for: blocking reloads and hinted parts
 * (RFC 8216bis §6.2.5.2). They are looked at together, a few times a chunk, and only while there are any.
 */
import type { Clock, Timer, Timers } from '../ports/clock.ts';

/** Behind a cache that lets one request through for all, a handful for each space and cache. */
const WAITING_MAX = 1_000;
const LOOK_MS = 40;

interface Waiting {
  readonly holds: () => boolean;
  readonly done: (held: boolean) => void;
  readonly untilMs: number;
}

export class HlsWait {
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #msMax: number;
  readonly #waiting = new Set<Waiting>();
  #timer: Timer | null = null;

  /** @param msMax after which a request has waited in vain */
  constructor(clock: Clock, timers: Timers, msMax: number) {
    this.#clock = clock;
    this.#timers = timers;
    this.#msMax = msMax;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Calls `done` when `holds` does, at once if it does already; with false when it has not in time, or when
   * too many wait. @returns what makes it forget the request
   */
  until(holds: () => boolean, done: (held: boolean) => void): () => void {
    if (holds() || this.#waiting.size >= WAITING_MAX) {
      done(holds());
      return () => {};
    }
    const waiting = { holds, done, untilMs: this.#clock.monotonicMs() + this.#msMax };
    this.#waiting.add(waiting);
    this.#timer ??= this.#timers.every(LOOK_MS, () => this.#look());
    return () => this.#forget(waiting);
  }

  close(): void {
    for (const waiting of [...this.#waiting]) {
      this.#forget(waiting);
      waiting.done(false);
    }
  }

  #look(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const waiting of [...this.#waiting]) {
      const held = waiting.holds();
      if (!held && nowMs < waiting.untilMs) continue;
      this.#forget(waiting);
      waiting.done(held);
    }
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }
}
