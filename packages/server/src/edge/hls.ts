/**
 * The hls lane: playlists that are answered from what the ring holds, and segments that are pure functions of
 * the chunks, so that every edge gives the same bytes at the same address and any cache may keep them for
 * ever. The Opus rendition is the live lane's own fragments; the AAC rendition is made where it is asked for.
 * Addresses of media carry the programme's doors, since a space may be removed and its name used again.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  aacInitSegment,
  firstSegmentOf,
  HLS_RENDITIONS,
  type HlsRenditionId,
  initSegment,
  mediaPlaylist,
  multivariantPlaylist,
  PARTS_PER_SEGMENT,
  type Progress,
  progressOf,
  SEGMENT_CHUNKS,
  SEGMENT_SAMPLES,
  TARGET_DURATION_S,
  type Variant,
} from '@parterre/media';
import type { AacEncoder } from '../ports/aac-encoder.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import { CORS_FIELDS } from './answers.ts';
import { AacSegments } from './hls-aac.ts';
import {
  type Directives,
  type HlsMedia,
  type HlsTarget,
  parseDirectives,
  parseHlsPath,
} from './hls-request.ts';
import { variantsOf } from './hls-variants.ts';
import { HlsWait } from './hls-wait.ts';
import type { House, Room } from './house.ts';
import { refuse } from './refuse.ts';

/** A request waits three target durations at most (RFC 8216bis §6.2.5.2). */
const WAIT_MS_MAX = 3 * TARGET_DURATION_S * 1_000;
/**
 * Pulls are no cheap way round the gate: about 1,000 listeners of a `plain` lane, which ask 0.42 times a
 * second, take this; behind a cache it is never met. Those on the live lane do not pay for more [P1].
 */
const REQUESTS_PER_S_MAX = 400;
/** Those who are refused come back one after the other. */
const RETRY_SPREAD_S = 5;
const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const MEDIA_TYPE = 'audio/mp4';
const FOR_EVER = 'public, max-age=31536000, immutable';
/** A cache gives a list a little longer while it gets the next one, and while there is none to be had. */
const A_SECOND = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=30';
/** What a blocking reload waited for stays true: it is asked for with its number. */
const SIX_TARGETS = `public, max-age=${6 * TARGET_DURATION_S}`;
const A_MINUTE = 'public, max-age=60';

/** `plain`: whole segments; `cached`: also parts, blocking reloads and delta updates, for a cache in front. */
export type HlsMode = 'off' | 'plain' | 'cached';

export interface HlsOptions {
  readonly house: House;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly mode: HlsMode;
  /** null: there is no AAC rendition. */
  readonly aac: AacEncoder | null;
  readonly failed: (error: unknown) => void;
}

