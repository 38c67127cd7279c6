/** A room as the hls lane sees it: what there is of each rendition, under which name, and its bytes. */
import {
  HLS_RENDITIONS,
  type HlsRenditionId,
  PARTS_PER_SEGMENT,
  type Progress,
  progressOf,
  SEGMENT_CHUNKS,
} from '@parterre/media';
import type { Room } from './room.ts';

/** Names one programme in one encoding: another one under the same name has other addresses. */
export function runOf({ space }: Room, id: HlsRenditionId): string {
  return `${space.doorsAtMs.toString(36)}-${HLS_RENDITIONS[id].recipe}`;
}

/** It has ended; its last two minutes are still there. */
export function isOver({ space }: Room): boolean {
  return space.state === 'ended';
}

/** How far a rendition has come. */
export function progressIn(room: Room, id: HlsRenditionId): Progress {
  const { headSeq } = room.rings.live.ring;
  return progressOf(HLS_RENDITIONS[id], Math.max(0, headSeq), isOver(room));
}

/** A part, or with null the whole segment, is there. */
export function has(progress: Progress, msn: number, part: number | null): boolean {
  const { segments, parts, restSamples } = progress;
  if (msn !== segments) return msn < segments;
  return part === null ? restSamples > 0 : part < parts;
}

/** The live lane's fragments of that time; shared, not to be changed. */
export function opusMedia(room: Room, msn: number, part: number | null): Uint8Array {
  const { live } = room.rings;
  const chunksPerPart = Math.ceil(SEGMENT_CHUNKS / PARTS_PER_SEGMENT);
  const start = msn * SEGMENT_CHUNKS;
  const end = Math.min(live.ring.headSeq, start + SEGMENT_CHUNKS);
  if (part === null) return live.section(start, end);
  const from = start + part * chunksPerPart;
  return live.section(from, Math.min(end, from + chunksPerPart));
}
