/**
 * The listeners of one space, lane and profile, and the flush that writes to them: the hot path.
 *
 * A listener costs one socket write per flush and no allocation: its bytes are a Buffer shared with
 * everyone who stands at the same place. A cohort is cut into slices that are flushed one after another,
 * so that a big house is a steady load and not a pulse; a listener stays in its slice, so that its flushes
 * come at an even distance. After a flush nearly all of a slice stand abreast, with nothing waiting: of
 * those the next flush touches a number in a dense array and nothing else.
 *
 * A slow reader is never buffered beyond `QUEUE_BYTES_MAX`: it waits, and when it has fallen too far
 * behind it goes on nearer to the live edge, on a chunk boundary. One that takes nothing for
 * `STALL_MS_MAX` is dropped.
 */
import { CHUNK_MS, type Profile, writeLane } from '@parterre/protocol';
import type { DropReason, EdgeCounters, LaneId } from './counters.ts';
import { type Descriptors, fdsOfRoom, NOBODY } from './descriptors.ts';
import type { SeatedGroup } from './groups.ts';
import { type FormattedRing, SECTION_CHUNKS_MAX } from './ring.ts';
import type { Session } from './sessions.ts';

/** Written but not yet taken by the kernel: a listener above this is not written to. */
export const QUEUE_BYTES_MAX = 65_536;
/** A reader that took nothing for a while and is now this far behind, chunks, is taken forward: five seconds, or its buffer and a quarter. */
export const LAG_CHUNKS_MAX = 25;
export const STALL_MS_MAX = 30_000;
/** A listener has nothing more to say; one that goes on sending is cut off. */
const CHATTER_BYTES_MAX = 4_096;
/** How far ahead of this edge a player may be, having come from another: ten seconds. */
export const AHEAD_CHUNKS_MAX = 50;
/** A listener who joined before the first chunk and takes whatever comes first. */
const FROM_FIRST = -1;

/** The connection as the flush sees it; `net.Socket` and `tls.TLSSocket` are ones. */
export interface Sink {
  readonly writableLength: number;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  /** As `write`, at the latest when this turn of the event loop ends. */
  open?(bytes: Uint8Array): void;
  end(): void;
  destroy(): void;
  /** Where it can be written to by its number, without its object being touched. */
  readonly descriptors?: Descriptors;
  readonly fd?: number;
  /** Was written to by number, and `taken` of the bytes were taken: the rest is its own to deliver. */
  owe?(bytes: Uint8Array, taken: number): void;
}

/** Listeners that are flushed together. */
class Slice {
  readonly listeners: Listener[] = [];
  /** By place: the descriptor of a listener that stands at `seq` with nothing waiting, or NOBODY. */
  abreast = fdsOfRoom(0);
  /** How many are not abreast. */
  alone = 0;
  /** Where those stand who are abreast: the head at the last flush. */
  seq = FROM_FIRST;
  descriptors: Descriptors | undefined;

  get length(): number {
    return this.listeners.length;
  }

  add(listener: Listener): void {
    const place = this.listeners.push(listener) - 1;
    if (place === this.abreast.length) this.#grow();
    this.abreast[place] = NOBODY;
    this.alone++;
  }

  #grow(): void {
    const { abreast } = this;
    this.abreast = fdsOfRoom(2 * abreast.length);
    this.abreast.set(abreast);
  }

  remove(place: number): void {
    const last = this.listeners.pop()!;
    if (this.abreast[place] === NOBODY) this.alone--;
    if (place === this.listeners.length) return;
    this.listeners[place] = last;
    this.abreast[place] = this.abreast[this.listeners.length]!;
    last.place = place;
  }

  /** The listener stands at `seq`, which is where the slice will. */
  fallIn(listener: Listener, seq: number): void {
    const { sink, place, nextSeq } = listener;
    const { descriptors, fd } = sink;
    if (place === -1 || nextSeq !== seq || descriptors === undefined || fd === undefined) return;
    if (sink.destroyed || sink.writableLength > 0) return;
    this.descriptors = descriptors;
    this.abreast[place] = fd;
    this.alone--;
  }

  /** Everybody falls out. */
  scatter(): void {
    for (let place = this.listeners.length - 1; place >= 0; place--)
      if (this.abreast[place] !== NOBODY) this.fallOut(place, this.seq);
  }

  /** From here on the listener is looked at by itself. */
  fallOut(place: number, nextSeq: number): Listener {
    const listener = this.listeners[place]!;
    this.abreast[place] = NOBODY;
    this.alone++;
    listener.nextSeq = nextSeq;
    return listener;
  }
}

