/**
 * AAC-LC in movie fragments, for players that know no Opus. Times are those of the decoded sound: frame `n`
 * of a segment decodes, after the one before it, to the samples from `tfdt + 1024 n`, so there is neither an
 * edit list nor an offset, and both renditions lie on one clock.
 */
import { concat, fullBox, u8, u16, u32, viewOf } from '../fmp4/box.ts';
import { mediaSize, writeMedia } from '../fmp4/fragment.ts';
import { audioEntry, initSegmentOf } from '../fmp4/init.ts';
import { AAC_FRAME_SAMPLES, HLS_RENDITIONS, PARTS_PER_SEGMENT, SEGMENT_SAMPLES } from './layout.ts';

const TWO_32 = 0x1_0000_0000;
/** Tags of descriptors (ISO 14496-1 §7.2.2.1). */
const ES = 3;
const DECODER_CONFIG = 4;
const DECODER_SPECIFIC = 5;
const SYNC_LAYER = 6;
const AUDIO_14496_3 = 0x40;
/** streamType 5 (audio), not upstream, the reserved bit set (ISO 14496-1 §7.2.6.6). */
const AUDIO_STREAM = 0x15;
const SYNC_LAYER_MP4 = 2;

export function aacBitrateBps(channels: 1 | 2): number {
  return channels === 1 ? 64_000 : 128_000;
}

/** The init segment of the AAC rendition. */
export function aacInitSegment(channels: 1 | 2): Uint8Array {
  return initSegmentOf({
    entry: audioEntry('mp4a', channels, elementaryStream(channels)),
    frameSamples: AAC_FRAME_SAMPLES,
  });
}

/** `esds` (ISO 14496-14 §6.7.2). */
function elementaryStream(channels: 1 | 2): Uint8Array {
  // AudioSpecificConfig: AAC-LC, 48 kHz, and that there is no SBR (ISO 14496-3 §1.6.2.1).
  const specific = descriptor(DECODER_SPECIFIC, u8(0x11, 0x80 + channels * 8, 0x56, 0xe5, 0));
  const bitrate = aacBitrateBps(channels);
  const decoder = descriptor(
    DECODER_CONFIG,
    concat([u8(AUDIO_14496_3, AUDIO_STREAM, 0, 0, 0), u32(bitrate, bitrate), specific]),
  );
  const layer = descriptor(SYNC_LAYER, u8(SYNC_LAYER_MP4));
  return fullBox('esds', 0, 0, descriptor(ES, concat([u16(0), u8(0), decoder, layer])));
}

/** All of ours are shorter than 128 bytes, so that one byte tells the length. */
function descriptor(tag: number, payload: Uint8Array): Uint8Array {
  return concat([u8(tag, payload.length), payload]);
}

/** Part `part` of segment `msn`: one fragment of its frames. */
export function aacPart(msn: number, part: number, frames: readonly Uint8Array[]): Uint8Array {
  const payload = frames.reduce((sum, frame) => sum + frame.length, 0);
  const bytes = new Uint8Array(mediaSize(frames.length, payload));
  const time = msn * SEGMENT_SAMPLES + part * HLS_RENDITIONS.aac.partSamples;
  const number = (msn * PARTS_PER_SEGMENT + part + 1) % TWO_32;
  writeMedia(bytes, viewOf(bytes), 0, number, time, frames);
  return bytes;
}
