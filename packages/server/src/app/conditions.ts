/** What this machine's disk and clock are like, for `doctor` and for the checklist before a start. */
import { execFile } from 'node:child_process';
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

/** An hour of programme takes about 17 MB as log and the same again for each of the two replay files. */
const HOUR_BYTES = 50_000_000;
const ANSWER_MS_MAX = 5_000;

interface DiskRoom {
  readonly freeBytes: number;
  /** Hours of programme that fit. */
  readonly hours: number;
}

/** @param folder need not exist yet */
export function diskRoom(folder: string): DiskRoom {
  let there = folder;
  while (!existsSync(there)) there = dirname(there);
  const { bavail, bsize } = statfsSync(there);
  const freeBytes = bavail * bsize;
  return { freeBytes, hours: Math.floor(freeBytes / HOUR_BYTES) };
}

/** Whether a time service keeps the clock; null where the system does not tell. */
export async function clockSynchronised(): Promise<boolean | null> {
  try {
    const { stdout } = await promisify(execFile)(
      'timedatectl',
      ['show', '-p', 'NTPSynchronized', '--value'],
      { timeout: ANSWER_MS_MAX },
    );
    return stdout.trim() === 'yes';
  } catch {
    return null;
  }
}
