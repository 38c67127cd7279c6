/** A small disk of its own, in memory, that can be filled to the last byte and given room again. */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Mounting is for root alone. */
export const canMount = process.platform === 'linux' && process.getuid?.() === 0;

export class SmallDisk {
  readonly path: string;
  readonly #ballast: string;

  constructor(megabytes: number) {
    this.path = mkdtempSync(join(tmpdir(), 'parterre-disk-'));
    this.#ballast = join(this.path, 'ballast');
    const options = `size=${megabytes}m,mode=0700`;
    const { status, stderr } = spawnSync('mount', [
      '-t',
      'tmpfs',
      '-o',
      options,
      'tmpfs',
      this.path,
    ]);
    if (status !== 0) throw new Error(`No disk could be mounted: ${String(stderr)}`);
    process.once('exit', this.#unmount);
  }

  /** Until nothing more fits. */
  fill(): void {
    const file = openSync(this.#ballast, 'a');
    try {
      for (const bytes of [Buffer.alloc(65_536), Buffer.alloc(512)]) while (fits(file, bytes));
    } finally {
      closeSync(file);
    }
  }

  /** Gives back what `fill` took. */
  free(): void {
    rmSync(this.#ballast, { force: true });
  }

  close(): void {
    process.removeListener('exit', this.#unmount);
    this.#unmount();
  }

  readonly #unmount = (): void => {
    spawnSync('umount', ['--lazy', this.path]);
    rmdirSync(this.path);
  };
}

function fits(file: number, bytes: Buffer): boolean {
  try {
    return writeSync(file, bytes) === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
