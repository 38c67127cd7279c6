/**
 * Brings an opening clip to the programme's loudness: one gain for all of it, and the programme's limiter
 * for the peaks, with the gain found anew until what comes out is as loud as it should be. In 16 bits,
 * interleaved, 48 kHz, as long as it was.
 */
import { FRAME_SAMPLES } from '@parterre/protocol';
import { IntegratedMeter, LIMITER_DELAY_SAMPLES, Limiter, TARGET_LUFS } from '../loudness/index.ts';

/** The encoder takes about this much. */
const AIM_LUFS = TARGET_LUFS + 0.2;
const CEILING_DBTP = -3;
const PASSES_MAX = 3;
const CLOSE_LU = 0.3;
/** What is quieter is noise to whoever made it. */
const QUIET_LUFS = -60;
const GAIN_DB_MAX = 60;
/** Frames between two breaths: some milliseconds of work. */
const BREATH_FRAMES = 50;
export const FULL_SCALE = 32_768;

/**
 * Yields between pieces of work, so that the caller's thread can do something else.
 * @returns null when there is nothing to be heard in it
 */
export function* levelClip(
  pcm: Int16Array,
  channels: 1 | 2,
): Generator<undefined, Int16Array | null, undefined> {
  const given = yield* run(pcm, channels, 1, null);
  if (given < QUIET_LUFS) return null;
  let gainDb = Math.min(GAIN_DB_MAX, AIM_LUFS - given);
  const out = new Int16Array(pcm.length);
  for (let pass = 1; ; pass += 1) {
    const lufs = yield* run(pcm, channels, 10 ** (gainDb / 20), out);
    const left = AIM_LUFS - lufs;
    if (pass === PASSES_MAX || Math.abs(left) < CLOSE_LU || gainDb === GAIN_DB_MAX) return out;
    gainDb = Math.min(GAIN_DB_MAX, gainDb + left);
  }
}

/** @param out takes what comes out of the limiter; null measures what goes in */
function* run(
  pcm: Int16Array,
  channels: 1 | 2,
  gain: number,
  out: Int16Array | null,
): Generator<undefined, number, undefined> {
  const meter = new IntegratedMeter(channels);
  const limiter = new Limiter(channels, CEILING_DBTP);
  const frame = new Float32Array(FRAME_SAMPLES * channels);
  const delay = out === null ? 0 : LIMITER_DELAY_SAMPLES * channels;
  for (let at = 0, count = 0; at < pcm.length + delay; at += frame.length, count += 1) {
    for (let i = 0; i < frame.length; i += 1) frame[i] = ((pcm[at + i] ?? 0) / FULL_SCALE) * gain;
    if (out !== null) limiter.process(frame);
    const from = Math.max(0, delay - at);
    const end = Math.min(frame.length, pcm.length + delay - at);
    if (end > from) {
      const part = frame.subarray(from, end);
      meter.push(part);
      if (out !== null) write(part, out, at + from - delay);
    }
    if (count % BREATH_FRAMES === 0) yield;
  }
  return meter.lufs;
}

function write(part: Float32Array, out: Int16Array, at: number): void {
  for (let i = 0; i < part.length; i += 1)
    out[at + i] = Math.max(
      -FULL_SCALE,
      Math.min(FULL_SCALE - 1, Math.round(part[i]! * FULL_SCALE)),
    );
}
