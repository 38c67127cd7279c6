/**
 * What a process of listeners has heard first: the stream's own bytes, chunk behind chunk, so that what
 * another listener receives is compared in one stroke wherever the reads are cut. Invariant: every chunk
 * in it was read in full by the player's container reader and decoded by libopus. Bounded: the oldest
 * give way.
 */
import { createHash } from 'node:crypto';
import { FragmentReader, type OpusDecoder } from '@parterre/media';
import { FRAME_SAMPLES, FRAMES_PER_CHUNK } from '@parterre/protocol';

/** Chunks held: longer than any edge holds them. */
export const HELD_CHUNKS = 700;
const HELD_BYTES = 8 * 1_024 * 1_024;

/** A chunk as the conductor compares it across processes. */
export type Digest = readonly [seq: number, sha256: string];

export class Reference {
  readonly bytes = Buffer.allocUnsafeSlow(HELD_BYTES);
  /** The init segment; null before anybody heard one. */
  init: Buffer | null = null;
  /** The first sequence held, and one beyond the last; both -1 before anybody heard one. */
  oldestSeq = -1;
  nextSeq = -1;
  #digests: Digest[] = [];
  readonly #starts = new Int32Array(HELD_CHUNKS);
  readonly #ends = new Int32Array(HELD_CHUNKS);
  readonly #capturedAtMs = new Float64Array(HELD_CHUNKS);
  readonly #decoders: Readonly<Record<1 | 2, OpusDecoder>>;
  /** Chunks from here on lie behind the beginning of `bytes` without a break. */
  #runSeq = -1;
  /** Where the run before that one ends. */
  #lastRunEnd = 0;
  #head = 0;
  #channels: 1 | 2 = 1;
  /** When the chunk that was examined last was captured, ms since the Unix epoch. */
  #examinedAtMs = 0;

  constructor(decoders: Readonly<Record<1 | 2, OpusDecoder>>) {
    this.#decoders = decoders;
  }

  has(seq: number): boolean {
    return seq >= this.oldestSeq && seq < this.nextSeq;
  }

  startOf(seq: number): number {
    return this.#starts[seq % HELD_CHUNKS]!;
  }

  endOf(seq: number): number {
    return this.#ends[seq % HELD_CHUNKS]!;
  }

  /** Until where `bytes` go on without a break from chunk `seq`. */
  runEndOf(seq: number): number {
    return seq >= this.#runSeq ? this.#head : this.#lastRunEnd;
  }

  capturedAtMs(seq: number): number {
    return this.#capturedAtMs[seq % HELD_CHUNKS]!;
  }

  /** Takes the first init segment. @returns what is wrong with it, or null */
  learnInit(bytes: Buffer): string | null {
    const [part] = new FragmentReader().push(bytes);
    if (part?.kind === 'error') return part.error.message;
    if (part?.kind !== 'init') return 'the answer does not begin with an init segment';
    this.#channels = part.channels;
    this.init = Buffer.from(bytes);
    return null;
  }

  /** Takes a whole chunk that nobody has heard yet. @returns what is wrong with it, or null */
  learn(seq: number, chunk: Buffer): string | null {
    const wrong = this.examine(seq, chunk);
    if (wrong !== null) return wrong;
    if (seq !== this.nextSeq) this.#forget(seq);
    this.#put(seq, chunk);
    this.#digests.push([seq, createHash('sha256').update(chunk).digest('base64url')]);
    if (this.#digests.length > HELD_CHUNKS) this.#digests.shift();
    return null;
  }

  /** What has been learnt since the last time. */
  takeDigests(): readonly Digest[] {
    const taken = this.#digests;
    this.#digests = [];
    return taken;
  }

  /** Reads and decodes a chunk in full. @returns what is wrong with it, or null */
  examine(seq: number, chunk: Buffer): string | null {
    const reader = new FragmentReader();
    reader.push(this.init ?? Buffer.alloc(0));
    const [part] = reader.push(chunk);
    if (part?.kind === 'error') return part.error.message;
    if (part?.kind !== 'fragment' || part.seq !== seq) return 'is not one fragment';
    this.#examinedAtMs = part.capturedAtMs;
    const decoder = this.#decoders[this.#channels];
    const frames = part.frames();
    if (frames.length !== FRAMES_PER_CHUNK) return `has ${frames.length} frames`;
    for (const frame of frames) {
      const pcm = decoder.decode(frame);
      if (pcm === null) return 'holds a packet that is not Opus';
      if (pcm.length !== FRAME_SAMPLES * this.#channels) return 'holds a packet that is not 20 ms';
    }
    return null;
  }

  /** A hole was heard: what lies before it does not go on to what comes. */
  #forget(seq: number): void {
    this.oldestSeq = seq;
    this.nextSeq = seq;
    this.#runSeq = seq;
    this.#head = 0;
  }

  #put(seq: number, chunk: Buffer): void {
    if (this.#head + chunk.length > HELD_BYTES) {
      this.oldestSeq = Math.max(this.oldestSeq, this.#runSeq); // of the run before that one
      this.#lastRunEnd = this.#head;
      this.#runSeq = seq;
      this.#head = 0;
    }
    this.#makeRoom(this.#head + chunk.length);
    chunk.copy(this.bytes, this.#head);
    const at = seq % HELD_CHUNKS;
    this.#starts[at] = this.#head;
    this.#head += chunk.length;
    this.#ends[at] = this.#head;
    this.#capturedAtMs[at] = this.#examinedAtMs;
    this.nextSeq = seq + 1;
  }

  /** Lets go what is too old, and what of the last run lies where is written up to `end`. */
  #makeRoom(end: number): void {
    while (this.nextSeq - this.oldestSeq >= HELD_CHUNKS) this.oldestSeq++;
    while (this.oldestSeq < this.#runSeq && this.startOf(this.oldestSeq) < end) this.oldestSeq++;
  }
}
