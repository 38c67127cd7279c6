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
  type Progress,
  packedSegment,
  SEGMENT_CHUNKS,
  SEGMENT_SAMPLES,
  TARGET_DURATION_S,
} from '@parterre/media';
import { LANE_HEADER } from '@parterre/protocol';
import type { GateKeeper } from '../gate/index.ts';
import type { AacEncoder } from '../ports/aac-encoder.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import { CORS_FIELDS } from './answers.ts';
import { AacSegments, inFragments } from './hls-aac.ts';
import { Pullers } from './hls-pullers.ts';
import {
  type Directives,
  type HlsList,
  type HlsMedia,
  type HlsTarget,
  parseDirectives,
  parseHlsPath,
} from './hls-request.ts';
import { has, isOver, opusMedia, progressIn, runOf } from './hls-room.ts';
import { packedVariants, variantsOf } from './hls-variants.ts';
import { HlsWait } from './hls-wait.ts';
import type { House } from './house.ts';
import { refuse, refuseAs } from './refuse.ts';
import type { Room } from './room.ts';

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
const PACKED_TYPE = 'audio/aac';
const FOR_EVER = 'public, max-age=31536000, immutable';
/** A cache gives a list a little longer while it gets the next one, and while there is none to be had. */
const A_SECOND = 'public, max-age=1, stale-while-revalidate=5, stale-if-error=30';
/** What a blocking reload waited for stays true: it is asked for with its number. */
const SIX_TARGETS = `public, max-age=${6 * TARGET_DURATION_S}`;
const A_MINUTE = 'public, max-age=60';

/** What the player is to buffer, and whether newcomers are taken on the live lane again. */
const LANE = 'profile=far';
const LANE_WITH_ROOM = `${LANE}&room=1`;

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
  /** Those who pull come in by it, unless a cache pulls for them; null: everybody comes in. */
  readonly gate: GateKeeper | null;
}

