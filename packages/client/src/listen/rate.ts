/**
 * Holds the distance between the live edge and the ear at the profile's buffer, by playing a little
 * faster or slower, and says when that is hopeless.
 *
 * An edge flushes several chunks at a time, so what is buffered is a sawtooth. The distance is
 * therefore measured to the live edge, estimated as the greatest (end of fragment − arrival) of the last
 * seconds: the newest chunk of a flush has waited least. Corrections begin outside a dead band and go on
 * until the middle is reached, in one steady step: the rate moves seldom, and nobody hears it. Where
 * nearness is what was promised (`near`), a lag that would take half a minute to play off is skipped.
 */

import type { Profile } from '@parterre/protocol';

/** Slowest and fastest playback; speech keeps its pitch (`preservesPitch`). */
export const RATE_MIN = 0.97;
export const RATE_MAX = 1.05;

const WINDOW_MS = 8_000;
const BUCKETS = 8;
const BUCKET_MS = WINDOW_MS / BUCKETS;

/** Estimates where the programme is now, from when its fragments arrived. */
export class LiveEdge {
  readonly #greatest = new Float64Array(BUCKETS).fill(Number.NEGATIVE_INFINITY);
  #bucket = -1;

  /** A fragment that ends at `endMs` of programme time arrived at `nowMs` (monotonic). */
  arrived(endMs: number, nowMs: number): void {
    this.#advance(nowMs);
    const at = this.#bucket % BUCKETS;
    this.#greatest[at] = Math.max(this.#greatest[at]!, endMs - nowMs);
  }

  /** Programme time at the live edge, ms; null before the first fragment. Holds the last estimate through a cut. */
  at(nowMs: number): number | null {
    let greatest = Number.NEGATIVE_INFINITY;
    for (const value of this.#greatest) greatest = Math.max(greatest, value);
    return greatest === Number.NEGATIVE_INFINITY ? null : greatest + nowMs;
  }

  forget(): void {
    this.#greatest.fill(Number.NEGATIVE_INFINITY);
    this.#bucket = -1;
  }

  /** Old buckets are cleared only when something newer arrives, so that a cut does not erase the estimate. */
  #advance(nowMs: number): void {
    const bucket = Math.floor(nowMs / BUCKET_MS);
    if (this.#bucket < 0) this.#bucket = bucket;
    const steps = Math.min(bucket - this.#bucket, BUCKETS);
    for (let step = 0; step < steps; step++) {
      this.#greatest[(bucket - step) % BUCKETS] = Number.NEGATIVE_INFINITY;
    }
    this.#bucket = Math.max(this.#bucket, bucket);
  }
}

/** What the controller wants done. `skip`: too far behind for any rate; go to live. */
export type RateDecision = { readonly rate: number; readonly skip: boolean };

/** Where corrections begin and end, and where catching up becomes a skip: distances from the target, ms. */
export interface RateBands {
  readonly beginMs: number;
  readonly endMs: number;
  readonly skipMs: number;
}

/** `near` goes to live at twice its buffer; `steady` plays off what can be played off in minutes. */
export function rateBands({ id, bufferMs }: Profile): RateBands {
  return {
    beginMs: Math.max(160, bufferMs * 0.12),
    endMs: 40,
    skipMs: id === 'near' ? bufferMs : bufferMs * 3,
  };
}

/** Decides the playback rate from the distance to live. */
export class RateController {
  #correcting: -1 | 0 | 1 = 0;
  #rate = 1;

  /** `distanceMs`: live edge to ear; the target is the profile's buffer. */
  decide(distanceMs: number, profile: Profile): RateDecision {
    const { beginMs, endMs, skipMs } = rateBands(profile);
    const error = distanceMs - profile.bufferMs;
    if (error > skipMs) {
      this.forget();
      return { rate: 1, skip: true };
    }
    const settled = this.#correcting !== 0 && error * this.#correcting <= endMs;
    if (settled) this.#correcting = 0;
    const far = Math.abs(error) > beginMs * 3;
    if (far || (this.#correcting === 0 && Math.abs(error) > beginMs)) this.#begin(error, far);
    if (this.#correcting === 0) this.#rate = 1;
    return { rate: this.#rate, skip: false };
  }

  forget(): void {
    this.#correcting = 0;
    this.#rate = 1;
  }

  /** One step for the whole correction: 2 % for a small error, the limit for one beyond three dead bands. */
  #begin(error: number, far: boolean): void {
    this.#correcting = error > 0 ? 1 : -1;
    if (error > 0) this.#rate = far ? RATE_MAX : 1.02;
    else this.#rate = far ? RATE_MIN : 0.98;
  }
}
