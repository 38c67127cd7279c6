/**
 * Clips as files: `{dir}/{space}/clip-{hash}.pcm`, nothing but samples; written as a draft, synced, renamed
 * into place. Reading takes a file for what its name says only when length and hash agree, a piece at a
 * time, so that the thread of the clock is not held.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { levelClip } from '@parterre/media';
import { CLIP_SAMPLES_MAX, ParterreError } from '@parterre/protocol';
import { type Clip, type ClipStore, clipBytes } from '../../ports/clips.ts';
import type { Timers } from '../../ports/clock.ts';
import { syncFolder } from './disk-plans.ts';
import { diskError } from './errors.ts';

const FILE = /^clip-[0-9a-f]{64}\.pcm(?:\.draft)?$/;
const PIECE_BYTES = 65_536;

export class DiskClips implements ClipStore {
  readonly #dir: string;
  readonly #timers: Timers;

  /** @param dir holds one folder per space */
  constructor(dir: string, timers: Timers) {
    this.#dir = dir;
    this.#timers = timers;
  }

  async save(spaceId: string, pcm: Int16Array, channels: 1 | 2): Promise<Clip> {
    const levelled = await finished(levelClip(pcm, channels), this.#timers);
    if (levelled === null)
      throw new ParterreError('bad_request', 'There is nothing to be heard in this clip.');
    const bytes = Buffer.from(levelled.buffer, levelled.byteOffset, levelled.byteLength);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const clip = { hash, samples: levelled.length / channels, channels };
    const folder = join(this.#dir, spaceId);
    const draft = join(folder, `${fileOf(clip)}.draft`);
    try {
      await mkdir(folder, { recursive: true });
      const file = await open(draft, 'w', 0o640);
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(folder, fileOf(clip)));
      await syncFolder(folder);
    } catch (error) {
      throw diskError(error);
    }
    return clip;
  }

  async read(spaceId: string, clip: Clip): Promise<Int16Array> {
    const length = clipBytes(clip);
    if (!(clip.samples > 0 && clip.samples <= CLIP_SAMPLES_MAX))
      throw new Error(`a clip of ${clip.samples} samples`);
    const file = await open(join(this.#dir, spaceId, fileOf(clip)), 'r');
    try {
      const { size } = await file.stat();
      if (size !== length) throw new Error(`a clip of ${size} bytes instead of ${length}`);
      const bytes = new Uint8Array(length);
      const hash = createHash('sha256');
      for (let at = 0; at < length; ) {
        const part = bytes.subarray(at, at + PIECE_BYTES);
        const { bytesRead } = await file.read(part, 0, part.length, at);
        if (bytesRead === 0) throw new Error('a clip that became shorter');
        hash.update(part.subarray(0, bytesRead));
        at += bytesRead;
      }
      if (hash.digest('hex') !== clip.hash) throw new Error('a clip with another content');
      return new Int16Array(bytes.buffer);
    } finally {
      await file.close();
    }
  }

  async has(spaceId: string, clip: Clip): Promise<boolean> {
    const found = await stat(join(this.#dir, spaceId, fileOf(clip))).catch(() => null);
    return found?.size === clipBytes(clip);
  }

  async prune(spaceId: string, kept: Clip | null): Promise<void> {
    const folder = join(this.#dir, spaceId);
    const names = await readdir(folder).catch(() => [] as string[]);
    for (const name of names)
      if (FILE.test(name) && (kept === null || name !== fileOf(kept)))
        await rm(join(folder, name), { force: true });
    if (kept === null) await rmdir(folder).catch(() => {}); // not empty, or never made
  }
}

/** @throws RangeError for a hash that is not one: it becomes part of a path */
function fileOf({ hash }: Clip): string {
  const name = `clip-${hash}.pcm`;
  if (!FILE.test(name)) throw new RangeError('a clip without a hash');
  return name;
}

/** Runs it to its end, and lets others have the thread between. */
async function finished<Result>(
  work: Generator<undefined, Result>,
  timers: Timers,
): Promise<Result> {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    await new Promise<void>((resolve) => timers.after(0, resolve));
  }
}
