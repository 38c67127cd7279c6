/**
 * A sound file as the samples a space opens with: decoded by this browser, at 48 kHz, in 16 bits. The file
 * itself goes nowhere.
 */
import { CLIP_SAMPLES_MAX, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { Problem } from '../api/rest.ts';

const FILE_BYTES_MAX = 20 * 1024 * 1024;
const FULL_SCALE = 32_768;

/** @throws Problem `file_unreadable`, `clip_too_long` */
export async function samplesOf(file: Blob, channels: 1 | 2): Promise<Int16Array<ArrayBuffer>> {
  if (file.size > FILE_BYTES_MAX) throw new Problem('clip_too_long');
  let sound: AudioBuffer;
  try {
    const context = new OfflineAudioContext(channels, 1, SAMPLE_RATE_HZ);
    sound = await context.decodeAudioData(await file.arrayBuffer());
  } catch {
    throw new Problem('file_unreadable');
  }
  if (sound.length > CLIP_SAMPLES_MAX) throw new Problem('clip_too_long');
  const parts = Array.from({ length: sound.numberOfChannels }, (_, at) => sound.getChannelData(at));
  return interleaved(parts, channels);
}

/** One channel into two is the same twice, two into one their mean; of more the first two are taken. */
export function interleaved(
  parts: readonly Float32Array[],
  channels: 1 | 2,
): Int16Array<ArrayBuffer> {
  const left = parts[0] ?? new Float32Array(0);
  const right = parts[1] ?? left;
  const pcm = new Int16Array(left.length * channels);
  for (let at = 0; at < left.length; at++) {
    if (channels === 1) pcm[at] = sixteen((left[at]! + right[at]!) / 2);
    else {
      pcm[at * 2] = sixteen(left[at]!);
      pcm[at * 2 + 1] = sixteen(right[at]!);
    }
  }
  return pcm;
}

function sixteen(sample: number): number {
  return Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(sample * FULL_SCALE)));
}
