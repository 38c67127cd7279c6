/**
 * What a request for the hls lane asks for. Names are exact: one segment has one address, so that a cache
 * holds it once.
 */
import { type HlsRenditionId, PARTS_PER_SEGMENT } from '@parterre/media';

export type HlsTarget =
  | { readonly kind: 'variants'; readonly packed: boolean }
  | HlsList
  | { readonly kind: 'init'; readonly rendition: HlsRenditionId; readonly channels: 1 | 2 }
  | HlsMedia;

export interface HlsList {
  readonly kind: 'playlist';
  readonly rendition: HlsRenditionId;
  /** As packed audio, not in fragments. */
  readonly packed: boolean;
}

export interface HlsMedia {
  readonly kind: 'media';
  readonly rendition: HlsRenditionId;
  /** As packed audio, not in fragments. */
  readonly packed: boolean;
  /** Names the programme and the recipe. */
  readonly run: string;
  readonly msn: number;
  /** null for the whole segment. */
  readonly part: number | null;
}

export interface HlsPath {
  readonly spaceId: string;
  readonly target: HlsTarget;
}

const VARIANTS = /^\/hls\/([^/]+)\/(index|packed)\.m3u8$/;
const PLAYLIST = /^\/hls\/([^/]+)\/(opus|aac|packed)\/index\.m3u8$/;
const INIT = /^\/hls\/([^/]+)\/(opus|aac)\/[\w-]+\/init-([12])\.mp4$/;
const MEDIA =
  /^\/hls\/([^/]+)\/(?:(opus|aac)\/([\w-]+)\/(0|[1-9]\d{0,8})(?:\.([0-4]))?\.m4s|packed\/([\w-]+)\/(0|[1-9]\d{0,8})\.aac)$/;

/** @returns null for what is not an address of the lane */
export function parseHlsPath(path: string): HlsPath | null {
  const variants = VARIANTS.exec(path);
  if (variants !== null) {
    const packed = variants[2] === 'packed';
    return { spaceId: variants[1]!, target: { kind: 'variants', packed } };
  }
  const list = PLAYLIST.exec(path);
  if (list !== null) {
    const packed = list[2] === 'packed';
    const rendition = packed ? 'aac' : (list[2] as HlsRenditionId);
    return { spaceId: list[1]!, target: { kind: 'playlist', rendition, packed } };
  }
  const init = INIT.exec(path);
  if (init !== null) {
    const rendition = init[2] as HlsRenditionId;
    const channels = init[3] === '1' ? 1 : 2;
    return { spaceId: init[1]!, target: { kind: 'init', rendition, channels } };
  }
  const media = MEDIA.exec(path);
  if (media === null) return null;
  const [, spaceId, rendition, run, msn, part, packedRun, packedMsn] = media;
  return {
    spaceId: spaceId!,
    target: {
      kind: 'media',
      rendition: (rendition as HlsRenditionId | undefined) ?? 'aac',
      packed: rendition === undefined,
      run: (run ?? packedRun)!,
      msn: Number(msn ?? packedMsn),
      part: part === undefined ? null : Number(part),
    },
  };
}

/** Delivery directives (RFC 8216bis §6.2.5). */
export interface Directives {
  /** The playlist is wanted with this part of this segment in it, or with the whole segment. */
  readonly until: { readonly msn: number; readonly part: number | null } | null;
  readonly skip: boolean;
  /** What says that one was let in; null without. */
  readonly pass: string | null;
}

/** Other parameters are tolerated. @returns null when a directive is malformed or stands there twice */
export function parseDirectives(query: string): Directives | null {
  const given = new URLSearchParams(query);
  for (const name of ['_HLS_msn', '_HLS_part', '_HLS_skip'])
    if (given.getAll(name).length > 1) return null;
  const msn = whole(given.get('_HLS_msn'));
  const part = whole(given.get('_HLS_part'));
  if (msn === undefined || part === undefined || (part !== null && msn === null)) return null;
  const skip = given.get('_HLS_skip');
  if (skip !== null && skip !== 'YES' && skip !== 'v2') return null;
  const until = msn === null ? null : wanted(msn, part);
  return { until, skip: skip !== null, pass: given.get('return') };
}

/** A part beyond the last is the first of the next segment (§6.2.5.2). */
function wanted(msn: number, part: number | null): { msn: number; part: number | null } {
  return part !== null && part >= PARTS_PER_SEGMENT ? { msn: msn + 1, part: 0 } : { msn, part };
}

/** @returns null when absent, undefined when it is not a whole number */
function whole(text: string | null): number | null | undefined {
  if (text === null) return null;
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
