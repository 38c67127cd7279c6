import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clip, clipBytes } from '../../ports/clips.ts';
import { systemTimers } from '../system/index.ts';
import { DiskClips } from './disk-clips.ts';

let dir: string;
let clips: DiskClips;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parterre-clips-'));
  clips = new DiskClips(dir, systemTimers);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const tone = (seed: number) =>
  Int16Array.from({ length: 24_000 }, (_, i) => Math.round(9_000 * Math.sin((i * seed) / 20)));
const fileOf = (clip: Clip): string => join(dir, 'evening', `clip-${clip.hash}.pcm`);

describe('clips on the disk', () => {
  it('are read as they were kept, also by another process, and replaced as a whole', async () => {
    const first = await clips.save('evening', tone(1), 1);
    const pcm = await clips.read('evening', first);
    expect(pcm).toHaveLength(24_000);
    expect(await new DiskClips(dir, systemTimers).read('evening', first)).toEqual(pcm);
    const second = await clips.save('evening', tone(2), 2);
    expect(second).toMatchObject({ samples: 12_000, channels: 2 });
    await clips.prune('evening', second);
    expect(await clips.has('evening', first)).toBe(false);
    expect(await clips.has('evening', second)).toBe(true);
    await clips.prune('evening', null);
    expect(await readdir(dir)).toEqual([]);
    await clips.prune('evening', null);
  });

  it('leave alone what else is in the folder', async () => {
    await mkdir(join(dir, 'evening'));
    await writeFile(join(dir, 'evening', 'plan.json'), '{}');
    await clips.save('evening', tone(1), 1);
    await clips.prune('evening', null);
    expect(await readdir(join(dir, 'evening'))).toEqual(['plan.json']);
  });

  it('[P3] are never taken for what they are not: any byte changed, more, or fewer', async () => {
    const clip = await clips.save('evening', tone(1), 1);
    const good = await readFile(fileOf(clip));
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const bad = Buffer.from(good);
          bad[at] = bad[at]! ^ by;
          await writeFile(fileOf(clip), bad);
          await expect(clips.read('evening', clip)).rejects.toThrow(/another content/);
          await writeFile(fileOf(clip), good.subarray(0, at));
          await expect(clips.read('evening', clip)).rejects.toThrow(/bytes instead of/);
          expect(await clips.has('evening', clip)).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
    await writeFile(fileOf(clip), Buffer.concat([good, good]));
    await expect(clips.read('evening', clip)).rejects.toThrow(/bytes instead of/);
    await writeFile(fileOf(clip), good);
    expect(clipBytes(clip)).toBe(good.length);
    await clips.read('evening', clip);
  });

  it('are looked for nowhere else', async () => {
    for (const hash of ['', '../plan.json', `${'a'.repeat(63)}/`, 'A'.repeat(64)])
      await expect(clips.read('evening', { hash, samples: 1, channels: 1 })).rejects.toThrow(
        /without a hash/,
      );
    const long = { hash: 'a'.repeat(64), samples: 1e9, channels: 1 } as const;
    await expect(clips.read('evening', long)).rejects.toThrow(/samples/);
  });

  it('in which nothing can be heard are refused, and nothing is left of them', async () => {
    const silence = clips.save('evening', new Int16Array(48_000), 1);
    await expect(silence).rejects.toMatchObject({ code: 'bad_request' });
    expect(await readdir(dir)).toEqual([]);
  });
});
