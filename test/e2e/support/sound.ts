/** Sound files for and from the tests, through Debian's ffmpeg. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const RATE_HZ = 48_000;

export const hasFfmpeg = existsSync('/usr/bin/ffmpeg');
/**
 * Eleven seconds of real speech: President Kennedy's inaugural address, 20 January 1961, a work of the
 * United States government in the public domain.
 */
export const SPEECH = join(import.meta.dirname, '../../speech/kennedy.opus');

/** Anything ffmpeg reads, as mono float PCM. */
export function decode(path: string, rateHz = RATE_HZ): Float32Array {
  const args = ['-v', 'error', '-i', path, '-ac', '1', '-ar', String(rateHz), '-f', 'f32le', '-'];
  const bytes = execFileSync('/usr/bin/ffmpeg', args, { maxBuffer: 1 << 30 });
  return new Float32Array(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~3)),
  );
}

/** Writes what Chromium's fake microphone takes. */
export function writeWav(path: string, samples: Float32Array): void {
  writeFileSync(path, wavOf(samples));
}

/** 16-bit WAV at 48 kHz. @param samples of stereo, left and right in turn */
export function wavOf(samples: Float32Array, channels: 1 | 2 = 1): Buffer {
  const data = Buffer.alloc(44 + samples.length * 2);
  data.write('RIFF', 0);
  data.writeUInt32LE(data.length - 8, 4);
  data.write('WAVEfmt ', 8);
  data.writeUInt32LE(16, 16);
  data.writeUInt16LE(1, 20);
  data.writeUInt16LE(channels, 22);
  data.writeUInt32LE(RATE_HZ, 24);
  data.writeUInt32LE(RATE_HZ * 2 * channels, 28);
  data.writeUInt16LE(2 * channels, 32);
  data.writeUInt16LE(16, 34);
  data.write('data', 36);
  data.writeUInt32LE(samples.length * 2, 40);
  for (let i = 0; i < samples.length; i += 1)
    data.writeInt16LE(Math.round(Math.max(-1, Math.min(1, samples[i]!)) * 32_767), 44 + i * 2);
  return data;
}

/** What ffmpeg complains of while it decodes all of an input; empty when nothing. */
export async function complaints(input: string, ...options: string[]): Promise<string> {
  const args = ['-nostdin', '-v', 'warning', ...options, '-i', input, '-f', 'null', '-'];
  return new Promise((resolve) => {
    execFile('/usr/bin/ffmpeg', args, (error, _out, said) =>
      resolve(error !== null && said === '' ? String(error) : said),
    );
  });
}
