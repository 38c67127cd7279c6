/** The renditions of the hls lane as the multivariant playlist offers them, with what they take of a line. */
import { aacBitrateBps, HLS_RENDITIONS, type HlsRenditionId, type Variant } from '@parterre/media';
import type { Rendition } from '@parterre/protocol';

/** Boxes around each chunk and the snapshots beside them, bit/s. */
const OPUS_EXTRA_BPS = 16_000;
/** One `moof` a part, or a header a frame. */
const AAC_EXTRA_BPS = 3_000;
/** A segment of lively sound against the mean. */
const PEAK = 1.3;

/**
 * Opus first: it is less to send, and nothing has to be made for it.
 * @param query after each address
 */
export function variantsOf(rendition: Rendition, withAac: boolean, query: string): Variant[] {
  const opusBps = rendition.bitrateBps + OPUS_EXTRA_BPS;
  const opus = variant('opus', 'opus', opusBps, query);
  return withAac ? [opus, aacVariant('aac', rendition, query)] : [opus];
}

/** Packed audio alone: a player that knows both would take it for another quality of the other. */
export function packedVariants(rendition: Rendition, query: string): Variant[] {
  return [aacVariant('packed', rendition, query)];
}

function aacVariant(folder: string, { channels }: Rendition, query: string): Variant {
  return variant('aac', folder, aacBitrateBps(channels) + AAC_EXTRA_BPS, query);
}

function variant(id: HlsRenditionId, folder: string, averageBps: number, query: string): Variant {
  return {
    rendition: HLS_RENDITIONS[id],
    uri: `${folder}/index.m3u8${query}`,
    averageBps,
    bandwidthBps: Math.round(averageBps * PEAK),
  };
}
