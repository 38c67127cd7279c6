/**
 * True peak by 4× oversampling (ITU-R BS.1770-4 annex 2): a windowed-sinc interpolator in polyphase form.
 * Peaks are reported per step. The filter looks TAPS − 1 samples back, so a peak reported for a step may lie
 * that far before its beginning.
 */

const PHASES = 4;
const TAPS = 12;
const HALF = TAPS / 2;

/** Phases 1 to 3; phase 0 is the sample itself. */
const COEFFICIENTS: readonly Float64Array[] = Array.from({ length: PHASES - 1 }, (_, phase) => {
  const offset = (phase + 1) / PHASES;
  const taps = Float64Array.from({ length: TAPS }, (_unused, tap) => {
    const t = tap - (HALF - 1) - offset;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * t) / HALF);
    return (Math.sin(Math.PI * t) / (Math.PI * t)) * window;
  });
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => tap / sum);
});

export class TruePeakMeter {
  readonly #channels: number;
  /** The last TAPS − 1 samples of each channel, then the frame. */
  readonly #line: Float32Array[];

  constructor(channels: 1 | 2) {
    this.#channels = channels;
    this.#line = Array.from({ length: channels }, () => new Float32Array(TAPS - 1));
  }

  /** The greatest true peak, linear, of all of `frame`. */
  measure(frame: Float32Array): number {
    const peaks = new Float64Array(1);
    this.measureSteps(frame, frame.length / this.#channels, peaks, 0);
    return peaks[0]!;
  }

  /**
   * Fills `peaks` with the true peak of each step of `step` samples. A step whose samples stay under
   * `ignoreBelow` is not oversampled; half the level that matters is safe for any band-limited sound.
   */
  measureSteps(frame: Float32Array, step: number, peaks: Float64Array, ignoreBelow: number): void {
    peaks.fill(0);
    const count = frame.length / this.#channels;
    for (let channel = 0; channel < this.#channels; channel += 1) {
      const line = this.#lineOf(channel, count);
      for (let i = 0; i < count; i += 1) line[TAPS - 1 + i] = frame[i * this.#channels + channel]!;
      for (let at = 0, index = 0; at < count; at += step, index += 1) {
        peaks[index] = Math.max(peaks[index]!, stepPeak(line, at, step, ignoreBelow));
      }
      line.copyWithin(0, count);
    }
  }

  #lineOf(channel: number, count: number): Float32Array {
    const line = this.#line[channel]!;
    if (line.length === TAPS - 1 + count) return line;
    const longer = new Float32Array(TAPS - 1 + count);
    longer.set(line.subarray(0, TAPS - 1));
    this.#line[channel] = longer;
    return longer;
  }
}

/** The peak of `step` samples from line[at], with the TAPS − 1 before them as the filter's past. */
function stepPeak(line: Float32Array, at: number, step: number, ignoreBelow: number): number {
  let peak = 0;
  for (let i = at; i < at + step + TAPS - 1; i += 1) peak = Math.max(peak, Math.abs(line[i]!));
  if (peak < ignoreBelow) return peak;
  for (const taps of COEFFICIENTS) {
    for (let i = at; i < at + step; i += 1) {
      let value = 0;
      for (let tap = 0; tap < TAPS; tap += 1) value += line[i + tap]! * taps[tap]!;
      if (value > peak) peak = value;
      else if (-value > peak) peak = -value;
    }
  }
  return peak;
}
