/**
 * One voice of a mix: its jitter buffer, its leveller and the gain it is heard with. Invariant: every gain
 * change, also to and from silence, is a ramp over one frame, so nothing clicks. A voice that is not heard
 * is drained all the same and goes on being measured while it is not muted, so that it is level from its
 * first word on air.
 */
import { FRAME_SAMPLES } from '@parterre/protocol';
import { JitterBuffer, type JitterCounters } from '../jitter/index.ts';
import { Leveller } from '../loudness/index.ts';
import { type DecoderPool, type OpusDecoder, opusPacketSamples } from '../opus/index.ts';

/** Packets of the source before are ignored for this long after a change, since some come late. */
const RETIRED_SOURCE_MS = 1_000;
/** A mean square no sound has: what was decoded is rubbish and is not heard. */
const MEAN_SQUARE_MAX = 4;

export class Voice {
  onAir = false;
  muted = false;
  readonly #pool: DecoderPool;
  readonly #counters: JitterCounters;
  readonly #leveller: Leveller;
  #buffer: JitterBuffer | null = null;
  #decoder: OpusDecoder | null = null;
  #gain = 0;
  #heard = false;
  #lastPacketMs = Number.NEGATIVE_INFINITY;
  #retiredSource = -1;
  #retiredAtMs = 0;

  constructor(pool: DecoderPool, channels: 1 | 2, counters: JitterCounters) {
    this.#pool = pool;
    this.#counters = counters;
    this.#leveller = new Leveller(channels);
  }

  get audible(): boolean {
    return this.onAir && !this.muted;
  }

  get lastPacketMs(): number {
    return this.#lastPacketMs;
  }

  /** Is being heard speaking. */
  get speaking(): boolean {
    return this.#heard && this.audible && this.#leveller.speaking;
  }

  /** Loudness as mixed, LUFS; −120 when it is not heard. */
  get mixedLufs(): number {
    return this.#heard && this.audible ? this.#leveller.levelledLufs : -120;
  }

  push(
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
    nowMs: number,
  ): void {
    if (this.#buffer?.source !== source) {
      if (opusPacketSamples(payload) === 0 || !this.#begin(source, nowMs)) return;
    }
    this.#lastPacketMs = nowMs;
    this.#buffer?.push(sequence, timestamp, payload, nowMs);
  }

  /** Adds this voice's next frame to `bus`; `scratch` is overwritten, `kept` is the limiter's. */
  mixInto(bus: Float32Array, scratch: Float32Array, kept: number, nowMs: number): void {
    this.#heard = this.#buffer?.pull(scratch, nowMs) ?? false;
    if (!this.#heard) {
      this.#gain = 0;
      this.#leveller.rest();
      return;
    }
    const meanSquare = meanSquareOfSamples(scratch);
    if (!(meanSquare < MEAN_SQUARE_MAX)) scratch.fill(0);
    if (this.muted || !(meanSquare > 0 && meanSquare < MEAN_SQUARE_MAX)) this.#leveller.rest();
    else this.#leveller.measure(scratch, kept);
    const from = this.#gain;
    const to = this.audible ? this.#leveller.gain : 0;
    this.#gain = to;
    if (meanSquare === 0 || (from === 0 && to === 0)) return;
    addRamped(bus, scratch, from, to);
  }

  close(): void {
    if (this.#decoder !== null) this.#pool.release(this.#decoder);
    this.#decoder = null;
    this.#buffer = null;
  }

  /** @returns false when the packet is a late one of the source before, or no decoder is free. */
  #begin(source: number, nowMs: number): boolean {
    if (source === this.#retiredSource && nowMs - this.#retiredAtMs < RETIRED_SOURCE_MS)
      return false;
    const decoder = this.#pool.take();
    if (decoder === null) return false;
    if (this.#buffer === null) {
      this.#buffer = new JitterBuffer(decoder, this.#counters);
    } else {
      this.#retiredSource = this.#buffer.source;
      this.#retiredAtMs = nowMs;
    }
    const before = this.#buffer.switchTo(source, decoder);
    if (before !== decoder) this.#pool.release(before);
    this.#decoder = decoder;
    return true;
  }
}

function meanSquareOfSamples(pcm: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < pcm.length; i += 1) {
    const sample = pcm[i]!;
    sum += sample * sample;
  }
  return sum / pcm.length;
}

function addRamped(bus: Float32Array, pcm: Float32Array, from: number, to: number): void {
  if (from === to) {
    for (let i = 0; i < pcm.length; i += 1) bus[i]! += pcm[i]! * to;
    return;
  }
  const channels = pcm.length / FRAME_SAMPLES;
  const slope = (to - from) / FRAME_SAMPLES;
  let gain = from;
  for (let i = 0; i < pcm.length; i += channels) {
    gain += slope;
    for (let c = 0; c < channels; c += 1) bus[i + c]! += pcm[i + c]! * gain;
  }
}
