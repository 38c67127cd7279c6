/**
 * AAC of the programme, made where it is asked for. Each segment is encoded by itself from the chunks it
 * stands on: decoding and encoding begin a fixed stretch before it, so that its bytes are the same whichever
 * edge makes them and whenever, and it meets its neighbours without a seam. Invariant: what is made is made
 * once, in order, as far as it was asked for; segments begun, kept and waited for are bounded.
 */
import {
  AAC_FRAME_SAMPLES,
  aacBitrateBps,
  aacPart,
  createOpusDecoder,
  HLS_RENDITIONS,
  type OpusDecoder,
  SEGMENT_CHUNKS,
  SEGMENT_SAMPLES,
} from '@parterre/media';
import { CHUNK_SAMPLES, FRAME_SAMPLES } from '@parterre/protocol';
import type { AacEncoder, AacStretch } from '../ports/aac-encoder.ts';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Ring } from './ring.ts';

const { leadChunks, partSamples, aheadSamples } = HLS_RENDITIONS.aac;
/** Encoded before the segment's first frame, and left out. */
const LEAD_FRAMES = (leadChunks * CHUNK_SAMPLES) / AAC_FRAME_SAMPLES;
/** Frame k is the samples from (k − 1) × 1024 of what was pushed. */
const FIRST_FRAME = LEAD_FRAMES + 1;
const FRAMES_PER_PART = partSamples / AAC_FRAME_SAMPLES;

/** Segments kept of all spaces together: about 8 MB. A space's two minutes are 25. */
const SEGMENTS_KEPT_MAX = 200;
/** Stretches being encoded at once; each is a worker thread. */
const STRETCHES_MAX = 8;
/** One that nobody asked of for so long is given up. */
const IDLE_MS_MAX = 15_000;
const SWEEP_MS = 5_000;
/** Encoding is 15 times faster than the programme; what takes this long has failed. */
const ENCODE_MS_MAX = 10_000;

/** A segment wanted: of which ring, and how much of it there is when the programme has ended. */
export interface AacWish {
  /** Names the programme: the same sequence of another one is another segment. */
  readonly programme: string;
  readonly ring: Ring;
  readonly msn: number;
  /** Samples there are: SEGMENT_SAMPLES but for the last of an ended programme. */
  readonly samples: number;
}

/** Parts from `from` on, each a fragment. @param frames of each part */
export function inFragments(
  msn: number,
  from: number,
  frames: readonly (readonly Uint8Array[])[],
): Uint8Array {
  const parts = frames.map((own, index) =>
    own.length === 0 ? new Uint8Array(0) : aacPart(msn, from + index, own),
  );
  return Buffer.concat(parts);
}

export class AacSegments {
  /** Stretches begun, frames made. */
  readonly counters = { stretches: 0, frames: 0 };
  readonly #encoder: AacEncoder;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #segments = new Map<string, AacSegment>();
  #sweeper: Timer | null = null;

  constructor(encoder: AacEncoder, clock: Clock, timers: Timers) {
    this.#encoder = encoder;
    this.#clock = clock;
    this.#timers = timers;
  }

  /**
   * The frames of each of the parts [from, end) of a segment. All that they stand on must be in the ring.
   * @returns null when too many segments are being made
   * @throws when they cannot be made
   */
  async parts(
    wish: AacWish,
    from: number,
    end: number,
  ): Promise<readonly (readonly Uint8Array[])[] | null> {
    const segment = this.#segment(wish);
    if (segment === null) return null;
    segment.askedMs = this.#clock.monotonicMs();
    const lastSamples = Math.min(wish.samples, end * partSamples);
    const count = Math.floor(lastSamples / AAC_FRAME_SAMPLES);
    try {
      await this.#inTime(segment.reach(count, wish.samples));
    } catch (error) {
      this.#drop(segment);
      throw error;
    }
    return Array.from({ length: end - from }, (_, index) => {
      const first = (from + index) * FRAMES_PER_PART;
      return segment.frames(first, Math.min(count, first + FRAMES_PER_PART));
    });
  }

