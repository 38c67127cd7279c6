/**
 * Look-ahead true-peak limiter. The peak is looked for between the samples by 4× oversampling (ITU-R
 * BS.1770-4 annex 2) in steps of 1 ms; the gain reaches what a peak needs before it comes, in a straight
 * line over the look-ahead, and returns slowly. Invariant: the gain inside a step never exceeds what the
 * step needs, so no output peak passes the ceiling. Delays the signal by LIMITER_DELAY_SAMPLES.
 */
import { FRAME_SAMPLES } from '@parterre/protocol';
import { TruePeakMeter } from './true-peak.ts';

const STEP = 48;
const STEPS = FRAME_SAMPLES / STEP;
/** How far ahead the gain begins to fall, in steps of 1 ms. */
const AHEAD = 5;
/** One step more, since a step's last boundary needs the need of the step after it. */
const DELAY_STEPS = AHEAD + 1;
export const LIMITER_DELAY_SAMPLES = DELAY_STEPS * STEP;
/** Share of the way back to unity in each step: a time constant of 30 ms. */
const RELEASE = 1 - Math.exp(-1 / 30);

export class Limiter {
  readonly #channels: number;
  readonly #ceiling: number;
  readonly #meter: TruePeakMeter;
  /** The delayed signal: what is still to be put out, then the incoming frame. */
  readonly #delayed: Float32Array;
  /** Gain each step needs: those in the delay line, then those of the incoming frame. */
  readonly #need = new Float64Array(DELAY_STEPS + STEPS).fill(1);
  readonly #peaks = new Float64Array(STEPS);
  #gain = 1;

  constructor(channels: 1 | 2, ceilingDbtp: number) {
    this.#channels = channels;
    this.#ceiling = 10 ** (ceilingDbtp / 20);
    this.#meter = new TruePeakMeter(channels);
    this.#delayed = new Float32Array((LIMITER_DELAY_SAMPLES + FRAME_SAMPLES) * channels);
  }

  /** Limits one frame of 20 ms in place. */
  process(frame: Float32Array): void {
    const delayed = this.#delayed;
    const kept = LIMITER_DELAY_SAMPLES * this.#channels;
    delayed.copyWithin(0, FRAME_SAMPLES * this.#channels);
    delayed.set(frame, kept);
    this.#need.copyWithin(0, STEPS);
    this.#meter.measureSteps(frame, STEP, this.#peaks, this.#ceiling / 2);
    for (let step = 0; step < STEPS; step += 1) {
      const peak = this.#peaks[step]!;
      this.#need[DELAY_STEPS + step] = peak > this.#ceiling ? this.#ceiling / peak : 1;
    }
    for (let step = 0; step < STEPS; step += 1) this.#putOut(frame, step);
  }

  #putOut(frame: Float32Array, step: number): void {
    const target = Math.min(this.#boundary(step), this.#gain + (1 - this.#gain) * RELEASE);
    const slope = (target - this.#gain) / STEP;
    const width = STEP * this.#channels;
    const from = step * width;
    if (this.#gain === 1 && target === 1) {
      for (let i = 0; i < width; i += 1) frame[from + i] = this.#delayed[from + i]!;
      return;
    }
    let gain = this.#gain;
    for (let i = 0; i < width; i += this.#channels) {
      gain += slope;
      for (let channel = 0; channel < this.#channels; channel += 1) {
        frame[from + i + channel] = this.#delayed[from + i + channel]! * gain;
      }
    }
    this.#gain = target > 0.99999 ? 1 : target;
  }

  /**
   * The gain allowed at the end of a step: what it and the next two need (a peak may lie just before the
   * step it is reported for), and the ramps to those after.
   */
  #boundary(step: number): number {
    let gain = this.#need[step]!;
    for (let ahead = 0; ahead < AHEAD; ahead += 1) {
      const need = this.#need[step + 1 + ahead]!;
      gain = Math.min(gain, need + ((1 - need) * Math.max(0, ahead - 1)) / (AHEAD - 1));
    }
    return gain;
  }
}
