/**
 * Decoded samples waiting for the next tick, interleaved. Invariant: at most FIFO_SAMPLES_MAX per channel;
 * what does not fit is a bug of the caller. `data` is open to the time scaler, which works in place.
 */
import { assert } from '../assert.ts';

/** One packet of 120 ms, a tick, and what time scaling adds. */
export const FIFO_SAMPLES_MAX = 8_192;

export class SampleFifo {
  readonly channels: 1 | 2;
  readonly data: Float32Array;
  #length = 0;

  constructor(channels: 1 | 2) {
    this.channels = channels;
    this.data = new Float32Array(FIFO_SAMPLES_MAX * channels);
  }

  /** Samples per channel. */
  get length(): number {
    return this.#length;
  }

  /** Appends interleaved samples from `skip` (per channel) on. */
  append(pcm: Float32Array, skip = 0): void {
    const part = skip === 0 ? pcm : pcm.subarray(skip * this.channels);
    const count = part.length / this.channels;
    assert(this.#length + count <= FIFO_SAMPLES_MAX, 'the sample FIFO overflows');
    this.data.set(part, this.#length * this.channels);
    this.#length += count;
  }

  appendSilence(samples: number): void {
    assert(this.#length + samples <= FIFO_SAMPLES_MAX, 'the sample FIFO overflows');
    const from = this.#length * this.channels;
    this.data.fill(0, from, from + samples * this.channels);
    this.#length += samples;
  }

  /** Moves the first samples into `out`, which must not ask for more than there are. */
  take(out: Float32Array): void {
    const count = out.length / this.channels;
    assert(count <= this.#length, 'the sample FIFO runs dry');
    out.set(this.data.subarray(0, out.length));
    this.#close(0, count);
  }

  /** Removes `count` samples at `at`. */
  cut(at: number, count: number): void {
    this.#close(at, count);
  }

  /** Opens a gap of `count` samples at `at`; the caller fills it. */
  open(at: number, count: number): void {
    assert(this.#length + count <= FIFO_SAMPLES_MAX, 'the sample FIFO overflows');
    const { channels, data } = this;
    data.copyWithin((at + count) * channels, at * channels, this.#length * channels);
    this.#length += count;
  }

  clear(): void {
    this.#length = 0;
  }

  #close(at: number, count: number): void {
    const { channels, data } = this;
    data.copyWithin(at * channels, (at + count) * channels, this.#length * channels);
    this.#length -= count;
  }
}
