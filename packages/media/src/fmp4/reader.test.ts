import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arbitraryChunk,
  arbitraryCuts,
  arbitraryDamage,
  cut,
  damage,
  joined,
} from '../../test/arbitrary.ts';
import { box, fullBox, u32 } from './box.ts';
import {
  FragmentReader,
  HELD_BYTES_MAX,
  initSegment,
  type LivePart,
  wrapFragment,
} from './index.ts';

const none = new Uint8Array();
const plain = (seq: number) =>
  wrapFragment({ seq, capturedAtMs: 1e12, frames: [Uint8Array.of(1, 2, 3)], snapshot: none });
/** Bytes of `prft`, which stands in front of `moof`. */
const PRFT_BYTES = 32;

function readAll(pieces: readonly Uint8Array[]): { parts: LivePart[]; reader: FragmentReader } {
  const reader = new FragmentReader();
  return { parts: pieces.flatMap((piece) => reader.push(piece)), reader };
}

function errorOf(...pieces: readonly Uint8Array[]): string {
  const last = readAll(pieces).parts.at(-1);
  return last?.kind === 'error' ? last.error.message : `no error but ${last?.kind}`;
}

/** A live response: init segment and a few chunks in a row. */
const arbitraryStream = fc
  .tuple(fc.integer({ min: 0, max: 1e9 }), fc.array(arbitraryChunk, { minLength: 1, maxLength: 6 }))
  .map(([first, chunks]) => {
    const row = chunks.map((chunk, index) => ({ ...chunk, seq: first + index }));
    return joined([initSegment(1), ...row.map((chunk) => wrapFragment(chunk))]);
  });