/** One listener. Owned by its cohort; `leave` takes it out. */
export class Listener {
  readonly sink: Sink;
  readonly cohort: Cohort;
  readonly #slice: Slice;
  /** Index in its slice; -1 once it has left. */
  place: number;
  /** Not kept while it is abreast of its slice. */
  nextSeq: number;
  /** How far behind a stall may leave it, chunks; until it has caught up, a resumer may be as far as it began. */
  lagMax: number;
  /** Monotonic ms since which it has taken nothing; 0 when it does. */
  stalledSinceMs = 0;
  /** Bytes it has sent since it joined. */
  heardBytes = 0;
  /** Where its player gave a name. */
  session: Session | null = null;
  /** On whose kept seat it sits. */
  readonly #group: SeatedGroup | null;

  constructor(
    sink: Sink,
    cohort: Cohort,
    slice: Slice,
    nextSeq: number,
    group: SeatedGroup | null,
  ) {
    this.sink = sink;
    this.#group = group;
    this.cohort = cohort;
    this.#slice = slice;
    this.place = slice.length;
    this.nextSeq = nextSeq;
    this.lagMax = cohort.lagChunksMax;
  }

  /** Idempotent; the connection is the caller's to end. */
  leave(): void {
    if (this.place === -1) return;
    this.#slice.remove(this.place);
    this.place = -1;
    this.cohort.size--;
    if (this.#group !== null) this.#group.used--;
    this.session?.end();
  }

  /** Its connection has ended by itself. */
  gone(): void {
    if (this.place === -1) return;
    this.cohort.counters.leaves++;
    this.leave();
  }

  /** It has sent this many bytes. */
  heard(byteCount: number): void {
    this.heardBytes += byteCount;
    if (this.heardBytes > CHATTER_BYTES_MAX) this.drop('chatter');
  }

  /** Ends a connection that is no use to either side. */
  drop(reason: DropReason): void {
    if (this.place === -1) return;
    this.cohort.counters.drops[reason]++;
    this.leave();
    this.sink.destroy();
  }
}

export class Cohort {
  readonly lane: LaneId;
  readonly profile: Profile;
  readonly source: FormattedRing;
  readonly counters: EdgeCounters;
  /** Chunks sent at once to one who joins. */
  readonly bufferChunks: number;
  readonly lagChunksMax: number;
  /** What its listeners are told that they have. */
  readonly word: string;
  /** Listeners in it. */
  size = 0;
  /** Empty until the first listener comes: most rooms an edge knows have none. */
  readonly #slices: Slice[] = [];
  readonly #sliceCount: number;
  #turn = 0;

  constructor(
    lane: LaneId,
    profile: Profile,
    source: FormattedRing,
    slices: number,
    counters: EdgeCounters,
  ) {
    this.lane = lane;
    this.profile = profile;
    this.source = source;
    this.counters = counters;
    this.bufferChunks = Math.ceil(profile.bufferMs / CHUNK_MS);
    this.lagChunksMax = Math.max(LAG_CHUNKS_MAX, Math.ceil(this.bufferChunks * 1.25));
    this.word = writeLane({ profile: profile.id, rendition: source.ring.about.rendition.id });
    this.#sliceCount = slices;
  }

  get slices(): number {
    return this.#sliceCount;
  }

  /** Where a listener begins: `from` when it is held, the oldest when that is later; else the profile's buffer. */
  startOf(from: number | null): number {
    const { headSeq, oldestSeq } = this.source.ring;
    if (from !== null) return headSeq === -1 ? from : Math.max(from, oldestSeq);
    return headSeq === -1 ? FROM_FIRST : Math.max(oldestSeq, headSeq - this.bufferChunks);
  }

  /** Takes in one whose answer has been written up to `nextSeq`. @param group on whose kept seat */
  join(sink: Sink, nextSeq: number, group: SeatedGroup | null = null): Listener {
    while (this.#slices.length < this.#sliceCount) this.#slices.push(new Slice());
    const slice = this.#emptier();
    const listener = new Listener(sink, this, slice, nextSeq, group);
    slice.add(listener);
    this.size++;
    if (group !== null) group.used++;
    const { headSeq } = this.source.ring;
    if (headSeq !== -1 && nextSeq < headSeq) listener.lagMax += headSeq - nextSeq;
    return listener;
  }

  /** The emptier of two neighbours, which go round: to look at all would be most of a join. */
  #emptier(): Slice {
    const one = this.#slices[this.#turn]!;
    this.#turn = (this.#turn + 1) % this.#sliceCount;
    const next = this.#slices[this.#turn]!;
    return next.length < one.length ? next : one;
  }

