import { describe, expect, it } from 'vitest';
import { dumpBoxes } from '../../test/box-dump.ts';
import { aacInitSegment, aacPart } from './index.ts';

describe('AAC in fragments', () => {
  it.each([1, 2] as const)(
    'has, with %i channel(s), the init segment of the golden file',
    async (channels) => {
      const dump = dumpBoxes(aacInitSegment(channels));
      await expect(dump).toMatchFileSnapshot(`../../golden/hls-aac-init-${channels}.txt`);
    },
  );

  it('puts part 2 of segment 7 at its place on the clock', async () => {
    const frames = [Uint8Array.of(1, 2, 3), Uint8Array.of(4)];
    const dump = dumpBoxes(aacPart(7, 2, frames));
    expect(dump).toContain(`baseMediaDecodeTime = ${(7 * 225 + 2 * 45) * 1_024}`);
    expect(dump).toContain('sequence_number = 38');
    expect(dump).toContain('sample_count = 2');
  });
});
