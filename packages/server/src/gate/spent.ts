/**
 * Which tickets were redeemed. Two generations, each of a turn's life: a ticket lapses a turn's life after
 * it was called, so whatever falls out could not be redeemed any more. Bounded; a full set refuses, since
 * forgetting would let a ticket in twice.
 */
import { IdSet } from './id-set.ts';

/** Of a generation: 8 MiB. */
const SPENT_MAX = 500_000;

export class SpentSet {
  readonly #lifeMs: number;
  readonly #max: number;
  #young: IdSet;
  #old: IdSet | null = null;
  #turnedMs: number;

  constructor(lifeMs: number, nowMs: number, max = SPENT_MAX) {
    this.#lifeMs = lifeMs;
    this.#max = max;
    this.#young = new IdSet(max);
    this.#turnedMs = nowMs;
  }

  /** @returns whether this was its first time, and is known as its last */
  spend(id: string, nowMs: number): boolean {
    return !this.has(id, nowMs) && this.#young.add(id);
  }

  has(id: string, nowMs: number): boolean {
    this.#turn(nowMs);
    return this.#young.has(id) || (this.#old?.has(id) ?? false);
  }

  #turn(nowMs: number): void {
    if (nowMs - this.#turnedMs < this.#lifeMs) return;
    this.#old = nowMs - this.#turnedMs < 2 * this.#lifeMs ? this.#young : null;
    this.#young = new IdSet(this.#max);
    this.#turnedMs = nowMs;
  }
}
