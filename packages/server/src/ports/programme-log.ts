/**
 * The programme log: the append-only sequence of records of one space and rendition [P3, P7].
 *
 * Invariants, held by every implementation and by the contract suite:
 * - records cover the clock without overlap and without a break: each begins where the one before ended;
 * - a sequence once appended never has other content; a writer that comes back after a crash goes on
 *   beyond any sequence ever handed out and appends a `hole` for what is missing between;
 * - a record that was returned by `append` survives kill -9 at once and power loss after `sync`.
 */
import { CHUNK_MS } from '@parterre/protocol';

/** 200 ms of programme: ten Opus packets (RFC 6716), immutable. */
export interface Chunk {
  readonly kind: 'chunk';
  readonly seq: number;
  readonly epoch: number;
  /** Wall clock at which the first sample was captured, ms since the Unix epoch. */
  readonly capturedAtMs: number;
  /** Peak of the mix in this chunk, 0…255, linear; for the waveform. */
  readonly peak: number;
  /** FRAMES_PER_CHUNK packets of 20 ms. */
  readonly frames: readonly Uint8Array[];
  /** The snapshot as UTF-8 JSON (`Snapshot`), when this chunk carries one; else empty. */
  readonly snapshot: Uint8Array;
}

/** Sequences `seq` to `endSeq` (exclusive) that were never produced; every lane renders holding sound. */
export interface Hole {
  readonly kind: 'hole';
  readonly seq: number;
  readonly endSeq: number;
  readonly epoch: number;
  readonly capturedAtMs: number;
}

export type ProgrammeRecord = Chunk | Hole;

/** The first sequence after a record. */
export function endSeqOf(record: ProgrammeRecord): number {
  return record.kind === 'chunk' ? record.seq + 1 : record.endSeq;
}

/** What of a record lies at and after `seq`; only a hole can be longer than one sequence. */
export function recordFrom(record: ProgrammeRecord, seq: number): ProgrammeRecord {
  if (record.kind === 'chunk' || record.seq >= seq) return record;
  return { ...record, seq, capturedAtMs: record.capturedAtMs + (seq - record.seq) * CHUNK_MS };
}

/** The hole from `seq` up to a record that begins later. */
export function holeBefore(record: ProgrammeRecord, seq: number): Hole {
  const capturedAtMs = record.capturedAtMs - (record.seq - seq) * CHUNK_MS;
  return { kind: 'hole', seq, endSeq: record.seq, epoch: record.epoch, capturedAtMs };
}

export interface LogWriter {
  /** The sequence the next record must begin with. */
  readonly nextSeq: number;
  readonly epoch: number;
  /**
   * Writes the record through to the operating system before it returns.
   * @throws ParterreError `disk_full`: nothing was appended, and the same record may be tried again.
   */
  append(record: ProgrammeRecord): void;
  /** Makes everything appended so far survive power loss. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface ProgrammeLog {
  /**
   * Opens for writing under a new epoch, repairing what a crash left (a torn record is cut off).
   * `notBeforeSeq` is the least sequence the writer may go on with; the gap becomes one `hole`.
   */
  openWriter(
    spaceId: string,
    rendition: string,
    notBeforeSeq: number,
    nowMs: number,
  ): Promise<LogWriter>;
  /** Records that overlap [fromSeq, endSeq), in order; empty when there are none. */
  read(
    spaceId: string,
    rendition: string,
    fromSeq: number,
    endSeq: number,
  ): AsyncIterable<ProgrammeRecord>;
  /** First and next sequence, or null when nothing was ever appended. */
  extent(spaceId: string, rendition: string): Promise<{ firstSeq: number; nextSeq: number } | null>;
  /** Removes everything of the space. */
  remove(spaceId: string): Promise<void>;
}
