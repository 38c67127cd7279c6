/** Debian's VLC, without a screen, into a file. It will not run as root; then it is nobody. */
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from './sound.ts';

const VLC = '/usr/bin/cvlc';
const NOBODY = 65_534;

export const hasVlc = existsSync(VLC);

/** What VLC plays of an address in `seconds`, as mono float PCM. */
export async function playedByVlc(url: string, seconds: number): Promise<Float32Array> {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-vlc-'));
  const path = join(folder, 'played.wav');
  const sound = '#transcode{acodec=s16l,channels=1,samplerate=48000}';
  const file = `std{access=file,mux=wav,dst=${path}}`;
  const args = ['-I', 'dummy', '--no-dbus', '--sout', `${sound}:${file}`, '--run-time'];
  const as = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const env = { ...process.env, HOME: folder };
  const timeout = (seconds + 60) * 1_000;
  try {
    chmodSync(folder, 0o777);
    await new Promise<void>((resolve, reject) => {
      const whole = [...args, String(seconds), url, 'vlc://quit'];
      execFile(VLC, whole, { ...as, env, timeout }, (error, _out, said) => {
        if (error !== null && error.killed !== true) reject(new Error(said));
        else resolve();
      });
    });
    return decode(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
