/**
 * The newest certificate as `{data}/certificate.json`, for commands that work while no server runs. The
 * store has them all; this is a copy, replaced in one step.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const fileOf = (dataDir: string): string => join(dataDir, 'certificate.json');

export async function keepNewest(dataDir: string, text: string): Promise<void> {
  const draft = `${fileOf(dataDir)}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(draft, text, { mode: 0o640, flush: true });
    await rename(draft, fileOf(dataDir));
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Its text, or null when none was issued from this folder. */
export function newestOf(dataDir: string): string | null {
  try {
    return readFileSync(fileOf(dataDir), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
