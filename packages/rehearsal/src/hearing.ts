/**
 * One listener's ear: takes a response in pieces of any size and says of every chunk whether it is the
 * next one and holds what everybody else heard. Invariant: what it counts does not depend on where the
 * reads are cut. The usual read costs one comparison of bytes and a few additions; only what nobody has
 * heard yet is parsed. It keeps no bytes but those of a head, or of one chunk that nobody has heard whole.
 */
import { CHUNK_MS, PROFILES, type Profile, profileIn } from '@parterre/protocol';
import {
  CHUNK_BYTES_MAX,
  endOfChunk,
  endOfInit,
  INCOMPLETE,
  MALFORMED,
  seqOfChunk,
} from './boxes.ts';
import { Playout } from './playout.ts';
import type { Reference } from './reference.ts';
import type { Tallies } from './tallies.ts';

/** A refusal or another answer than sound; the connection is of no more use. */
export interface Refusal {
  readonly status: number;
  readonly retryAfter: string | null;
  /** Of the catalogue of errors; null where none was said. */
  readonly code: string | null;
  readonly detail: string;
}

const HEAD_BYTES_MAX = 8_192;
const HEAD_END = '\r\n\r\n';

/** What the ears of one process share: what was heard first, and what is counted. */
export interface Audience {
  readonly reference: Reference;
  /** What those heard first who were given the lean rendition. */
  readonly lean: Reference;
  readonly tallies: Tallies;
  /** That of the rehearsal; a newcomer may be given another. */
  readonly profile: Profile;
  /** Wall clock minus monotonic clock, ms. */
  wallOffsetMs: number;
}

export class Hearing {
  /** The next sequence to hear; -1 before the first. */
  next = -1;
  /** Sound has come since the connection was opened. */
  heard = false;
  /** What it lacks is its own doing: a slow reader counts no gaps and no dryness. */
  readonly excused: boolean;
  /** So is the next time that it runs dry. */
  #forgiven = false;
  readonly #audience: Audience;
  readonly #playout = new Playout();
  #stage: 'head' | 'init' | 'chunks' = 'head';
  /** What lets it come back past the line; null before it was in. */
  pass: string | null = null;
  /** What it was given, to be asked for again; null before it was in. */
  lane: string | null = null;
  #profile: Profile;
  #reference: Reference;
  /** Bytes of chunk `next` that came and were as expected. */
  #offset = 0;
  #carry: Buffer | null = null;
  /** Wall clock of the request, ms: what was captured before was not pushed. */
  #askedAtMs = 0;

  constructor(audience: Audience, excused: boolean) {
    this.#audience = audience;
    this.#profile = audience.profile;
    this.#reference = audience.reference;
    this.excused = excused;
  }

  /** How much it buffers. */
  get profile(): Profile {
    return this.#profile;
  }

  /** A new connection is asked for. */
  ask(nowMs: number): void {
    this.#stage = 'head';
    this.#offset = 0;
    this.#carry = null;
    this.heard = false;
    this.#askedAtMs = nowMs + this.#audience.wallOffsetMs;
  }

  /** Its network is away for longer than anybody buffers: that it runs dry is nobody's doing. */
  forgive(): void {
    this.#forgiven = true;
  }

  /** Sound that is left to play, ms; 0 before any came. */
  aheadMs(nowMs: number): number {
    return this.next === -1 ? 0 : this.#playout.aheadMs(this.next, nowMs);
  }

