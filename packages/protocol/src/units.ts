/**
 * The clock and its units. The programme's clock is a sample count at 48 kHz since doors; a frame is
 * one Opus packet, a chunk is ten frames. Everything that is cut, counted or resumed uses these.
 */

export const SAMPLE_RATE_HZ = 48_000;
/** Samples per channel in one frame: 20 ms (RFC 6716 §2.1.4). */
export const FRAME_SAMPLES = 960;
export const FRAME_MS = 20;
export const FRAMES_PER_CHUNK = 10;
export const CHUNK_SAMPLES = FRAME_SAMPLES * FRAMES_PER_CHUNK;
export const CHUNK_MS = FRAME_MS * FRAMES_PER_CHUNK;

/** The longest opening clip, samples of each channel: two minutes. */
export const CLIP_SAMPLES_MAX = 120 * SAMPLE_RATE_HZ;

/** The clock, in samples, at which chunk `seq` begins. Exact up to 2^53. */
export function clockOfSeq(seq: number): number {
  return seq * CHUNK_SAMPLES;
}

/** The chunk that holds the sample `clock`. */
export function seqOfClock(clock: number): number {
  return Math.floor(clock / CHUNK_SAMPLES);
}
