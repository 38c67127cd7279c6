/** The renditions of the hls lane as the multivariant playlist offers them, with what they take of a line. */
import { aacBitrateBps, HLS_RENDITIONS, type Variant } from '@parterre/media';
import type { Rendition } from '@parterre/protocol';

/** Boxes around each chunk and the snapshots beside them, bit/s. */
const OPUS_EXTRA_BPS = 16_000;
/** One `moof` a part. */
const AAC_EXTRA_BPS = 3_000;
/** A segment of lively sound against the mean. */
const PEAK = 1.3;

/**
 * Opus first: it is less to send, and nothing has to be made for it.
 * @param query after each address
 */
export function variantsOf(rendition: Rendition, withAac: boolean, query: string): Variant[] {
  const opusBps = rendition.bitrateBps + OPUS_EXTRA_BPS;
  const aacBps = aacBitrateBps(rendition.channels) + AAC_EXTRA_BPS;
  const rates = withAac
    ? ([
        ['opus', opusBps],
        ['aac', aacBps],
      ] as const)
    : ([['opus', opusBps]] as const);
  return rates.map(([id, averageBps]) => ({
    rendition: HLS_RENDITIONS[id],
    uri: `${id}/index.m3u8${query}`,
    averageBps,
    bandwidthBps: Math.round(averageBps * PEAK),
  }));
}
