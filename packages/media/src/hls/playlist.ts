/**
 * The playlists of the hls lane (RFC 8216bis). Pure text of what a rendition has; the window is bounded, so
 * that everything listed stays as long as RFC 8216bis §6.2.2 asks for, in the two minutes that an edge
 * holds. Parts, blocking reloads and delta updates are offered together, or none of them.
 */
import {
  type HlsRendition,
  PARTS_PER_SEGMENT,
  type Progress,
  partSamplesOf,
  SEGMENT_SAMPLES,
  secondsOf,
} from './layout.ts';

/** EXT-X-TARGETDURATION, s: 4.8 rounded (RFC 8216bis §4.4.3.1). */
export const TARGET_DURATION_S = 5;
/** 52.8 s. A segment must outlive its listing by the window and itself: 2 × 52.8 + 4.8 + what is open < 120 s. */
export const WINDOW_SEGMENTS = 11;
/** Parts are listed for this many whole segments before the open one: three target durations (§4.4.4.9). */
const SEGMENTS_WITH_PARTS = 4;
/** EXT-X-SERVER-CONTROL: at least six target durations (§4.4.3.8). */
const SKIP_UNTIL_S = 6 * TARGET_DURATION_S;
/** At least three part targets (§4.4.3.8). */
const PART_HOLD_BACK_PARTS = 3.2;

export interface MediaPlaylist {
  readonly rendition: HlsRendition;
  readonly progress: Progress;
  readonly ended: boolean;
  /** The oldest segment that can be had. */
  readonly firstSegment: number;
  /** Before each name of a segment, part or init segment. */
  readonly path: string;
  /** null: segments need none. */
  readonly init: string | null;
  /** How names of segments and parts end. */
  readonly suffix: '.m4s' | '.aac';
  /** After each name of a segment or part: `?` and a query, or nothing. */
  readonly query: string;
  /** Wall clock at which a segment's first sample was captured, ms since the Unix epoch. */
  readonly capturedAtMs: (msn: number) => number;
  /** Parts and the rest of low latency; null without. */
  readonly low: LowLatency | null;
}

export interface LowLatency {
  /** The client has an earlier version and asks for what is new. */
  readonly skip: boolean;
  /** The other renditions: address of the playlist and how far it has come. */
  readonly reports: readonly { readonly uri: string; readonly progress: Progress }[];
}

/** The media playlist of one rendition. */
export function mediaPlaylist(list: MediaPlaylist): string {
  const { progress, ended, path, low } = list;
  const rest = progress.restSamples > 0 ? 1 : 0;
  const end = progress.segments + rest;
  const first = Math.min(end, Math.max(list.firstSegment, end - WINDOW_SEGMENTS));
  const openS = secondsOf(openSamples(list));
  const skipped = low?.skip === true ? skippable(progress.segments - first, openS) : 0;
  const lines = [
    '#EXTM3U',
    `#EXT-X-VERSION:${low === null ? 6 : 9}`,
    `#EXT-X-TARGETDURATION:${TARGET_DURATION_S}`,
  ];
  if (low !== null) lines.push(...lowLatencyHead(list.rendition));
  lines.push(`#EXT-X-MEDIA-SEQUENCE:${first}`);
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`);
  else if (list.init !== null) lines.push(`#EXT-X-MAP:URI="${path}${list.init}"`);
  for (let msn = first + skipped; msn < end; msn++) {
    const samples = msn < progress.segments ? SEGMENT_SAMPLES : progress.restSamples;
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(list.capturedAtMs(msn)).toISOString()}`);
    if (low !== null && msn >= end - SEGMENTS_WITH_PARTS) lines.push(...parts(list, msn, samples));
    lines.push(
      `#EXTINF:${number(secondsOf(samples))},`,
      `${path}${msn}${list.suffix}${list.query}`,
    );
  }
  if (ended) lines.push('#EXT-X-ENDLIST');
  else if (low !== null) lines.push(...lowLatencyTail(list, low));
  return `${lines.join('\n')}\n`;
}

function lowLatencyHead(rendition: HlsRendition): string[] {
  const targetS = secondsOf(rendition.partSamples);
  const holdBack = number(targetS * PART_HOLD_BACK_PARTS);
  return [
    `#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=${holdBack},CAN-SKIP-UNTIL=${SKIP_UNTIL_S}`,
    `#EXT-X-PART-INF:PART-TARGET=${number(targetS)}`,
  ];
}

/** The open segment's parts, the one to come, and the other renditions. */
function lowLatencyTail(list: MediaPlaylist, low: LowLatency): string[] {
  const { progress, path } = list;
  const { segments: open, parts: count } = progress;
  const lines: string[] = [];
  if (count > 0) {
    lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(list.capturedAtMs(open)).toISOString()}`);
    lines.push(...parts(list, open, openSamples(list)));
  }
  lines.push(
    `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${path}${open}.${count}${list.suffix}${list.query}"`,
  );
  for (const { uri, progress: other } of low.reports) {
    const last = lastPart(other);
    if (last === null) continue;
    lines.push(`#EXT-X-RENDITION-REPORT:URI="${uri}",LAST-MSN=${last.msn},LAST-PART=${last.part}`);
  }
  return lines;
}

function lastPart({ segments, parts }: Progress): { msn: number; part: number } | null {
  if (parts > 0) return { msn: segments, part: parts - 1 };
  return segments > 0 ? { msn: segments - 1, part: PARTS_PER_SEGMENT - 1 } : null;
}

function parts(
  { rendition, path, suffix, query }: MediaPlaylist,
  msn: number,
  samples: number,
): string[] {
  return Array.from({ length: Math.ceil(samples / rendition.partSamples) }, (_, part) => {
    const duration = number(secondsOf(partSamplesOf(rendition, part, samples)));
    return `#EXT-X-PART:DURATION=${duration},INDEPENDENT=YES,URI="${path}${msn}.${part}${suffix}${query}"`;
  });
}

function openSamples({ progress, rendition, ended }: MediaPlaylist): number {
  return ended ? progress.restSamples : progress.parts * rendition.partSamples;
}

/** Whole segments older than the skip boundary (§6.2.5.1), of `count` whole ones before `openS` of parts. */
function skippable(count: number, openS: number): number {
  const kept = Math.ceil((SKIP_UNTIL_S - openS) / secondsOf(SEGMENT_SAMPLES));
  return Math.max(0, count - kept);
}

export interface Variant {
  readonly rendition: HlsRendition;
  readonly uri: string;
  readonly bandwidthBps: number;
  readonly averageBps: number;
}

/** The multivariant playlist: the same sound in each codec, for the player to take the one it knows. */
export function multivariantPlaylist(variants: readonly Variant[]): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-INDEPENDENT-SEGMENTS'];
  for (const { rendition, uri, bandwidthBps, averageBps } of variants) {
    lines.push(
      `#EXT-X-STREAM-INF:BANDWIDTH=${bandwidthBps},AVERAGE-BANDWIDTH=${averageBps},CODECS="${rendition.codecs}"`,
      uri,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Seconds without noise of floating point. */
function number(seconds: number): string {
  return String(Math.round(seconds * 1e5) / 1e5);
}