  /**
   * Writes what has come since the last flush to every listener of a slice, modulo the number of slices.
   * @param ended no more will come: who has everything is let go
   */
  flush(slice: number, nowMs: number, ended: boolean): void {
    const those = this.#slices[slice % this.#sliceCount];
    if (those === undefined) return;
    const { headSeq, oldestSeq } = this.source.ring;
    const { seq } = those;
    if (seq !== headSeq || ended) {
      const inOneSection = seq >= oldestSeq && headSeq - seq <= SECTION_CHUNKS_MAX;
      if (seq < headSeq && inOneSection) this.#flushAbreast(those, headSeq);
      else those.scatter();
    }
    if (those.alone > 0) this.#flushAlone(those, nowMs, ended);
    those.seq = headSeq;
  }

  /** Those who stand abreast go on to `headSeq`. */
  #flushAbreast(those: Slice, headSeq: number): void {
    const { listeners, abreast, descriptors, alone, seq } = those;
    const count = listeners.length - alone;
    if (descriptors === undefined || count === 0) return;
    const bytes = this.source.section(seq, headSeq);
    const cut = descriptors.writeEach(abreast, listeners.length, bytes);
    this.counters.writes += count;
    this.counters.bytes += count * bytes.length;
    for (let pair = 0; pair < 2 * cut; pair += 2) {
      const place = descriptors.cut[pair]!;
      those.fallOut(place, headSeq).sink.owe!(bytes, descriptors.cut[pair + 1]!);
    }
  }

  #flushAlone(those: Slice, nowMs: number, ended: boolean): void {
    const { listeners, abreast } = those;
    const { headSeq } = this.source.ring;
    // Backwards: leaving swaps the last one into the place of the one that leaves.
    for (let place = listeners.length - 1; place >= 0; place--) {
      if (abreast[place] !== NOBODY) continue;
      const listener = listeners[place]!;
      this.#flushOne(listener, nowMs, ended);
      those.fallIn(listener, headSeq);
    }
  }

  #flushOne(listener: Listener, nowMs: number, ended: boolean): void {
    const { sink } = listener;
    const { ring } = this.source;
    if (sink.destroyed) {
      listener.leave();
      return;
    }
    const head = ring.headSeq;
    if (listener.nextSeq === FROM_FIRST && head !== -1) listener.nextSeq = this.startOf(null);
    if (listener.nextSeq >= head) {
      if (ended) this.#release(listener);
      else if (head !== -1 && listener.nextSeq > head + AHEAD_CHUNKS_MAX) listener.nextSeq = head;
      return;
    }
    if (sink.writableLength > QUEUE_BYTES_MAX) {
      this.#stall(listener, nowMs);
      return;
    }
    const fellBehind = listener.stalledSinceMs !== 0 && head - listener.nextSeq > listener.lagMax;
    listener.stalledSinceMs = 0;
    if (fellBehind || listener.nextSeq < ring.oldestSeq) this.#skipForward(listener, head);
    const end = Math.min(head, listener.nextSeq + SECTION_CHUNKS_MAX);
    if (end === head) listener.lagMax = this.lagChunksMax;
    const bytes = this.source.section(listener.nextSeq, end);
    listener.nextSeq = end;
    this.counters.writes++;
    this.counters.bytes += bytes.length;
    sink.write(bytes);
  }

  #stall(listener: Listener, nowMs: number): void {
    if (listener.stalledSinceMs === 0) listener.stalledSinceMs = nowMs;
    else if (nowMs - listener.stalledSinceMs > STALL_MS_MAX) listener.drop('stalled');
  }

  #skipForward(listener: Listener, head: number): void {
    const target = Math.max(this.source.ring.oldestSeq, head - this.bufferChunks);
    this.counters.skips++;
    this.counters.skippedChunks += target - listener.nextSeq;
    listener.nextSeq = target;
  }

  #release(listener: Listener): void {
    listener.leave();
    listener.sink.end();
  }

  /** Lets up to `count` listeners go, so that their players go on at another edge. @returns how many */
  move(count: number): number {
    let moved = 0;
    for (const slice of this.#slices) {
      while (moved < count && slice.length > 0) {
        const listener = slice.listeners[slice.length - 1]!;
        this.counters.drops.moved++;
        this.#release(listener);
        moved++;
      }
    }
    return moved;
  }
}
