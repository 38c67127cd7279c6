/** ffmpeg and ffprobe as an outside judge; tests that need them skip where they are not installed. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OggReader } from '../src/ogg/index.ts';

/** Why the tests with ffmpeg cannot run here, or null when they can. */
export const FFMPEG_MISSING: string | null = reasonMissing();

function reasonMissing(): string | null {
  const encoders = spawnSync('ffmpeg', ['-hide_banner', '-encoders'], { encoding: 'utf8' });
  if (encoders.error !== undefined) return 'skipped: ffmpeg is not installed';
  if (!encoders.stdout.includes('libopus')) return 'skipped: this ffmpeg has no libopus';
  const probe = spawnSync('ffprobe', ['-version']);
  return probe.error === undefined ? null : 'skipped: ffprobe is not installed';
}

/** `seconds` of a sweep as Opus packets of 20 ms, encoded by ffmpeg; the tone tells where one is. */
export function sweepPackets(seconds: number, channels: 1 | 2): Uint8Array[] {
  const layout = channels === 1 ? 'mono' : 'stereo';
  const source = `aevalsrc=sin(2*PI*(200+50*t)*t)*0.5:s=48000:d=${seconds}`;
  const ogg = execFileSync(
    'ffmpeg',
    [
      '-v',
      'error',
      '-f',
      'lavfi',
      '-i',
      source,
      '-af',
      `aformat=channel_layouts=${layout}`,
      '-c:a',
      'libopus',
      '-b:a',
      '32k',
      '-frame_duration',
      '20',
      '-f',
      'ogg',
      '-',
    ],
    { maxBuffer: 1 << 26 },
  );
  const reader = new OggReader();
  return reader.push(ogg).flatMap((part) => (part.kind === 'page' ? part.packets : []));
}

/** A file that is there while `use` runs. */
export function withFile<T>(name: string, bytes: Uint8Array, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'media-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Decodes a file to 48 kHz mono and gives what ffmpeg said at warning level, empty when content. */
export function decode(
  path: string,
  inputOptions: readonly string[] = [],
  outputOptions: readonly string[] = [],
): { readonly samples: Float32Array; readonly warnings: string } {
  const { stdout, stderr } = spawnSync(
    'ffmpeg',
    [
      '-nostdin',
      '-v',
      'warning',
      ...inputOptions,
      '-i',
      path,
      ...outputOptions,
      '-ac',
      '1',
      '-ar',
      '48000',
      '-f',
      'f32le',
      '-',
    ],
    { maxBuffer: 1 << 28 },
  );
  const samples = new Float32Array(
    stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.length),
  );
  return { samples, warnings: stderr.toString() };
}

/** Start and duration of the container as ffprobe sees them, s, and its warnings. */
export function probe(path: string): { start: number; duration: number; warnings: string } {
  const { stdout, stderr } = spawnSync(
    'ffprobe',
    ['-v', 'warning', '-show_entries', 'format=start_time,duration', '-of', 'json', path],
    { encoding: 'utf8' },
  );
  const { format } = JSON.parse(stdout) as { format: { start_time: string; duration: string } };
  return { start: Number(format.start_time), duration: Number(format.duration), warnings: stderr };
}
