/**
 * The player's buffer as arithmetic: when each chunk is due at the ear, given when the first one came.
 * It plays at the plain rate and never catches up, so that it runs dry no later than a real player does.
 */
import { CHUNK_MS, type Profile } from '@parterre/protocol';

/** A player is dry when less than this is left, ms (`DRY_MS` of its playhead). */
const DRY_MS = 25;
/** After running dry a player gathers this share of its buffer before it goes on. */
const REFILL_SHARE = 0.5;

export class Playout {
  /** When chunk 0 would have been due, monotonic ms; NaN before the first chunk. */
  #originMs = Number.NaN;

  /** Chunk `seq` came. @returns false when it came too late: the player had run dry */
  arrived(seq: number, nowMs: number, profile: Profile): boolean {
    if (Number.isNaN(this.#originMs)) {
      this.#originMs = nowMs + DRY_MS - seq * CHUNK_MS;
      return true;
    }
    if (this.#originMs + seq * CHUNK_MS - nowMs >= DRY_MS) return true;
    this.#originMs = nowMs + profile.bufferMs * REFILL_SHARE - seq * CHUNK_MS;
    return false;
  }

  /** Sound left when everything before chunk `next` has come, ms. */
  aheadMs(next: number, nowMs: number): number {
    return Number.isNaN(this.#originMs) ? 0 : this.#originMs + next * CHUNK_MS - nowMs;
  }
}
