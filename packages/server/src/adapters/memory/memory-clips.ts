/** Clips in memory, as they were brought; for tests. */
import { createHash } from 'node:crypto';
import { ParterreError } from '@parterre/protocol';
import type { Clip, ClipStore } from '../../ports/clips.ts';

export class MemoryClips implements ClipStore {
  readonly clips = new Map<string, Map<string, Int16Array>>();

  async save(spaceId: string, pcm: Int16Array, channels: 1 | 2): Promise<Clip> {
    if (pcm.every((sample) => sample === 0))
      throw new ParterreError('bad_request', 'There is nothing to be heard in this clip.');
    const hash = createHash('sha256').update(pcm).digest('hex');
    const those = this.clips.get(spaceId) ?? new Map<string, Int16Array>();
    this.clips.set(spaceId, those.set(hash, pcm.slice()));
    return { hash, samples: pcm.length / channels, channels };
  }

  async read(spaceId: string, { hash }: Clip): Promise<Int16Array> {
    const pcm = this.clips.get(spaceId)?.get(hash);
    if (pcm === undefined) throw new Error('no such clip');
    return pcm;
  }

  async has(spaceId: string, { hash }: Clip): Promise<boolean> {
    return this.clips.get(spaceId)?.has(hash) ?? false;
  }

  async prune(spaceId: string, kept: Clip | null): Promise<void> {
    const those = this.clips.get(spaceId);
    for (const hash of those?.keys() ?? []) if (hash !== kept?.hash) those?.delete(hash);
    if (those?.size === 0) this.clips.delete(spaceId);
  }
}
