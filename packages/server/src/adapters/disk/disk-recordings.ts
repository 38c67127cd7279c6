/**
 * Recordings as files: `{dir}/{space}/replay.*`, written as a draft, synced, then renamed into place, so
 * that a reader meets a whole recording or none.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RecordingFile, RecordingStore, ReplayFile } from '../../ports/recordings.ts';
import { syncFolder } from './disk-plans.ts';
import { diskError } from './errors.ts';

const FILES: readonly ReplayFile[] = ['replay.mp4', 'replay.ogg', 'replay.json'];

export class DiskRecordings implements RecordingStore {
  private readonly dir: string;

  /** @param dir holds one folder per space */
  constructor(dir: string) {
    this.dir = dir;
  }

  async create(spaceId: string, file: ReplayFile): Promise<RecordingFile> {
    const folder = join(this.dir, spaceId);
    const draft = join(folder, `${file}.draft`);
    try {
      await mkdir(folder, { recursive: true });
      return new DiskRecording(folder, draft, join(folder, file), await open(draft, 'w', 0o640));
    } catch (error) {
      throw diskError(error);
    }
  }

  async remove(spaceId: string): Promise<void> {
    for (const file of FILES) {
      await rm(join(this.dir, spaceId, file), { force: true });
      await rm(join(this.dir, spaceId, `${file}.draft`), { force: true });
    }
  }
}

class DiskRecording implements RecordingFile {
  private readonly folder: string;
  private readonly draft: string;
  private readonly path: string;
  private readonly handle: FileHandle;

  constructor(folder: string, draft: string, path: string, handle: FileHandle) {
    this.folder = folder;
    this.draft = draft;
    this.path = path;
    this.handle = handle;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.handle.writeFile(bytes);
    } catch (error) {
      throw diskError(error);
    }
  }

  async commit(): Promise<void> {
    try {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.draft, this.path);
      await syncFolder(this.folder);
    } catch (error) {
      throw diskError(error);
    }
  }

  async abort(): Promise<void> {
    await this.handle.close().catch(() => {}); // closed already by a commit that failed later
    await rm(this.draft, { force: true });
  }
}
