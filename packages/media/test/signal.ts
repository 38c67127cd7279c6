/** Measuring sound in tests: correlation, delay, signal-to-noise ratio, gated loudness, true peak, tones. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { SAMPLE_RATE_HZ } from '@parterre/protocol';

/** Normalised correlation of a[from, from + length) with b the same, `lag` samples later. */
export function correlation(
  a: Float32Array,
  b: Float32Array,
  from: number,
  length: number,
  lag: number,
  step = 1,
): number {
  let product = 0;
  let energyA = 1e-12;
  let energyB = 1e-12;
  for (let i = from; i < from + length; i += step) {
    const x = a[i] ?? 0;
    const y = b[i + lag] ?? 0;
    product += x * y;
    energyA += x * x;
    energyB += y * y;
  }
  return product / Math.sqrt(energyA * energyB);
}

/** Where b resembles a[from, from + length) best, among lags 0…lagMax, and how well. */
export function bestLag(
  a: Float32Array,
  b: Float32Array,
  from: number,
  length: number,
  lagMax: number,
): { lag: number; correlation: number } {
  const best = { lag: 0, correlation: -1 };
  const look = (lag: number, step: number): void => {
    const value = correlation(a, b, from, length, lag, step);
    if (value > best.correlation) Object.assign(best, { lag, correlation: value });
  };
  for (let lag = 0; lag <= lagMax; lag += 4) look(lag, 7);
  const around = best.lag;
  best.correlation = -1;
  for (let lag = Math.max(0, around - 6); lag <= around + 6; lag += 1) look(lag, 1);
  return best;
}

/** Signal-to-noise ratio of b against a over a window, dB. */
export function snrDb(
  a: Float32Array,
  b: Float32Array,
  from: number,
  length: number,
  lag: number,
): number {
  let signal = 1e-12;
  let noise = 1e-12;
  for (let i = from; i < from + length; i += 1) {
    signal += a[i]! ** 2;
    noise += (a[i]! - (b[i + lag] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

/** Root mean square of a stretch. */
export function rms(pcm: Float32Array, from = 0, to = pcm.length): number {
  let sum = 0;
  for (let i = from; i < to; i += 1) sum += pcm[i]! ** 2;
  return Math.sqrt(sum / (to - from));
}

/** Power of one frequency in a stretch, as the amplitude of its sine (Goertzel). */
export function toneAmplitude(pcm: Float32Array, from: number, length: number, hz: number): number {
  let re = 0;
  let im = 0;
  for (let i = 0; i < length; i += 1) {
    const angle = (2 * Math.PI * hz * i) / SAMPLE_RATE_HZ;
    re += pcm[from + i]! * Math.cos(angle);
    im += pcm[from + i]! * Math.sin(angle);
  }
  return (2 * Math.hypot(re, im)) / length;
}

export function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** ffmpeg is on this machine; what needs it is skipped elsewhere. */
export const hasFfmpeg = ['/usr/bin/ffmpeg', '/usr/local/bin/ffmpeg'].some((path) =>
  existsSync(path),
);

/** Integrated loudness (LUFS) and true peak (dBTP) as ffmpeg's ebur128 measures them. */
export function measuredByFfmpeg(
  pcm: Float32Array,
  channels: 1 | 2,
): { lufs: number; truePeakDb: number } {
  const args = ['-hide_banner', '-nostats', '-f', 'f32le', '-ar', `${SAMPLE_RATE_HZ}`];
  const rest = ['-ac', `${channels}`, '-i', '-', '-af', 'ebur128=peak=true', '-f', 'null', '-'];
  const input = Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  const command = ['ffmpeg', ...args, ...rest].join(' ');
  const text = execFileSync('/bin/sh', ['-c', `${command} 2>&1`], { input, maxBuffer: 1e8 });
  const summary = text.toString().split('Summary:')[1] ?? '';
  const number = (label: RegExp): number => Number(label.exec(summary)?.[1] ?? Number.NaN);
  return { lufs: number(/I:\s+(-?[\d.]+)/), truePeakDb: number(/Peak:\s+(-?[\d.]+)/) };
}

/** Recorded speech (48 kHz mono), or null without ffmpeg. */
export function recordedSpeech(): Float32Array | null {
  const path = `${import.meta.dirname}/../../../test/speech/kennedy.opus`;
  if (!hasFfmpeg) return null;
  const args = ['-v', 'error', '-i', path, '-ar', `${SAMPLE_RATE_HZ}`, '-ac', '1', '-f', 'f32le'];
  const raw = execFileSync('ffmpeg', [...args, '-'], { maxBuffer: 1e9 });
  return new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength));
}
