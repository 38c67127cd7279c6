/**
 * Removals as files: `{dir}/{space}`, one person a line, appended by the stage and by the api alike (a line
 * is appended as a whole) and read at the door. A file that nobody added to for as long as passes count is
 * dropped at the start; one that is full forgets its older half.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Removals } from '../../ports/removals.ts';
import { diskError } from './errors.ts';

const BYTES_MAX = 64 * 1024;

export class DiskRemovals implements Removals {
  private readonly dir: string;

  /**
   * @param dir made when it is not there
   * @param before what was last added to before this is dropped, ms since the Unix epoch
   */
  constructor(dir: string, before: number) {
    this.dir = dir;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(dir)) {
      const path = join(dir, name);
      if (statSync(path).mtimeMs < before) rmSync(path, { force: true });
    }
  }

  async add(spaceId: string, personId: string): Promise<void> {
    const text = await this.read(spaceId);
    if (lists(text, personId)) return;
    const path = join(this.dir, spaceId);
    const options = { mode: 0o600, flush: true };
    try {
      if (text.length > BYTES_MAX) await writeFile(path, text.slice(text.length / 2), options);
      await appendFile(path, `${personId}\n`, options);
    } catch (error) {
      throw diskError(error);
    }
  }

  async has(spaceId: string, personId: string): Promise<boolean> {
    return lists(await this.read(spaceId), personId);
  }

  private async read(spaceId: string): Promise<string> {
    try {
      return await readFile(join(this.dir, spaceId), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      throw error;
    }
  }
}

function lists(text: string, personId: string): boolean {
  return text.split('\n').includes(personId);
}
