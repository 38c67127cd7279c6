/**
 * Joins a second at one edge: a bucket filled at its share, halved whenever the edge's own timer runs late
 * and given back slowly. Overload shows as waiting in the queue, not as CPU (WeChat DAGOR: more than 20 ms).
 */

/** A timer later than this has work queued before it, ms. */
const LATE_MS = 20;
/** At least this share of the pace is left: of one core it takes a twentieth, whatever else is late. */
const FACTOR_MIN = 1 / 4;
const HALVE_EVERY_MS = 250;
/** From the least to the whole in about ten seconds. */
const RECOVER_PER_S = 0.1;
/** So much of a second's joins may come at once. */
const BURST_S = 0.5;

export class JoinPace {
  #perS = 0;
  #factor = 1;
  #left = 0;
  #filledMs: number;
  #halvedMs = Number.NEGATIVE_INFINITY;

  constructor(nowMs: number) {
    this.#filledMs = nowMs;
  }

  /** Joins a second that are taken now. */
  get perS(): number {
    return this.#perS * this.#factor;
  }

  set(perS: number): void {
    if (this.#perS === 0) this.#left = Math.max(1, perS * BURST_S);
    this.#perS = perS;
  }

  /** @param lateMs how late the edge's timer came, ms */
  tick(nowMs: number, lateMs: number): void {
    const passedS = Math.max(0, nowMs - this.#filledMs) / 1_000;
    this.#filledMs = nowMs;
    if (lateMs > LATE_MS && nowMs - this.#halvedMs >= HALVE_EVERY_MS) {
      this.#halvedMs = nowMs;
      this.#factor = Math.max(FACTOR_MIN, this.#factor / 2);
    } else if (lateMs <= LATE_MS) {
      this.#factor = Math.min(1, this.#factor + RECOVER_PER_S * passedS);
    }
    this.#left = Math.min(Math.max(1, this.perS * BURST_S), this.#left + this.perS * passedS);
  }

  /** Whether one more may join now; `take` counts it. */
  get ready(): boolean {
    return this.#left >= 1;
  }

  /** May go below nothing: those who come back are counted and never refused for it. */
  take(): void {
    this.#left--;
  }
}