  /** Takes the first `length` of `bytes`, which stay the caller's. @returns why the connection is of no use */
  take(bytes: Buffer, length: number, nowMs: number): Refusal | null {
    let from = 0;
    let end = length;
    let all = bytes;
    if (this.#carry !== null) {
      all = Buffer.concat([this.#carry, bytes.subarray(0, length)]);
      end = all.length;
      this.#carry = null;
    }
    if (this.#stage === 'head') {
      const head = this.#takeHead(all, end);
      if (typeof head !== 'number') return head;
      from = head;
    }
    if (this.#stage === 'init') {
      const init = this.#takeInit(all, from, end);
      if (typeof init !== 'number') return init;
      from = init;
    }
    return this.#stage === 'chunks' ? this.#takeChunks(all, from, end, nowMs) : null;
  }

  #takeHead(bytes: Buffer, end: number): number | Refusal {
    const at = bytes.indexOf(HEAD_END);
    if (at === -1 || at + HEAD_END.length > end) {
      return this.#keep(bytes, 0, end, HEAD_BYTES_MAX) ?? end;
    }
    const said = bytes.toString('latin1', 0, at);
    const head = said.toLowerCase();
    const status = Number(/^http\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
    const retryAfter = /\r\nretry-after: *([^\r]*)/.exec(head)?.[1] ?? null;
    if (status !== 200) {
      const body = bytes.toString('latin1', at, Math.min(end, at + HEAD_BYTES_MAX));
      const code = /"code":"([a-z_]{1,40})"/.exec(body)?.[1] ?? null;
      return { status, retryAfter, code, detail: `status ${status} ${code ?? ''}`.trimEnd() };
    }
    this.pass = /\r\nparterre-return: *([^\r]*)/i.exec(said)?.[1] ?? this.pass;
    this.#given(/\r\nparterre-lane: *([^\r]*)/i.exec(said)?.[1] ?? null);
    if (!/\r\ncontent-type: *audio\/mp4/.test(head) || /\r\ntransfer-encoding:/.test(head)) {
      const detail = 'the answer is not a plain audio/mp4 stream';
      return { status, retryAfter, code: null, detail };
    }
    this.#stage = 'init';
    return at + HEAD_END.length;
  }

  #given(lane: string | null): void {
    const { profile, reference, lean } = this.#audience;
    this.lane = lane;
    this.#profile = PROFILES[profileIn(lane) ?? profile.id];
    this.#reference = lane?.includes('voice24') ? lean : reference;
  }

  #takeInit(bytes: Buffer, from: number, end: number): number | Refusal {
    const reference = this.#reference;
    const stop = endOfInit(bytes, from, end);
    if (stop === MALFORMED) return this.#broken('the answer does not begin with an init segment');
    if (stop === INCOMPLETE) return this.#keep(bytes, from, end, CHUNK_BYTES_MAX) ?? end;
    const init = bytes.subarray(from, stop);
    const wrong = reference.init === null ? reference.learnInit(init) : null;
    if (wrong !== null) return this.#broken(wrong);
    if (reference.init?.equals(init) !== true) return this.#broken('has another init segment');
    this.#stage = 'chunks';
    return stop;
  }

  #takeChunks(bytes: Buffer, from: number, length: number, nowMs: number): Refusal | null {
    const reference = this.#reference;
    let all = bytes;
    let at = from;
    let end = length;
    while (at < end) {
      if (this.#offset > 0 && !reference.has(this.next)) {
        return this.#broken('stood still for longer than anything is held');
      }
      if (this.next !== -1 && reference.has(this.next)) {
        const same = this.#compare(all, at, end, nowMs);
        if (same > 0) {
          at += same;
          continue;
        }
        // Not what was expected: go back to where the chunk began and look at it in full.
        if (this.#offset > 0) {
          const start = reference.startOf(this.next);
          const begun = reference.bytes.subarray(start, start + this.#offset);
          all = Buffer.concat([begun, all.subarray(at, end)]);
          at = 0;
          end = all.length;
          this.#offset = 0;
        }
      }
      const taken = this.#examine(all, at, end, nowMs);
      if (typeof taken !== 'number') return taken;
      at = taken;
    }
    return null;
  }

