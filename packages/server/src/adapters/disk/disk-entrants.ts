/**
 * Entrants as one file for each space, `{data}/spaces/{id}/entrants`, opened for appending each time: the
 * system puts every write of every process behind the last (POSIX O_APPEND), and what it has taken outlives
 * whoever wrote it. What came out stands beside it, renamed into place.
 */
import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Draw, ENTRANT_BYTES, ENTRANTS_FILE, type Entrants } from '../../ports/entrants.ts';
import { diskError } from './errors.ts';

export const DRAW_FILE = 'lottery.json';

export class DiskEntrants implements Entrants {
  private readonly dataDir: string;
  /** Of draft files: this process's own. */
  private readonly own: string;
  private drafts = 0;

  /** @param own no other process that lives has it */
  constructor(dataDir: string, own: string) {
    this.dataDir = dataDir;
    this.own = own;
  }

  async begin(spaceId: string, salt: Uint8Array): Promise<boolean> {
    const path = this.path(spaceId, ENTRANTS_FILE);
    const draft = this.draft(path);
    try {
      await writeFile(draft, salt);
      await link(draft, path);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      if (!isCode(error, 'EEXIST')) throw diskError(error);
    } finally {
      await rm(draft, { force: true }).catch(() => {});
    }
    return true;
  }

  async append(spaceId: string, records: Uint8Array, durable: boolean): Promise<boolean> {
    const { O_WRONLY, O_APPEND } = constants;
    const file = await this.opened(spaceId, O_WRONLY | O_APPEND);
    if (file === null) return false;
    try {
      await file.appendFile(records);
      if (durable) await file.datasync();
      return true;
    } catch (error) {
      throw diskError(error);
    } finally {
      await file.close();
    }
  }

  async read(spaceId: string, from: number, max: number): Promise<Uint8Array | null> {
    const file = await this.opened(spaceId, constants.O_RDONLY);
    if (file === null) return null;
    try {
      const bytes = Buffer.allocUnsafe(max * ENTRANT_BYTES);
      let filled = 0;
      for (;;) {
        const at = from * ENTRANT_BYTES + filled;
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, at);
        filled += bytesRead;
        if (bytesRead === 0 || filled === bytes.length) break;
      }
      return bytes.subarray(0, filled - (filled % ENTRANT_BYTES));
    } catch (error) {
      throw diskError(error);
    } finally {
      await file.close();
    }
  }

  async keepDraw(spaceId: string, draw: Draw): Promise<void> {
    const path = this.path(spaceId, DRAW_FILE);
    const draft = this.draft(path);
    try {
      await writeFile(draft, JSON.stringify(draw), { flush: true });
      await rename(draft, path);
    } catch (error) {
      await rm(draft, { force: true }).catch(() => {});
      throw diskError(error);
    }
  }

  async keptDraw(spaceId: string): Promise<Draw | null> {
    try {
      return JSON.parse(await readFile(this.path(spaceId, DRAW_FILE), 'utf8')) as Draw;
    } catch (error) {
      if (isCode(error, 'ENOENT') || error instanceof SyntaxError) return null;
      throw diskError(error);
    }
  }

  private async opened(spaceId: string, flags: number): Promise<FileHandle | null> {
    try {
      return await open(this.path(spaceId, ENTRANTS_FILE), flags);
    } catch (error) {
      if (isCode(error, 'ENOENT')) return null;
      throw diskError(error);
    }
  }

  private path(spaceId: string, file: string): string {
    return join(this.dataDir, 'spaces', spaceId, file);
  }

  private draft(path: string): string {
    return `${path}.${this.own}.${++this.drafts}`;
  }
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}
