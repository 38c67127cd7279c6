/**
 * An opening clip as the mixer plays it: from any of its frames, mixed in as it is. It begins at once, and
 * where it ends, or is entered in the middle, the sound comes and goes over 20 ms, so that there is no step.
 */
import { FRAME_SAMPLES } from '@parterre/protocol';
import { FULL_SCALE } from './level.ts';

export class ClipPlay {
  readonly #pcm: Int16Array;
  readonly #channels: 1 | 2;
  #at: number;
  #rising: boolean;

  /** @param frame the first to be heard, in frames of 20 ms from the clip's beginning */
  constructor(pcm: Int16Array, channels: 1 | 2, frame: number) {
    this.#pcm = pcm;
    this.#channels = channels;
    this.#at = frame * FRAME_SAMPLES * channels;
    this.#rising = frame > 0;
  }

  /** Frames left, the last one whole or not. */
  get framesLeft(): number {
    const left = (this.#pcm.length - this.#at) / (FRAME_SAMPLES * this.#channels);
    return Math.max(0, Math.ceil(left));
  }

  /** Adds the next frame to `bus`. */
  mixInto(bus: Float32Array): void {
    const pcm = this.#pcm;
    const from = this.#at;
    const falls = Math.min(pcm.length, FRAME_SAMPLES * this.#channels);
    for (let i = 0; i < bus.length && from + i < pcm.length; i += 1) {
      const rise = this.#rising ? i / bus.length : 1;
      const fall = Math.min(1, (pcm.length - 1 - from - i) / falls);
      bus[i]! += (pcm[from + i]! / FULL_SCALE) * rise * fall;
    }
    this.#rising = false;
    this.#at += bus.length;
  }
}
