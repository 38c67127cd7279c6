import { CHUNK_MS, CHUNK_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  firstSegmentOf,
  HLS_RENDITIONS,
  type HlsRendition,
  mediaPlaylist,
  multivariantPlaylist,
  progressOf,
  SEGMENT_CHUNKS,
  SEGMENT_SAMPLES,
} from './index.ts';
import { PARTS_PER_SEGMENT } from './layout.ts';
import { TARGET_DURATION_S } from './playlist.ts';

const DOORS_MS = Date.UTC(2026, 10, 22, 20);
const RING_CHUNKS = 600;

interface Wish {
  readonly rendition?: HlsRendition;
  readonly headSeq: number;
  readonly ended?: boolean;
  readonly low?: boolean;
  readonly skip?: boolean;
}

function written(wish: Wish): string {
  const { rendition = HLS_RENDITIONS.opus, headSeq, ended = false, low = true } = wish;
  const progress = progressOf(rendition, headSeq, ended);
  const other = HLS_RENDITIONS[rendition.id === 'opus' ? 'aac' : 'opus'];
  const report = {
    uri: `../${other.id}/index.m3u8`,
    progress: progressOf(other, headSeq, ended),
  };
  return mediaPlaylist({
    rendition,
    progress,
    ended,
    firstSegment: firstSegmentOf(rendition, Math.max(0, headSeq - RING_CHUNKS)),
    path: 'run/',
    init: 'init-1.mp4',
    suffix: '.m4s',
    query: '',
    capturedAtMs: (msn) => DOORS_MS + msn * SEGMENT_CHUNKS * CHUNK_MS,
    low: low ? { skip: wish.skip ?? false, reports: [report] } : null,
  });
}

/** What a player makes of a playlist; a delta is laid over what it had (RFC 8216bis §6.3.7). */
interface Read {
  readonly sequence: number;
  readonly segments: readonly string[];
  /** Durations of the segments, s. */
  readonly seconds: readonly number[];
  /** Addresses of parts and their durations, s. */
  readonly parts: ReadonlyMap<string, number>;
  readonly ended: boolean;
}

function read(text: string, before?: Read): Read {
  const lines = text.split('\n');
  const after = (tag: string): string[] =>
    lines.filter((line) => line.startsWith(tag)).map((line) => line.slice(tag.length));
  const sequence = Number(after('#EXT-X-MEDIA-SEQUENCE:')[0]);
  const skipped = Number(after('#EXT-X-SKIP:SKIPPED-SEGMENTS=')[0] ?? 0);
  const from = sequence - (before?.sequence ?? sequence);
  const old = { segments: before?.segments ?? [], seconds: before?.seconds ?? [] };
  if (skipped > 0) expect(old.segments.length).toBeGreaterThanOrEqual(from + skipped);
  return {
    sequence,
    segments: [
      ...old.segments.slice(from, from + skipped),
      ...lines.filter((line) => line !== '' && !line.startsWith('#')),
    ],
    seconds: [
      ...old.seconds.slice(from, from + skipped),
      ...after('#EXTINF:').map((line) => Number.parseFloat(line)),
    ],
    parts: new Map(
      after('#EXT-X-PART:').map((line) => [
        /URI="([^"]+)"/.exec(line)![1]!,
        Number(/DURATION=([\d.]+)/.exec(line)![1]),
      ]),
    ),
    ended: lines.includes('#EXT-X-ENDLIST'),
  };
}

const rendition = fc.constantFrom(...Object.values(HLS_RENDITIONS));
const headSeq = fc.integer({ min: SEGMENT_CHUNKS + 1, max: 500_000 });