  /** As much as is known beforehand, in one stroke. @returns the bytes that were as expected, 0 when not */
  #compare(bytes: Buffer, at: number, end: number, nowMs: number): number {
    const reference = this.#reference;
    let position = reference.startOf(this.next) + this.#offset;
    const count = Math.min(end - at, reference.runEndOf(this.next) - position);
    const differs = reference.bytes.compare(bytes, at, at + count, position, position + count);
    if (differs !== 0) return 0;
    position += count;
    this.#offset = 0;
    for (let stop = -1; stop !== position; ) {
      stop = reference.endOf(this.next);
      if (stop > position) {
        this.#offset = position - reference.startOf(this.next);
        break;
      }
      this.#arrived(this.next, nowMs);
    }
    return count;
  }

  /** One chunk that is not the expected one, or that nobody has heard. @returns where the next begins */
  #examine(bytes: Buffer, at: number, end: number, nowMs: number): number | Refusal {
    const { tallies } = this.#audience;
    const reference = this.#reference;
    const seq = seqOfChunk(bytes, at, end);
    if (seq === MALFORMED) return this.#broken('is not the live lane');
    if (this.next === -1 && seq >= 0 && reference.has(seq)) {
      this.next = seq;
      return at;
    }
    const stop = seq === INCOMPLETE ? INCOMPLETE : endOfChunk(bytes, at, end);
    if (stop === MALFORMED) return this.#broken('holds a box that is not of the live lane');
    if (stop === INCOMPLETE) return this.#keep(bytes, at, end, CHUNK_BYTES_MAX) ?? end;
    const chunk = bytes.subarray(at, stop);
    if (seq < this.next) {
      tallies.wrong++;
      tallies.fault(`chunk ${seq} came again; ${this.next} was due`);
      return stop;
    }
    if (this.next !== -1 && seq > this.next && !this.excused) {
      tallies.gaps += seq - this.next;
      tallies.fault(`chunks ${this.next} to ${seq - 1} never came`);
    }
    const wrong = reference.has(seq) ? this.#unlike(seq, chunk) : this.#learn(seq, chunk);
    if (wrong !== null) {
      tallies.wrong++;
      tallies.fault(`chunk ${seq} ${wrong}`);
    }
    this.#arrived(seq, nowMs);
    return stop;
  }

  #unlike(seq: number, chunk: Buffer): string | null {
    const reference = this.#reference;
    const known = reference.bytes.subarray(reference.startOf(seq), reference.endOf(seq));
    return known.equals(chunk) ? null : 'is not what another listener heard';
  }

  /** Older ones than what is held cannot be compared any more; they are read all the same. */
  #learn(seq: number, chunk: Buffer): string | null {
    const reference = this.#reference;
    return seq < reference.nextSeq ? reference.examine(seq, chunk) : reference.learn(seq, chunk);
  }

  #arrived(seq: number, nowMs: number): void {
    const { tallies, wallOffsetMs } = this.#audience;
    const reference = this.#reference;
    const profile = this.#profile;
    tallies.chunks++;
    this.next = Math.max(this.next, seq + 1);
    if (!this.#playout.arrived(seq, nowMs, profile) && !this.excused && !this.#forgiven)
      tallies.dry++;
    this.#forgiven = false;
    this.heard = true;
    // What is promised of the delay is promised of the rehearsal's profile.
    if (!reference.has(seq) || profile.id !== this.#audience.profile.id) return;
    const capturedAtMs = reference.capturedAtMs(seq);
    if (capturedAtMs + CHUNK_MS > this.#askedAtMs) {
      tallies.latency.record(nowMs + wallOffsetMs - capturedAtMs);
    }
  }

  #keep(bytes: Buffer, from: number, end: number, bytesMax: number): Refusal | null {
    if (end - from > bytesMax) return this.#broken('is longer than the live lane allows');
    this.#carry = Buffer.from(bytes.subarray(from, end));
    return null;
  }

  #broken(detail: string): Refusal {
    const { tallies } = this.#audience;
    tallies.wrong++;
    tallies.fault(detail);
    return { status: 200, retryAfter: null, code: null, detail };
  }
}
