/** A few seconds of oneself, recorded, measured and played back to oneself alone. */
import { SpeakError } from './failure.ts';
import type { SoundCheck } from './types.ts';

const DURATION_MS_MAX = 15_000;
const SILENT_DB = -60;
const QUIET_DB = -38;
const CLIPPING_PEAK = 0.985;
/** Loudness of speech is that of its louder parts: windows below this share of the loudest are pauses. */
const WINDOW_S = 0.05;
const PAUSE_SHARE = 0.1;

export async function recordSoundCheck(
  stream: MediaStream,
  context: AudioContext,
  durationMs: number,
): Promise<SoundCheck> {
  const blob = await record(stream, Math.min(durationMs, DURATION_MS_MAX));
  const sound = await context.decodeAudioData(await blob.arrayBuffer());
  const samples = sound.getChannelData(0);
  const { peak, rmsDb } = measure(samples, sound.sampleRate);
  let player: HTMLAudioElement | null = null;
  const stop = (): void => {
    if (player === null) return;
    player.pause();
    URL.revokeObjectURL(player.src);
    player.dispatchEvent(new Event('ended'));
    player = null;
  };
  const play = async (): Promise<void> => {
    stop();
    const element = new Audio(URL.createObjectURL(blob));
    player = element;
    const over = new Promise((resolve) =>
      element.addEventListener('ended', resolve, { once: true }),
    );
    await element.play();
    await over;
    if (player === element) stop();
  };
  return {
    durationMs: sound.duration * 1_000,
    peak,
    rmsDb,
    verdict: verdictOf(peak, rmsDb),
    play,
    stop,
  };
}

/** Highest sample, and the level of what is not pause, dBFS. */
export function measure(
  samples: Float32Array,
  rateHz: number,
): { readonly peak: number; readonly rmsDb: number } {
  const window = Math.max(1, Math.round(rateHz * WINDOW_S));
  const powers: number[] = [];
  let peak = 0;
  for (let at = 0; at < samples.length; at += window) {
    let sum = 0;
    const end = Math.min(samples.length, at + window);
    for (let i = at; i < end; i++) {
      const sample = samples[i]!;
      sum += sample * sample;
      peak = Math.max(peak, Math.abs(sample));
    }
    powers.push(sum / (end - at));
  }
  const loudest = powers.reduce((most, power) => Math.max(most, power), 0);
  const spoken = powers.filter((power) => power >= loudest * PAUSE_SHARE);
  const mean = spoken.reduce((sum, power) => sum + power, 0) / Math.max(1, spoken.length);
  return { peak, rmsDb: 10 * Math.log10(Math.max(mean, 1e-12)) };
}

/** What the measures mean for a speaker. */
export function verdictOf(peak: number, rmsDb: number): SoundCheck['verdict'] {
  if (rmsDb < SILENT_DB) return 'silent';
  if (peak >= CLIPPING_PEAK) return 'clipping';
  return rmsDb < QUIET_DB ? 'quiet' : 'good';
}

function record(stream: MediaStream, durationMs: number): Promise<Blob> {
  if (typeof MediaRecorder !== 'function') throw new SpeakError('not_supported');
  const recorder = new MediaRecorder(stream);
  const parts: Blob[] = [];
  return new Promise((resolve, reject) => {
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onerror = () => reject(new SpeakError('microphone_failed'));
    recorder.onstop = () => resolve(new Blob(parts, { type: recorder.mimeType }));
    recorder.start();
    setTimeout(() => {
      if (recorder.state !== 'inactive') recorder.stop();
    }, durationMs);
  });
}
