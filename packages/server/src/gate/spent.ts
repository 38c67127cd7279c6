/**
 * Which tickets were redeemed. Two generations, each of a turn's life: a ticket lapses a turn's life after
 * it was called, so whatever falls out could not be redeemed any more. Bounded; a full set refuses, since
 * forgetting would let a ticket in twice.
 */
const SPENT_MAX = 500_000;

export class SpentSet {
  readonly #lifeMs: number;
  #young = new Set<string>();
  #old = new Set<string>();
  #turnedMs: number;

  constructor(lifeMs: number, nowMs: number) {
    this.#lifeMs = lifeMs;
    this.#turnedMs = nowMs;
  }

  /** @returns whether this was its first time, and is known as its last */
  spend(id: string, nowMs: number): boolean {
    this.#turn(nowMs);
    if (this.#young.has(id) || this.#old.has(id) || this.#young.size >= SPENT_MAX) return false;
    this.#young.add(id);
    return true;
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#turnedMs < this.#lifeMs) return;
    this.#old = nowMs - this.#turnedMs < 2 * this.#lifeMs ? this.#young : new Set();
    this.#young = new Set();
    this.#turnedMs = nowMs;
  }
}
