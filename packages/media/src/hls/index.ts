/** The hls lane: how the clock is cut, playlists, and AAC in fragments or packed. */
export { aacBitrateBps, aacInitSegment, aacPart } from './aac.ts';
export {
  AAC_FRAME_SAMPLES,
  firstSegmentOf,
  HLS_RENDITIONS,
  type HlsRendition,
  type HlsRenditionId,
  PARTS_PER_SEGMENT,
  type Progress,
  progressOf,
  SEGMENT_CHUNKS,
  SEGMENT_SAMPLES,
} from './layout.ts';
export { packedSegment } from './packed.ts';
export {
  type LowLatency,
  mediaPlaylist,
  multivariantPlaylist,
  TARGET_DURATION_S,
  type Variant,
} from './playlist.ts';
