/**
 * The last two minutes of one programme in memory, and their bytes in each format: every chunk is
 * wrapped once per format, and listeners that stand at the same place are given the same Buffer.
 *
 * Invariant: the ring covers [oldestSeq, headSeq) without a break. A hole, and anything the feed left
 * out, is filled with holding sound; a record that was there before is refused.
 */
import { CHUNK_MS } from '@parterre/protocol';
import type { Chunk, ProgrammeRecord } from '../ports/programme-log.ts';
import type { Format, HoldingFrames, ProgrammeAbout } from './format.ts';

/** Two minutes. */
export const RING_CHUNKS = 600;
/** The most that one write carries: ten seconds. A listener further behind catches up flush by flush. */
export const SECTION_CHUNKS_MAX = 50;
/** Sections kept at once; more places than this among listeners of one flush is a crowd of resumers. */
const SECTIONS_MAX = 64;

const NO_SNAPSHOT = new Uint8Array(0);

export class Ring {
  /** The rendition never changes; title and host may. */
  about: ProgrammeAbout;
  /** Grows to RING_CHUNKS with the first two minutes: most rooms an edge knows have none. */
  readonly #chunks: (Chunk | undefined)[] = [];
  readonly #holding: HoldingFrames;
  #oldest = 0;
  #head = -1;
  #snapshot: Uint8Array = NO_SNAPSHOT;

  constructor(about: ProgrammeAbout, holding: HoldingFrames) {
    this.about = about;
    this.#holding = holding;
  }

  /** The next sequence to come; -1 before the first record. */
  get headSeq(): number {
    return this.#head;
  }

  get oldestSeq(): number {
    return this.#oldest;
  }

  /** The newest snapshot that came, as it came; empty before the first. */
  get snapshot(): Uint8Array {
    return this.#snapshot;
  }

  /** @returns the number of chunks the ring advanced by; 0 for a record it already had. */
  append(record: ProgrammeRecord): number {
    const end = record.kind === 'chunk' ? record.seq + 1 : record.endSeq;
    if (end <= this.#head) return 0;
    const before = this.#head === -1 ? record.seq : this.#head;
    if (this.#head === -1) this.#oldest = this.#head = record.seq;
    const lastHeld = record.kind === 'chunk' ? record.seq : end;
    this.#hold(lastHeld, record);
    if (record.kind === 'chunk') this.#put(owned(record));
    return this.#head - before;
  }

  /** Fills [head, endSeq) with holding sound; what would leave the ring at once is not made. */
  #hold(endSeq: number, record: ProgrammeRecord): void {
    if (endSeq - this.#head > RING_CHUNKS) this.#oldest = this.#head = endSeq - RING_CHUNKS;
    for (let seq = this.#head; seq < endSeq; seq++) {
      this.#put({
        kind: 'chunk',
        seq,
        epoch: record.epoch,
        capturedAtMs: record.capturedAtMs + (seq - record.seq) * CHUNK_MS,
        peak: 0,
        frames: this.#holding(this.about.rendition, seq),
        snapshot: NO_SNAPSHOT,
      });
    }
  }

  #put(chunk: Chunk): void {
    this.#chunks[chunk.seq % RING_CHUNKS] = chunk;
    this.#head = chunk.seq + 1;
    if (chunk.snapshot.length > 0) this.#snapshot = chunk.snapshot;
    if (this.#head - this.#oldest > RING_CHUNKS) this.#oldest = this.#head - RING_CHUNKS;
  }

  /** The chunk at `seq`, which must be in [oldestSeq, headSeq). */
  chunk(seq: number): Chunk {
    const chunk = this.#chunks[seq % RING_CHUNKS];
    if (chunk === undefined || chunk.seq !== seq) {
      throw new RangeError(`Sequence ${seq} is outside [${this.#oldest}, ${this.#head}).`);
    }
    return chunk;
  }
}

/** In bytes of its own: those it came in are a piece of something larger, which two minutes of pieces would keep. */
function owned(chunk: Chunk): Chunk {
  const { snapshot, frames } = chunk;
  const bytes = Buffer.allocUnsafeSlow(
    frames.reduce((sum, frame) => sum + frame.length, snapshot.length),
  );
  let end = 0;
  const take = (piece: Uint8Array): Uint8Array => {
    bytes.set(piece, end);
    end += piece.length;
    return bytes.subarray(end - piece.length, end);
  };
  return { ...chunk, frames: frames.map(take), snapshot: take(snapshot) };
}

/** A ring seen through one format: the wrapped chunks and the sections being sent. */
export class FormattedRing {
  readonly ring: Ring;
  readonly format: Format;
  readonly #wrapped: (Uint8Array | undefined)[] = [];
  readonly #wrappedSeq: number[] = [];
  readonly #sections = new Map<number, Section>();
  readonly #answers = new Map<number, Answer>();

  constructor(ring: Ring, format: Format) {
    this.ring = ring;
    this.format = format;
  }

  /** The bytes of chunks [fromSeq, endSeq), shared by all who ask for the same; not to be changed. */
  section(fromSeq: number, endSeq: number): Uint8Array {
    const known = this.#sections.get(fromSeq);
    if (known !== undefined && known.endSeq === endSeq) return known.bytes;
    const bytes = endSeq - fromSeq === 1 ? this.#wrap(fromSeq) : this.#join(fromSeq, endSeq);
    if (this.#sections.size >= SECTIONS_MAX) this.#sections.clear();
    this.#sections.set(fromSeq, { endSeq, bytes });
    return bytes;
  }

  /**
   * All that one who joins is sent at once: `head`, what stands before the first chunk, and chunks
   * [startSeq, endSeq); shared by all who join at the same place, so that a join costs one write.
   */
  answer(head: Uint8Array | null, startSeq: number, endSeq: number): Uint8Array {
    const { about } = this.ring;
    const known = this.#answers.get(startSeq);
    if (known?.endSeq === endSeq && known.head === head && known.about === about)
      return known.bytes;
    const parts = [this.format.opening(about, Math.max(0, startSeq))];
    if (head !== null) parts.unshift(head);
    if (startSeq < endSeq) parts.push(this.section(startSeq, endSeq));
    const bytes = Buffer.concat(parts);
    if (this.#answers.size >= SECTIONS_MAX) this.#answers.clear();
    this.#answers.set(startSeq, { endSeq, head, about, bytes });
    return bytes;
  }

  #join(fromSeq: number, endSeq: number): Uint8Array {
    const parts: Uint8Array[] = [];
    for (let seq = fromSeq; seq < endSeq; seq++) parts.push(this.#wrap(seq));
    return Buffer.concat(parts);
  }

  #wrap(seq: number): Uint8Array {
    const slot = seq % RING_CHUNKS;
    const known = this.#wrapped[slot];
    if (known !== undefined && this.#wrappedSeq[slot] === seq) return known;
    const bytes = this.format.wrap(this.ring.chunk(seq));
    this.#wrapped[slot] = bytes;
    this.#wrappedSeq[slot] = seq;
    return bytes;
  }
}

interface Section {
  readonly endSeq: number;
  readonly bytes: Uint8Array;
}

interface Answer extends Section {
  readonly head: Uint8Array | null;
  readonly about: ProgrammeAbout;
}
