/**
 * One file of the programme log: records one after another, about a minute of them, named for its first
 * sequence. Invariant: a file is readable up to its first byte that is not part of a whole record; what
 * lies behind that was never acknowledged, or was harmed after it, and is not served.
 */
import { readdirSync } from 'node:fs';
import { endSeqOf, type ProgrammeRecord } from '../../ports/programme-log.ts';
import { decodeRecord, RECORD_HEAD_BYTES, recordLength } from '../codec/index.ts';

/** Records after which a new file begins: a minute. */
export const SEGMENT_RECORDS = 300;

const NAME = /^(\d{1,16})\.log$/;

export function segmentName(seq: number): string {
  return `${seq}.log`;
}

/** First sequences of the files in `dir`, ascending; none when there is no such folder. */
export function listSegments(dir: string): number[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .map((name) => NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]))
    .sort((a, b) => a - b);
}

/** The whole records of a file's bytes, in order, as far as each begins where the one before ended. */
export function* recordsOf(bytes: Buffer, firstSeq: number): Generator<ProgrammeRecord, void> {
  let nextSeq = firstSeq;
  for (let at = 0; at + RECORD_HEAD_BYTES <= bytes.length; ) {
    const length = recordLength(bytes, at);
    if (length === null || at + length > bytes.length) return;
    const record = decodeRecord(bytes.subarray(at, at + length));
    if (record === null || record.seq !== nextSeq) return;
    yield record;
    nextSeq = endSeqOf(record);
    at += length;
  }
}

/** What a file holds. */
export interface SegmentExtent {
  /** Bytes up to the end of the last whole record. */
  readonly wholeBytes: number;
  readonly records: number;
  readonly nextSeq: number;
  /** Of the last record; 0 when there is none. */
  readonly epoch: number;
}

export function measureSegment(bytes: Buffer, firstSeq: number): SegmentExtent {
  let extent: SegmentExtent = { wholeBytes: 0, records: 0, nextSeq: firstSeq, epoch: 0 };
  for (const record of recordsOf(bytes, firstSeq)) {
    extent = {
      wholeBytes: extent.wholeBytes + recordLength(bytes, extent.wholeBytes)!,
      records: extent.records + 1,
      nextSeq: endSeqOf(record),
      epoch: record.epoch,
    };
  }
  return extent;
}