/** A request under way: to be answered or refused once. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export class Hls {
  /** Requests by what they asked for, and bytes of media sent. */
  readonly requests: Record<HlsRenditionId | 'variants', number> = { variants: 0, opus: 0, aac: 0 };
  bytes = 0;
  /** Requests refused because there were too many. */
  refused = 0;
  #second = { startMs: 0, requests: 0 };
  readonly #options: HlsOptions;
  readonly #aac: AacSegments | null;
  readonly #wait: HlsWait;

  constructor(options: HlsOptions) {
    this.#options = options;
    const { clock, timers, aac } = options;
    this.#aac = aac === null ? null : new AacSegments(aac, clock, timers);
    this.#wait = new HlsWait(clock, timers, WAIT_MS_MAX);
  }

  /** Requests that wait for the programme. */
  get waiting(): number {
    return this.#wait.size;
  }

  /** Segments of AAC begun and frames made. */
  get encoded(): { readonly stretches: number; readonly frames: number } {
    return this.#aac?.counters ?? { stretches: 0, frames: 0 };
  }

  close(): void {
    this.#wait.close();
    this.#aac?.close();
  }

  /** Answers a GET or HEAD below `/hls/`. */
  answer(request: IncomingMessage, response: ServerResponse, path: string, query: string): void {
    const exchange = { request, response };
    const asked = parseHlsPath(path);
    const directives = parseDirectives(query);
    if (asked === null || this.#options.mode === 'off' || !this.#serves(asked.target)) {
      refuse(request, response, 'unknown_path');
      return;
    }
    if (directives === null) {
      refuse(request, response, 'bad_request', 'The delivery directives are malformed.');
      return;
    }
    if (this.#isTooMany()) {
      refuse(request, response, 'house_full', undefined, 1 + (this.refused++ % RETRY_SPREAD_S));
      return;
    }
    const { spaceId, target } = asked;
    this.requests[target.kind === 'variants' ? 'variants' : target.rendition]++;
    const room = this.#room(exchange, spaceId);
    if (room !== null) this.#answerIn(exchange, room, target, directives);
  }

  #answerIn(exchange: Exchange, room: Room, target: HlsTarget, directives: Directives): void {
    switch (target.kind) {
      case 'variants':
        this.#variants(exchange, room);
        break;
      case 'playlist':
        this.#playlist(exchange, room.space.id, target.rendition, directives);
        break;
      case 'init': {
        const make = target.rendition === 'opus' ? initSegment : aacInitSegment;
        this.#send(exchange, MEDIA_TYPE, FOR_EVER, make(target.channels));
        break;
      }
      case 'media':
        this.#media(exchange, room, target);
        break;
    }
  }

  #isTooMany(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#second.startMs >= 1_000) this.#second = { startMs: nowMs, requests: 0 };
    return ++this.#second.requests > REQUESTS_PER_S_MAX;
  }

  #serves(target: HlsTarget): boolean {
    return target.kind === 'variants' || target.rendition === 'opus' || this.#aac !== null;
  }

  /** The space, when it has sound; else refuses. */
  #room({ request, response }: Exchange, spaceId: string): Room | null {
    const { house } = this.#options;
    const admission = house.admit('live', spaceId, null, null);
    const room = house.room(spaceId);
    const has = room !== undefined && room.rings.live.ring.headSeq > 0;
    // The last two minutes of a programme that has ended are still there.
    if (has && room.space.state !== 'scheduled') return room;
    if ('refusal' in admission)
      refuse(request, response, admission.refusal, admission.detail, admission.retryAfterS);
    else refuse(request, response, 'part_away', undefined, 1);
    return null;
  }

  #variants(exchange: Exchange, room: Room): void {
    const variants: Variant[] = variantsOf(
      room.rings.live.ring.about.rendition,
      this.#aac !== null,
    );
    this.#send(exchange, PLAYLIST_TYPE, A_MINUTE, Buffer.from(multivariantPlaylist(variants)));
  }

  #playlist(
    exchange: Exchange,
    spaceId: string,
    rendition: HlsRenditionId,
    directives: Directives,
  ): void {
    const low = this.#options.mode === 'cached';
    const until = low ? directives.until : null;
    const now = this.#progress(spaceId, rendition);
    if (until !== null && now !== null && until.msn > now.segments + 1) {
      const detail = `_HLS_msn is beyond the programme, which stands at ${now.segments}.`;
      refuse(exchange.request, exchange.response, 'bad_request', detail);
      return;
    }
    this.#whenThere(exchange, spaceId, rendition, until ?? { msn: 0, part: null }, (room) => {
      const text = this.#write(room, rendition, low ? { skip: directives.skip } : null);
      const age = isOver(room) ? A_MINUTE : until === null ? A_SECOND : SIX_TARGETS;
      this.#send(exchange, PLAYLIST_TYPE, age, Buffer.from(text));
      this.#makeLast(room, rendition);
    });
  }

  /** Goes on when the rendition has come to `until`, or has ended. */
  #whenThere(
    exchange: Exchange,
    spaceId: string,
    id: HlsRenditionId,
    until: { readonly msn: number; readonly part: number | null },
    then: (room: Room) => void,
  ): void {
    const { house } = this.#options;
    const { request, response } = exchange;
    const there = (): boolean => {
      const progress = this.#progress(spaceId, id);
      if (progress === null || isOver(house.room(spaceId)!)) return true;
      return has(progress, until.msn, until.part);
    };
    const forget = this.#wait.until(there, (held) => {
      const room = house.room(spaceId);
      if (!held) refuse(request, response, 'part_away', undefined, 1);
      else if (room === undefined) refuse(request, response, 'unknown_space');
      else then(room);
    });
    response.once('close', forget);
  }

  #progress(spaceId: string, id: HlsRenditionId): Progress | null {
    const room = this.#options.house.room(spaceId);
    return room === undefined ? null : progressIn(room, id);
  }

  #write(room: Room, id: HlsRenditionId, low: { readonly skip: boolean } | null): string {
    const rendition = HLS_RENDITIONS[id];
    const { ring } = room.rings.live;
    const others = Object.values(HLS_RENDITIONS).filter(
      (other) => other.id !== id && (other.id === 'opus' || this.#aac !== null),
    );
    return mediaPlaylist({
      rendition,
      progress: progressIn(room, id),
      ended: isOver(room),
      firstSegment: firstSegmentOf(rendition, ring.oldestSeq),
      path: `${runOf(room, id)}/`,
      init: `init-${ring.about.rendition.channels}.mp4`,
      capturedAtMs: (msn) => ring.chunk(msn * SEGMENT_CHUNKS).capturedAtMs,
      low: low && {
        skip: low.skip,
        reports: others.map((other) => ({
          uri: `../${other.id}/index.m3u8`,
          progress: progressIn(room, other.id),
        })),
      },
    });
  }

  #media(exchange: Exchange, room: Room, target: HlsMedia): void {
    const { request, response } = exchange;
    const { rendition, run, msn, part } = target;
    if (run !== runOf(room, rendition)) {
      refuse(request, response, 'unknown_path');
      return;
    }
    const { segments, parts } = progressIn(room, rendition);
    const isNext = part !== null && msn === segments && part === parts;
    const hinted = this.#options.mode === 'cached' && isNext && !isOver(room);
    const until = hinted ? { msn, part } : { msn: 0, part: null };
    this.#whenThere(exchange, room.space.id, rendition, until, (now) => {
      const { oldestSeq } = now.rings.live.ring;
      const isThere = has(progressIn(now, rendition), msn, part);
      if (!isThere || msn < firstSegmentOf(HLS_RENDITIONS[rendition], oldestSeq))
        refuse(request, response, 'unknown_path');
      else if (rendition === 'aac') this.#sendAac(exchange, now, msn, part);
      else this.#send(exchange, MEDIA_TYPE, FOR_EVER, opusMedia(now, msn, part));
    });
  }

  #sendAac(exchange: Exchange, room: Room, msn: number, part: number | null): void {
    const { request, response } = exchange;
    this.#encode(room, msn, part).then(
      (bytes) => {
        if (bytes === null) refuse(request, response, 'part_away', undefined, 1);
        else this.#send(exchange, MEDIA_TYPE, FOR_EVER, bytes);
      },
      (error: unknown) => {
        this.#options.failed(error);
        refuse(request, response, 'part_away', undefined, 1);
      },
    );
  }

  #encode(room: Room, msn: number, part: number | null): Promise<Uint8Array | null> {
    const { segments, restSamples } = progressIn(room, 'aac');
    const samples = isOver(room) && msn === segments ? restSamples : SEGMENT_SAMPLES;
    const programme = `${room.space.id} ${runOf(room, 'aac')}`;
    const wish = { programme, ring: room.rings.live.ring, msn, samples };
    const end = Math.ceil(samples / HLS_RENDITIONS.aac.partSamples);
    return this.#aac!.parts(wish, part ?? 0, part === null ? end : part + 1);
  }

  /** A playlist was asked for: what it ends with will be. */
  #makeLast(room: Room, id: HlsRenditionId): void {
    if (id !== 'aac') return;
    const { segments, parts } = progressIn(room, 'aac');
    const low = this.#options.mode === 'cached' && parts > 0;
    if (!low && segments === 0) return;
    const making = low
      ? this.#encode(room, segments, parts - 1)
      : this.#encode(room, segments - 1, null);
    making.catch((error: unknown) => this.#options.failed(error));
  }

  #send({ request, response }: Exchange, type: string, cache: string, bytes: Uint8Array): void {
    if (response.destroyed) return;
    this.bytes += bytes.length;
    response.writeHead(200, {
      ...CORS_FIELDS,
      'content-type': type,
      'content-length': bytes.length,
      'cache-control': cache,
    });
    response.end(request.method === 'HEAD' ? undefined : bytes);
  }
}

