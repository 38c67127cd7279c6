/**
 * How long a flush interval takes now: as short as the profile says while the process keeps up, and longer
 * when it does not, since writing less often is what makes a write carry more. It follows the process's
 * own lag: how late its ticks come, and what share of the time it spends writing. It grows at once and
 * shrinks slowly, only after a calm, and stops well below what made it grow: so that it does not swing.
 * It stays within what players' buffers have announced (`flushMs` … `flushMsMax`).
 *
 * A cohort is cut into slices; this also says whose turn it is. A longer interval is a slower walk over
 * the same slices, so that nobody is passed over and nobody hears a step when it changes.
 *
 * Pure: time comes as an argument.
 */
import type { Profile } from '@parterre/protocol';

/** Ticks that come later than this are a process that does not keep up, ms (overload is queueing, not CPU). */
export const LATE_MS_MAX = 20;
/** Writing for more than this share of the time leaves too little for joins. */
export const WRITE_SHARE_MAX = 0.5;
/** Measurements fade with this time, ms. */
const FADE_MS = 1_000;
/** The most that the interval grows by in a second, as a factor: from 1 s to 2 s in half a second. */
const GROWTH_PER_S = 4;
/** Only after this long without pressure does it shrink, ms, */
export const CALM_MS = 10_000;
/** and then by this factor a second, */
const SHRINK_PER_S = 0.96;
/** and only while pressure stays below this. */
const CALM_PRESSURE = 0.6;
/** A process that stood still for longer has stood still; it is not load, ms. */
const ELAPSED_MS_MAX = 1_000;

/** Slices `first` … `first + count − 1`, counted for ever: modulo the number of slices. */
export interface Turn {
  readonly first: number;
  readonly count: number;
}

export class FlushPace {
  /** How many slices a cohort of this profile has: one a tick at the longest interval. */
  readonly slices: number;
  /** Of these, every one before this position has had its turn; grows for ever, with a fraction. */
  #position = 0;
  readonly #floorMs: number;
  readonly #ceilingMs: number;
  #flushMs: number;
  #atMs: number;
  #lateMs = 0;
  #share = 0;
  #calmSinceMs: number;

  constructor({ flushMs, flushMsMax }: Profile, tickMs: number, nowMs: number) {
    this.slices = flushMsMax / tickMs;
    this.#floorMs = flushMs;
    this.#ceilingMs = flushMsMax;
    this.#flushMs = flushMs;
    this.#atMs = nowMs;
    this.#calmSinceMs = nowMs;
  }

  /** The interval in use, ms. */
  get flushMs(): number {
    return this.#flushMs;
  }

  /** How far it is raised: 0 at the profile's own interval, 1 at its longest. */
  get raised(): number {
    const span = this.#ceilingMs - this.#floorMs;
    return span === 0 ? 0 : (this.#flushMs - this.#floorMs) / span;
  }

  /** How much the process has to do against what it can: above 1 it does not keep up. */
  get load(): number {
    return Math.max(this.#lateMs / LATE_MS_MAX, this.#share / WRITE_SHARE_MAX);
  }

  /**
   * What one tick showed. Lateness is against when it was due; writing is the time spent since the last.
   * @returns the slices whose turn it is; each at most once, however long the process stood still
   */
  tick(nowMs: number, lateMs: number, writingMs: number): Turn {
    const sinceMs = Math.max(0, nowMs - this.#atMs);
    this.#atMs = nowMs;
    if (sinceMs > 0) this.#follow(nowMs, Math.min(sinceMs, ELAPSED_MS_MAX), lateMs, writingMs);
    const before = Math.floor(this.#position);
    this.#position += (this.slices * sinceMs) / this.#flushMs;
    const count = Math.min(this.slices, Math.floor(this.#position) - before);
    return { first: Math.floor(this.#position) - count, count };
  }

  #follow(nowMs: number, elapsedMs: number, lateMs: number, writingMs: number): void {
    const weight = 1 - Math.exp(-elapsedMs / FADE_MS);
    this.#lateMs += weight * (Math.min(Math.max(0, lateMs), ELAPSED_MS_MAX) - this.#lateMs);
    this.#share += weight * (Math.min(1, Math.max(0, writingMs / elapsedMs)) - this.#share);
    this.#decide(nowMs, elapsedMs / 1_000);
  }

  #decide(nowMs: number, elapsedS: number): void {
    const pressure = this.load;
    if (pressure > 1) {
      this.#calmSinceMs = nowMs;
      const growth = Math.min(pressure, GROWTH_PER_S) ** elapsedS;
      this.#flushMs = Math.min(this.#ceilingMs, this.#flushMs * growth);
    } else if (pressure > CALM_PRESSURE) {
      this.#calmSinceMs = nowMs;
    } else if (nowMs - this.#calmSinceMs > CALM_MS) {
      this.#flushMs = Math.max(this.#floorMs, this.#flushMs * SHRINK_PER_S ** elapsedS);
    }
  }
}