describe('fragment reader', () => {
  it('[P1] gives the same parts however the network cuts the response', () => {
    fc.assert(
      fc.property(arbitraryStream, arbitraryCuts, (stream, cuts) => {
        const whole = readAll([stream]);
        const pieces = readAll(cut(stream, cuts));
        const comparable = (parts: readonly LivePart[]) =>
          parts.map((part) =>
            part.kind === 'fragment' ? { ...part, frames: part.frames() } : part,
          );
        expect(comparable(pieces.parts)).toEqual(comparable(whole.parts));
        expect(whole.reader.atBoundary && pieces.reader.atBoundary).toBe(true);
      }),
    );
  });

  it('gives a stream without emsg and prft: the media are the moof and mdat of the input', () => {
    const fragment = plain(7);
    const { parts } = readAll([initSegment(2), fragment]);
    expect(parts[0]).toMatchObject({ kind: 'init', bytes: initSegment(2), channels: 2 });
    expect(parts[1]).toMatchObject({ kind: 'fragment', media: fragment.subarray(PRFT_BYTES) });
  });

  it('does not keep what it was given', () => {
    const bytes = joined([initSegment(1), plain(1)]);
    const reader = new FragmentReader();
    const head = reader.push(bytes.subarray(0, bytes.length - 2));
    bytes.fill(0, 0, bytes.length - 2);
    const parts = [...head, ...reader.push(bytes.subarray(bytes.length - 2))];
    expect(parts[1]).toMatchObject({ kind: 'fragment', media: plain(1).subarray(PRFT_BYTES) });
  });

  it('never throws and ends after its first error, whatever bytes come', () => {
    fc.assert(
      fc.property(arbitraryStream, arbitraryDamage, arbitraryCuts, (stream, changes, cuts) => {
        const { parts, reader } = readAll(cut(damage(stream, changes), cuts));
        const firstError = parts.findIndex((part) => part.kind === 'error');
        if (firstError < 0) return;
        expect(firstError).toBe(parts.length - 1);
        expect(reader.atBoundary).toBe(false);
        expect(reader.push(stream)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        readAll([bytes]);
        readAll([initSegment(1), bytes]);
      }),
    );
  });

  it('tells that a response was cut inside a fragment', () => {
    const fragment = plain(1);
    expect(readAll([initSegment(1)]).reader.atBoundary).toBe(true);
    expect(readAll([initSegment(1), fragment.subarray(0, 40)]).reader.atBoundary).toBe(false);
    expect(readAll([initSegment(1), fragment.subarray(0, PRFT_BYTES)]).reader.atBoundary).toBe(
      false,
    );
  });

  it('passes over boxes and events it does not know', () => {
    const event = fullBox('emsg', 0, 0, new Uint8Array(40));
    const free = box('free', new Uint8Array(3000));
    const { parts } = readAll([initSegment(1), free, event, event, plain(3)]);
    expect(parts.map((part) => part.kind)).toEqual(['init', 'fragment']);
  });

  it('holds a bounded number of bytes', () => {
    expect(HELD_BYTES_MAX).toBeLessThan(150_000);
    expect(errorOf(initSegment(1), u32(0x7fff_ffff, 0x6d646174))).toBe(
      'mdat must have a size from 8 to 65536, got 2147483647',
    );
    expect(errorOf(initSegment(1), u32(0, 0x66726565))).toMatch(/^free must have a size from 8/);
  });
});

describe('fragment reader names the box, the rule and the value', () => {
  const init = initSegment(1);
  const fragment = plain(5);
  const prft = fragment.subarray(0, PRFT_BYTES);
  const media = fragment.subarray(PRFT_BYTES);
  /** Where a child stands, searched by its type. */
  const at = (bytes: Uint8Array, type: string) =>
    joined([bytes]).findIndex((_, index) =>
      [...type].every((letter, offset) => bytes[index + offset] === letter.charCodeAt(0)),
    );
  const edited = (bytes: Uint8Array, type: string, offset: number, value: number) =>
    damage(bytes, [[at(bytes, type) + 4 + offset, value]]);

  it.each([
    ['a fragment before the init segment', [fragment], 'prft must come after ftyp and moov'],
    ['a second init segment', [init, init], 'ftyp must come once, before all fragments'],
    ['a moov without ftyp', [init.subarray(24)], 'moov must come after ftyp'],
    ['three channels', [edited(init, 'dOps', 1, 3)], 'dOps must have 1 or 2 channels, got 3'],
    [
      'another mapping family',
      [edited(init, 'dOps', 10, 1)],
      'dOps must have channel mapping family 0',
    ],
    [
      'another timescale',
      [edited(init, 'mdhd', 15, 0)],
      'mdhd must have timescale 48000, got 47872',
    ],
    ['another codec', [edited(init, 'Opus', -4, 0x6f)], 'stsd/Opus must be there once, got 0'],
    ['no reference time', [init, media], 'prft must come before each moof'],
    ['two reference times', [init, prft, prft], 'prft must come once a fragment'],
    [
      'a reference time of another chunk',
      [init, plain(4).subarray(0, PRFT_BYTES), media],
      'prft must have media time 48000, got 38400',
    ],
    [
      'a time off the chunk',
      [init, edited(fragment, 'tfdt', 11, 1)],
      'tfdt must be a multiple of 9600',
    ],
    [
      'another fragment number',
      [init, edited(fragment, 'mfhd', 7, 9)],
      'moof/mfhd must be numbered 6, got 9',
    ],
    [
      'absolute offsets',
      [init, edited(fragment, 'tfhd', 1, 0)],
      'tfhd must have the flag default-base-is-moof alone',
    ],
    ['no samples', [init, edited(fragment, 'trun', 7, 0)], 'trun must hold 1 to 50 samples, got 0'],
    ['a wrong offset', [init, edited(fragment, 'trun', 11, 1)], 'trun must point to 100, got 1'],
    [
      'sizes that do not add up',
      [init, edited(fragment, 'trun', 15, 2)],
      'mdat must hold the 2 bytes of its trun, got 3',
    ],
    [
      'a box between moof and mdat',
      [init, fragment.subarray(0, -11), box('free')],
      'free must be the mdat that follows its moof',
    ],
    ['mdat alone', [init, prft, box('mdat')], 'mdat must follow its moof'],
  ])('%s', (_, pieces, message) => {
    expect(errorOf(...pieces)).toContain(message);
  });
});