/** Names one programme in one encoding: another one under the same name has other addresses. */
function runOf({ space }: Room, id: HlsRenditionId): string {
  return `${space.doorsAtMs.toString(36)}-${HLS_RENDITIONS[id].recipe}`;
}

function isOver({ space }: Room): boolean {
  return space.state === 'ended';
}

function progressIn(room: Room, id: HlsRenditionId): Progress {
  const { headSeq } = room.rings.live.ring;
  return progressOf(HLS_RENDITIONS[id], Math.max(0, headSeq), isOver(room));
}

/** A part, or with null the whole segment, is there. */
function has(progress: Progress, msn: number, part: number | null): boolean {
  const { segments, parts, restSamples } = progress;
  if (msn !== segments) return msn < segments;
  return part === null ? restSamples > 0 : part < parts;
}

/** The live lane's fragments of that time; shared, not to be changed. */
function opusMedia(room: Room, msn: number, part: number | null): Uint8Array {
  const { live } = room.rings;
  const chunksPerPart = Math.ceil(SEGMENT_CHUNKS / PARTS_PER_SEGMENT);
  const start = msn * SEGMENT_CHUNKS;
  const end = Math.min(live.ring.headSeq, start + SEGMENT_CHUNKS);
  if (part === null) return live.section(start, end);
  const from = start + part * chunksPerPart;
  return live.section(from, Math.min(end, from + chunksPerPart));
}