/** A request under way: to be answered or refused once. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** For the addresses that are given out: `?return=` and what says that one was let in; or nothing. */
  readonly query: string;
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
  /** null: they are not counted. */
  readonly #pullers: Pullers | null;

  constructor(options: HlsOptions) {
    this.#options = options;
    const { clock, timers, aac, gate, house, mode } = options;
    this.#aac = aac === null ? null : new AacSegments(aac, clock, timers);
    this.#wait = new HlsWait(clock, timers, WAIT_MS_MAX);
    const pullers =
      gate === null || mode === 'cached' ? null : new Pullers(gate, (id) => house.used(id));
    this.#pullers = pullers;
    if (pullers !== null) house.pulled = (id) => pullers.count(id, clock.monotonicMs());
  }

  /** Listeners who pull without a cache, as counted, over all spaces. */
  get listeners(): number {
    const nowMs = this.#options.clock.monotonicMs();
    let listeners = 0;
    for (const { space } of this.#options.house.rooms())
      listeners += this.#pullers?.count(space.id, nowMs) ?? 0;
    return listeners;
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
    const room = this.#room(request, response, spaceId);
    if (room === null) return;
    const session = this.#letIn(room, target, directives.pass);
    if (session === null) refuseAs(request, response, this.#options.house.waiting(false));
    else this.#answerIn({ request, response, query: session }, room, target, directives);
  }

  /** @returns what its addresses go on with; null when there is no place for this request */
  #letIn({ space }: Room, { kind }: HlsTarget, pass: string | null): string | null {
    if (this.#pullers === null || kind === 'init' || space.state === 'ended') return '';
    const { clock } = this.#options;
    const pull = kind === 'media' ? 'segment' : kind;
    const token = this.#pullers.admit(space.id, pull, pass, clock.monotonicMs(), clock.wallMs());
    return token === null ? null : `?return=${token}`;
  }

  #answerIn(exchange: Exchange, room: Room, target: HlsTarget, directives: Directives): void {
    switch (target.kind) {
      case 'variants':
        this.#variants(exchange, room, target.packed);
        break;
      case 'playlist':
        this.#playlist(exchange, room.space.id, target, directives);
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
    if (this.#aac !== null) return true;
    return target.kind === 'variants' ? !target.packed : target.rendition === 'opus';
  }

  /** The space, when it has sound; else refuses. */
  #room(request: IncomingMessage, response: ServerResponse, spaceId: string): Room | null {
    const { house } = this.#options;
    const room = house.room(spaceId);
    const has = room !== undefined && room.rings.live.ring.headSeq > 0;
    // The last two minutes of a programme that has ended are still there.
    if (has && room.space.state !== 'scheduled') return room;
    const refusal = house.silence(spaceId);
    refuseAs(request, response, refusal ?? { refusal: 'part_away', retryAfterS: 1 });
    return null;
  }

  #variants(exchange: Exchange, room: Room, packed: boolean): void {
    const { rendition } = room.rings.live.ring.about;
    const variants = packed
      ? packedVariants(rendition, exchange.query)
      : variantsOf(rendition, this.#aac !== null, exchange.query);
    this.#sendList(exchange, LANE, A_MINUTE, multivariantPlaylist(variants));
  }

  #playlist(
    exchange: Exchange,
    spaceId: string,
    { rendition, packed }: HlsList,
    directives: Directives,
  ): void {
    const low = this.#options.mode === 'cached' && !packed;
    const until = low ? directives.until : null;
    const now = this.#progress(spaceId, rendition);
    if (until !== null && now !== null && until.msn > now.segments + 1) {
      const detail = `_HLS_msn is beyond the programme, which stands at ${now.segments}.`;
      refuse(exchange.request, exchange.response, 'bad_request', detail);
      return;
    }
    this.#whenThere(exchange, spaceId, rendition, until ?? { msn: 0, part: null }, (room) => {
      const skip = low ? { skip: directives.skip } : null;
      const text = this.#write(room, rendition, packed, exchange.query, skip);
      const age = isOver(room) ? A_MINUTE : until === null ? A_SECOND : SIX_TARGETS;
      this.#sendList(exchange, room.ladder.on('far') ? LANE : LANE_WITH_ROOM, age, text);
      this.#makeLast(room, rendition, low);
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

  #write(
    room: Room,
    id: HlsRenditionId,
    packed: boolean,
    query: string,
    low: { readonly skip: boolean } | null,
  ): string {
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
      init: packed ? null : `init-${ring.about.rendition.channels}.mp4`,
      suffix: packed ? '.aac' : '.m4s',
      query,
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
    const { rendition, packed, run, msn, part } = target;
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
      else if (rendition === 'aac') this.#sendAac(exchange, now, msn, part, packed);
      else this.#send(exchange, MEDIA_TYPE, FOR_EVER, opusMedia(now, msn, part));
    });
  }

  #sendAac(
    exchange: Exchange,
    room: Room,
    msn: number,
    part: number | null,
    packed: boolean,
  ): void {
    const { request, response } = exchange;
    const { channels } = room.rings.live.ring.about.rendition;
    this.#encode(room, msn, part).then(
      (frames) => {
        if (frames === null) refuse(request, response, 'part_away', undefined, 1);
        else if (packed)
          this.#send(exchange, PACKED_TYPE, FOR_EVER, packedSegment(msn, frames.flat(), channels));
        else this.#send(exchange, MEDIA_TYPE, FOR_EVER, inFragments(msn, part ?? 0, frames));
      },
      (error: unknown) => {
        this.#options.failed(error);
        refuse(request, response, 'part_away', undefined, 1);
      },
    );
  }

  #encode(room: Room, msn: number, part: number | null): ReturnType<AacSegments['parts']> {
    const { segments, restSamples } = progressIn(room, 'aac');
    const samples = isOver(room) && msn === segments ? restSamples : SEGMENT_SAMPLES;
    const programme = `${room.space.id} ${runOf(room, 'aac')}`;
    const wish = { programme, ring: room.rings.live.ring, msn, samples };
    const end = Math.ceil(samples / HLS_RENDITIONS.aac.partSamples);
    return this.#aac!.parts(wish, part ?? 0, part === null ? end : part + 1);
  }

  /** A playlist was asked for: what it ends with will be. */
  #makeLast(room: Room, id: HlsRenditionId, low: boolean): void {
    if (id !== 'aac') return;
    const { segments, parts } = progressIn(room, 'aac');
    const inParts = low && parts > 0;
    if (!inParts && segments === 0) return;
    const making = inParts
      ? this.#encode(room, segments, parts - 1)
      : this.#encode(room, segments - 1, null);
    making.catch((error: unknown) => this.#options.failed(error));
  }

  /** Addresses that are one listener's are not for a cache. */
  #sendList(exchange: Exchange, lane: string, cache: string, text: string): void {
    const { response, query } = exchange;
    if (this.#options.mode === 'cached') response.setHeader(LANE_HEADER, lane);
    const age = query === '' ? cache : cache.replace('public', 'private');
    this.#send(exchange, PLAYLIST_TYPE, age, Buffer.from(text));
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
