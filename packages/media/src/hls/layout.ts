/**
 * How the hls lane cuts the clock. A segment is 4.8 s: the shortest stretch that is whole chunks (24), whole
 * Opus packets (240) and whole AAC frames (225). Segment `msn` begins at clock `msn × SEGMENT_SAMPLES`, in
 * every rendition, at every edge and over every restart. Five parts make a segment; a part is the unit of
 * low latency (RFC 8216bis §4.4.4.9).
 */
import { CHUNK_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';

export const SEGMENT_CHUNKS = 24;
export const SEGMENT_SAMPLES = SEGMENT_CHUNKS * CHUNK_SAMPLES;
export const PARTS_PER_SEGMENT = 5;
/** Samples in an AAC frame (ISO 14496-3 §4.5.2.1.1). */
export const AAC_FRAME_SAMPLES = 1_024;

export type HlsRenditionId = 'opus' | 'aac';

export interface HlsRendition {
  readonly id: HlsRenditionId;
  /** RFC 6381, as the multivariant playlist names it. */
  readonly codecs: string;
  /** The last part of a segment is what is left: shorter with Opus, alike with AAC. */
  readonly partSamples: number;
  /** What must be known beyond the end of a part to make it. */
  readonly aheadSamples: number;
  /** Whole chunks before a segment that must be known to make it. */
  readonly leadChunks: number;
  /** The smallest unit, samples: an ended programme is cut to it. */
  readonly frameSamples: number;
  /** Stands in addresses; another one whenever the bytes made of the same chunks change. */
  readonly recipe: string;
}

export const HLS_RENDITIONS: Readonly<Record<HlsRenditionId, HlsRendition>> = {
  opus: {
    id: 'opus',
    codecs: 'opus',
    partSamples: 5 * CHUNK_SAMPLES,
    aheadSamples: 0,
    leadChunks: 0,
    frameSamples: CHUNK_SAMPLES,
    recipe: 'o1',
  },
  aac: {
    id: 'aac',
    codecs: 'mp4a.40.2',
    partSamples: 45 * AAC_FRAME_SAMPLES,
    aheadSamples: 2 * AAC_FRAME_SAMPLES,
    // A segment: the encoder's rate control has then settled, and spends its bits as in the midst of a stream.
    leadChunks: SEGMENT_CHUNKS,
    frameSamples: AAC_FRAME_SAMPLES,
    recipe: 'a1',
  },
};

/** How far a rendition has come. */
export interface Progress {
  /** Segments [0, segments) are whole. */
  readonly segments: number;
  /** Parts of segment `segments` that are there. */
  readonly parts: number;
  /** Samples of the last segment of a programme that has ended in its midst; 0 for none. */
  readonly restSamples: number;
}

/** What of a rendition can be made of chunks [0, headSeq). */
export function progressOf(rendition: HlsRendition, headSeq: number, ended: boolean): Progress {
  const known = headSeq * CHUNK_SAMPLES - (ended ? 0 : rendition.aheadSamples);
  const samples = Math.max(0, known);
  const segments = Math.floor(samples / SEGMENT_SAMPLES);
  const open = samples - segments * SEGMENT_SAMPLES;
  if (!ended) return { segments, parts: Math.floor(open / rendition.partSamples), restSamples: 0 };
  const restSamples = open - (open % rendition.frameSamples);
  return { segments, parts: Math.ceil(restSamples / rendition.partSamples), restSamples };
}

/** Samples of part `part` of a segment of `segmentSamples`. */
export function partSamplesOf(
  rendition: HlsRendition,
  part: number,
  segmentSamples: number = SEGMENT_SAMPLES,
): number {
  return Math.min(rendition.partSamples, segmentSamples - part * rendition.partSamples);
}

/** The first segment of which all is known when chunks from `oldestSeq` are. */
export function firstSegmentOf(rendition: HlsRendition, oldestSeq: number): number {
  const lead = oldestSeq === 0 ? 0 : rendition.leadChunks;
  return Math.ceil((oldestSeq + lead) / SEGMENT_CHUNKS);
}

export function secondsOf(samples: number): number {
  return samples / SAMPLE_RATE_HZ;
}
