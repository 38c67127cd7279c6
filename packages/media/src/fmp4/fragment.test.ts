import { CHUNK_SAMPLES, EMSG_SCHEME } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryChunk } from '../../test/arbitrary.ts';
import { dumpBoxes } from '../../test/box-dump.ts';
import {
  type FragmentInput,
  FragmentReader,
  fragmentSize,
  initSegment,
  renumbered,
  wrapFragment,
} from './index.ts';

const encoder = new TextEncoder();
const silence = Uint8Array.of(0xfc, 0xff, 0xfe);

/** `moof` and `mdat`, as a player is given them. */
function mediaOf(fragment: Uint8Array): Uint8Array {
  const [part] = [...new FragmentReader().push(Buffer.concat([initSegment(1), fragment]))].slice(1);
  if (part?.kind !== 'fragment') throw new Error('It is no fragment.');
  return new Uint8Array(part.media);
}

const chunk: FragmentInput = {
  seq: 500_000,
  capturedAtMs: Date.UTC(2026, 10, 22, 20, 0, 0, 250),
  frames: Array.from({ length: 10 }, () => silence),
  snapshot: encoder.encode('{"v":1,"title":"Opening night"}'),
};

describe('init segment', () => {
  it.each([1, 2] as const)(
    'is, with %i channel(s), what the golden file says',
    async (channels) => {
      const dump = dumpBoxes(initSegment(channels));
      await expect(dump).toMatchFileSnapshot(`../../golden/init-${channels}.txt`);
    },
  );
});

describe('fragment', () => {
  it('is, with a snapshot, what the golden file says', async () => {
    await expect(dumpBoxes(wrapFragment(chunk))).toMatchFileSnapshot(
      '../../golden/fragment-snapshot.txt',
    );
  });

  it('is, without a snapshot, what the golden file says', async () => {
    const plain = wrapFragment({ ...chunk, snapshot: new Uint8Array() });
    await expect(dumpBoxes(plain)).toMatchFileSnapshot('../../golden/fragment-plain.txt');
  });

  it('under another number is what it would be if it had been written with it', () => {
    fc.assert(
      fc.property(arbitraryChunk, fc.nat(), (input, seq) => {
        const plain = { ...input, snapshot: new Uint8Array() };
        const media = mediaOf(wrapFragment(plain));
        expect(renumbered(media, seq)).toEqual(mediaOf(wrapFragment({ ...plain, seq })));
        expect(media).toEqual(mediaOf(wrapFragment(plain)));
      }),
    );
    expect(() => renumbered(initSegment(1), 1)).toThrow(/moof/);
  });

  it('has exactly the size that is announced, whatever the chunk', () => {
    fc.assert(
      fc.property(arbitraryChunk, (input) => {
        const bytes = wrapFragment(input);
        expect(bytes.length).toBe(fragmentSize(input));
        expect(bytes.buffer.byteLength).toBe(bytes.length);
      }),
    );
  });

  it('is written into a buffer of the caller without a trace of what was there', () => {
    const out = new Uint8Array(4096).fill(0xaa);
    const written = wrapFragment(chunk, out);
    expect(written).toEqual(wrapFragment(chunk));
    expect(written.buffer).toBe(out.buffer);
    expect(out[written.length]).toBe(0xaa);
  });

  it('refuses a buffer that is too small', () => {
    expect(() => wrapFragment(chunk, new Uint8Array(100))).toThrow(/must hold \d+ bytes, got 100/);
  });

  it('counts beyond 32 bits of samples and wraps the fragment number', () => {
    const seq = 2 ** 32 - 1;
    const dump = dumpBoxes(wrapFragment({ ...chunk, seq }));
    expect(dump).toContain(`baseMediaDecodeTime = ${seq * CHUNK_SAMPLES}`);
    expect(dump).toContain('sequence_number = 0\n');
  });

  it('carries the scheme of the programme', () => {
    expect(dumpBoxes(wrapFragment(chunk))).toContain(`rest = "${EMSG_SCHEME}" 00 00 "{`);
  });

  it('comes back from the reader as it went in', () => {
    fc.assert(
      fc.property(arbitraryChunk, (input) => {
        const reader = new FragmentReader();
        reader.push(initSegment(1));
        const [part, ...more] = reader.push(wrapFragment(input));
        expect(more).toEqual([]);
        if (part?.kind !== 'fragment') throw new Error(`not a fragment: ${part?.kind}`);
        expect(part.seq).toBe(input.seq);
        expect(part.capturedAtMs).toBeCloseTo(input.capturedAtMs, 3);
        expect(part.snapshot).toEqual(input.snapshot.length === 0 ? null : input.snapshot);
        expect(part.frames()).toEqual(input.frames);
      }),
    );
  });
});
