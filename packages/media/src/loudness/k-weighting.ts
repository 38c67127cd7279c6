/**
 * Loudness as ITU-R BS.1770-4 measures it: the K-weighting filter at 48 kHz (annex 1, tables 1 and 2) and
 * the scale. One meter holds the filter state of one interleaved stream; it only reads the samples.
 */

/** Stage 1, the shelf of the head; stage 2, the RLB high-pass. */
const S1 = { b0: 1.53512485958697, b1: -2.69169618940638, b2: 1.19839281085285 };
const S1A = { a1: -1.69065929318241, a2: 0.73248077421585 };
const S2A = { a1: -1.99004745483398, a2: 0.99007225036621 };
/** State that has decayed this far is set to zero, before it becomes subnormal and slow. */
const STATE_MIN = 1e-20;

/** Loudness in LUFS of a K-weighted mean square summed over the channels (BS.1770-4 §2). */
export function lufsOf(meanSquare: number): number {
  return meanSquare <= 1e-12 ? -120 : -0.691 + 10 * Math.log10(meanSquare);
}

/** The inverse of `lufsOf`. */
export function meanSquareOf(lufs: number): number {
  return 10 ** ((lufs + 0.691) / 10);
}

export class KWeightedMeter {
  readonly #channels: number;
  readonly #state: Float64Array;

  constructor(channels: 1 | 2) {
    this.#channels = channels;
    this.#state = new Float64Array(4 * channels);
  }

  /** K-weighted mean square of these samples, summed over the channels. */
  measure(pcm: Float32Array): number {
    let sum = 0;
    for (let channel = 0; channel < this.#channels; channel += 1) {
      sum += this.#sumOfSquares(pcm, channel);
    }
    return sum / (pcm.length / this.#channels);
  }

  /** Both stages in direct form II transposed. */
  #sumOfSquares(pcm: Float32Array, channel: number): number {
    const state = this.#state;
    const at = 4 * channel;
    let p1 = state[at]!;
    let p2 = state[at + 1]!;
    let q1 = state[at + 2]!;
    let q2 = state[at + 3]!;
    let sum = 0;
    for (let i = channel; i < pcm.length; i += this.#channels) {
      const x = pcm[i]!;
      const y = S1.b0 * x + p1;
      p1 = S1.b1 * x - S1A.a1 * y + p2;
      p2 = S1.b2 * x - S1A.a2 * y;
      const z = y + q1;
      q1 = -2 * y - S2A.a1 * z + q2;
      q2 = y - S2A.a2 * z;
      sum += z * z;
    }
    state[at] = settled(p1);
    state[at + 1] = settled(p2);
    state[at + 2] = settled(q1);
    state[at + 3] = settled(q2);
    return sum;
  }
}

function settled(value: number): number {
  return value < STATE_MIN && value > -STATE_MIN ? 0 : value;
}