  close(): void {
    this.#sweeper?.cancel();
    for (const segment of this.#segments.values()) segment.close();
    this.#segments.clear();
  }

  #segment(wish: AacWish): AacSegment | null {
    const name = `${wish.programme} ${wish.msn}`;
    const known = this.#segments.get(name);
    if (known !== undefined) {
      this.#segments.delete(name);
      this.#segments.set(name, known);
      return known;
    }
    const busy = [...this.#segments.values()].filter(({ working }) => working).length;
    if (busy >= STRETCHES_MAX) return null;
    this.counters.stretches++;
    const segment = new AacSegment(name, this.#encoder, wish, () => this.counters.frames++);
    this.#segments.set(name, segment);
    for (const oldest of this.#segments.values()) {
      if (this.#segments.size <= SEGMENTS_KEPT_MAX) break;
      this.#drop(oldest);
    }
    this.#sweeper ??= this.#timers.every(SWEEP_MS, () => this.#sweep());
    return segment;
  }

  #sweep(): void {
    const beforeMs = this.#clock.monotonicMs() - IDLE_MS_MAX;
    for (const segment of this.#segments.values())
      if (segment.working && segment.askedMs < beforeMs) this.#drop(segment);
    if (this.#segments.size > 0) return;
    this.#sweeper?.cancel();
    this.#sweeper = null;
  }

  #drop(segment: AacSegment): void {
    segment.close();
    if (this.#segments.get(segment.name) === segment) this.#segments.delete(segment.name);
  }

  #inTime(work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#timers.after(ENCODE_MS_MAX, () =>
        reject(new Error('AAC takes too long.')),
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

/** One segment on its way from chunks to frames. */
class AacSegment {
  readonly name: string;
  askedMs = 0;
  readonly #ring: Ring;
  readonly #msn: number;
  readonly #channels: 1 | 2;
  readonly #frames: Uint8Array[] = [];
  readonly #stretch: Promise<AacStretch>;
  #decoder: Promise<OpusDecoder> | null;
  /** Next chunk to be decoded. */
  #seq: number;
  #pushed = 0;
  #samples = SEGMENT_SAMPLES;
  #queue: Promise<void> = Promise.resolve();
  #reached: { readonly count: number; readonly done: () => void }[] = [];
  #closed = false;

  constructor(name: string, encoder: AacEncoder, { ring, msn }: AacWish, counted: () => void) {
    this.name = name;
    this.#ring = ring;
    this.#msn = msn;
    this.#channels = ring.about.rendition.channels;
    this.#seq = Math.max(0, msn * SEGMENT_CHUNKS - leadChunks);
    const bitrate = aacBitrateBps(this.#channels);
    this.#stretch = encoder.begin(this.#channels, bitrate, (frame) => {
      counted();
      this.#frames.push(frame);
      this.#look();
    });
    this.#decoder = createOpusDecoder(this.#channels);
    // Said to whoever asks; nobody may be asking any more.
    this.#stretch.catch(() => {});
    this.#decoder.catch(() => {});
  }

  /** It holds a worker thread. */
  get working(): boolean {
    return !this.#closed;
  }

  /** Frames of the segment, from the first. */
  frames(from: number, end: number): readonly Uint8Array[] {
    return this.#frames.slice(FIRST_FRAME + from, FIRST_FRAME + end);
  }

  /** Resolves when the first `count` frames are there. @param samples how much of the segment there is */
  reach(count: number, samples: number): Promise<void> {
    this.#samples = samples;
    const needed = FIRST_FRAME + count;
    if (this.#frames.length >= needed) return Promise.resolve();
    const there = new Promise<void>((done) => this.#reached.push({ count: needed, done }));
    const untilSamples = (LEAD_FRAMES + count) * AAC_FRAME_SAMPLES + aheadSamples;
    this.#queue = this.#queue.then(() => this.#push(untilSamples));
    return Promise.all([there, this.#queue]).then(() => {
      if (this.#frames.length > FIRST_FRAME + SEGMENT_SAMPLES / AAC_FRAME_SAMPLES - 1) this.close();
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const decoder = this.#decoder;
    this.#decoder = null;
    this.#stretch.then((stretch) => stretch.close()).catch(() => {});
    decoder?.then((held) => held.free()).catch(() => {});
  }

  #look(): void {
    const count = this.#frames.length;
    this.#reached = this.#reached.filter((each) => {
      if (each.count > count) return true;
      each.done();
      return false;
    });
  }

  async #push(untilSamples: number): Promise<void> {
    const stretch = await this.#stretch;
    while (this.#pushed < untilSamples) {
      const decoder = await this.#decoder;
      if (decoder === null) throw new Error('The segment was given up.');
      const pcm = this.#next(decoder);
      await stretch.push(pcm);
    }
  }

  /** The next stretch of sound: a chunk decoded, or silence before the doors and after the end. */
  #next(decoder: OpusDecoder): Float32Array {
    const first = this.#msn * SEGMENT_CHUNKS;
    if (first === 0 && this.#pushed === 0) return this.#count(LEAD_FRAMES * AAC_FRAME_SAMPLES);
    const last = first + this.#samples / CHUNK_SAMPLES;
    const isAhead = this.#samples === SEGMENT_SAMPLES && this.#seq < this.#ring.headSeq;
    if (this.#seq >= last && !isAhead) return this.#count(aheadSamples);
    const pcm = new Float32Array(CHUNK_SAMPLES * this.#channels);
    for (const [index, packet] of this.#ring.chunk(this.#seq).frames.entries()) {
      const decoded = decoder.decode(packet);
      if (decoded !== null)
        pcm.set(
          decoded.subarray(0, FRAME_SAMPLES * this.#channels),
          index * FRAME_SAMPLES * this.#channels,
        );
    }
    this.#seq++;
    this.#pushed += CHUNK_SAMPLES;
    return pcm;
  }

  #count(samples: number): Float32Array {
    this.#pushed += samples;
    return new Float32Array(samples * this.#channels);
  }
}
