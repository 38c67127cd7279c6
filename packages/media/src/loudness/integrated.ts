/**
 * Integrated loudness of a whole sound, with the gates of ITU-R BS.1770-4 §5.1: blocks of 400 ms every
 * 100 ms, those below −70 LUFS left out, then those 10 LU below what is left. A sound shorter than one block
 * is measured as a whole.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import { KWeightedMeter, lufsOf } from './k-weighting.ts';

const STEP_SAMPLES = SAMPLE_RATE_HZ / 10;
const STEPS_PER_BLOCK = 4;
const ABSOLUTE_GATE_LUFS = -70;
const RELATIVE_GATE_LU = 10;

export class IntegratedMeter {
  readonly #meter: KWeightedMeter;
  readonly #step: Float32Array;
  readonly #steps: number[] = [];
  #filled = 0;

  constructor(channels: 1 | 2) {
    this.#meter = new KWeightedMeter(channels);
    this.#step = new Float32Array(STEP_SAMPLES * channels);
  }

  /** Takes in more of the sound, interleaved. */
  push(pcm: Float32Array): void {
    let at = 0;
    while (at < pcm.length) {
      const part = pcm.subarray(at, at + this.#step.length - this.#filled);
      this.#step.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#step.length) return;
      this.#filled = 0;
      this.#steps.push(this.#meter.measure(this.#step));
    }
  }

  /** LUFS of all so far; −Infinity when nothing is above the absolute gate. */
  get lufs(): number {
    const steps = this.#filled === 0 ? this.#steps : [...this.#steps, this.#rest()];
    const blocks = blocksOf(steps).filter((block) => lufsOf(block) > ABSOLUTE_GATE_LUFS);
    if (blocks.length === 0) return Number.NEGATIVE_INFINITY;
    const gate = lufsOf(mean(blocks)) - RELATIVE_GATE_LU;
    return lufsOf(mean(blocks.filter((block) => lufsOf(block) > gate)));
  }

  /** A last part shorter than a step. */
  #rest(): number {
    const part = this.#step.slice(0, this.#filled);
    return this.#meter.measure(part);
  }
}

function blocksOf(steps: readonly number[]): number[] {
  if (steps.length <= STEPS_PER_BLOCK) return steps.length === 0 ? [] : [mean(steps)];
  return steps
    .slice(STEPS_PER_BLOCK - 1)
    .map((_, at) => mean(steps.slice(at, at + STEPS_PER_BLOCK)));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