describe('media playlist', () => {
  it.each([
    ['plain', { headSeq: 100, low: false }],
    ['low-latency', { headSeq: 500 }],
    ['delta', { headSeq: 500, skip: true }],
    ['ended', { headSeq: 130, ended: true }],
  ])('is, %s, what the golden file says', async (name, wish) => {
    const both = Object.values(HLS_RENDITIONS).map((each) => written({ ...wish, rendition: each }));
    await expect(both.join('\n')).toMatchFileSnapshot(`../../golden/hls-${name}.m3u8`);
  });

  it('numbers segments by the clock: the sequence never goes back and names stay', () => {
    fc.assert(
      fc.property(rendition, headSeq, fc.nat({ max: 60 }), (each, head, more) => {
        const [one, two] = [head, head + more].map((at) =>
          read(written({ rendition: each, headSeq: at })),
        );
        expect(two!.sequence).toBeGreaterThanOrEqual(one!.sequence);
        for (const list of [one!, two!])
          expect(list.segments).toEqual(
            list.segments.map((_, index) => `run/${list.sequence + index}.m4s`),
          );
      }),
    );
  });

  it('adds its parts up to its segments, none longer than the target', () => {
    fc.assert(
      fc.property(rendition, headSeq, fc.boolean(), (each, head, ended) => {
        const { parts, sequence, segments, seconds } = read(
          written({ rendition: each, headSeq: head, ended }),
        );
        for (const [index, duration] of seconds.entries()) {
          expect(duration).toBeLessThanOrEqual(TARGET_DURATION_S + 0.5);
          const own = [...parts].filter(([name]) => name.startsWith(`run/${sequence + index}.`));
          const sum = own.reduce((total, [, partS]) => total + partS, 0);
          if (own.length > 0) expect(sum).toBeCloseTo(duration, 4);
          if (index >= segments.length - 3) expect(own.length).toBeGreaterThan(0);
        }
        for (const partS of parts.values())
          expect(partS).toBeLessThanOrEqual(each.partSamples / SAMPLE_RATE_HZ);
      }),
    );
  });

  it('is the same whole as merged from a delta, whatever the player had that is not too old', () => {
    fc.assert(
      fc.property(rendition, headSeq, fc.nat({ max: 75 }), (each, head, more) => {
        const had = read(written({ rendition: each, headSeq: head }));
        const next = { rendition: each, headSeq: head + more };
        const whole = written(next);
        const delta = written({ ...next, skip: true });
        expect(read(delta, had)).toEqual(read(whole));
        expect(delta.length).toBeLessThanOrEqual(whole.length);
      }),
    );
  });

  it('lists nothing that will leave the two minutes before it may (RFC 8216bis §6.2.2)', () => {
    fc.assert(
      fc.property(rendition, headSeq, (each, head) => {
        const { segments, sequence } = read(written({ rendition: each, headSeq: head }));
        // Delisted one after this list's length; there for that long and its own length again.
        const listS = segments.length * 4.8;
        const goneAtS =
          ((sequence * SEGMENT_CHUNKS - each.leadChunks + RING_CHUNKS) * CHUNK_MS) / 1e3;
        const delistedAtS = (head * CHUNK_MS) / 1e3;
        expect(goneAtS - delistedAtS).toBeGreaterThan(listS);
      }),
    );
  });

  it('ends with all there is, and hints at nothing', () => {
    fc.assert(
      fc.property(rendition, headSeq, (each, head) => {
        const text = written({ rendition: each, headSeq: head, ended: true });
        const list = read(text);
        expect(list.ended).toBe(true);
        expect(text).not.toContain('PRELOAD-HINT');
        const endS = list.sequence * 4.8 + list.seconds.reduce((sum, one) => sum + one, 0);
        const missing = head * CHUNK_SAMPLES - endS * SAMPLE_RATE_HZ;
        expect(missing).toBeGreaterThan(-1);
        expect(missing).toBeLessThan(each.frameSamples + 1);
      }),
    );
  });
});

describe('progress', () => {
  it('has each segment cut in five parts, and waits for what lies ahead', () => {
    for (const each of Object.values(HLS_RENDITIONS)) {
      expect(Math.ceil(SEGMENT_SAMPLES / each.partSamples)).toBe(PARTS_PER_SEGMENT);
      expect(SEGMENT_SAMPLES % each.frameSamples).toBe(0);
    }
    expect(progressOf(HLS_RENDITIONS.opus, 24, false)).toMatchObject({ segments: 1, parts: 0 });
    expect(progressOf(HLS_RENDITIONS.aac, 24, false)).toMatchObject({ segments: 0, parts: 4 });
    expect(progressOf(HLS_RENDITIONS.aac, 25, false)).toMatchObject({ segments: 1, parts: 0 });
  });

  it('begins where all that a segment needs is known', () => {
    expect(firstSegmentOf(HLS_RENDITIONS.aac, 0)).toBe(0);
    expect(firstSegmentOf(HLS_RENDITIONS.opus, 24)).toBe(1);
    expect(firstSegmentOf(HLS_RENDITIONS.aac, 24)).toBe(2);
  });
});

describe('multivariant playlist', () => {
  it('names each codec', async () => {
    const text = multivariantPlaylist(
      Object.values(HLS_RENDITIONS).map((each) => ({
        rendition: each,
        uri: `${each.id}/index.m3u8`,
        bandwidthBps: 96_000,
        averageBps: 48_000,
      })),
    );
    await expect(text).toMatchFileSnapshot('../../golden/hls-multivariant.m3u8');
  });
});
