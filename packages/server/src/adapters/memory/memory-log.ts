/**
 * The programme log in memory, for tests and simulation. Records are kept for as long as the log is; what
 * was appended can be made to vanish back to the last `sync`, as a power failure would.
 */
import { CHUNK_MS } from '@parterre/protocol';
import {
  endSeqOf,
  type LogWriter,
  type ProgrammeLog,
  type ProgrammeRecord,
} from '../../ports/programme-log.ts';

interface Kept {
  readonly records: ProgrammeRecord[];
  syncedRecords: number;
  epoch: number;
}

export class MemoryLog implements ProgrammeLog {
  private readonly kept = new Map<string, Map<string, Kept>>();

  async openWriter(
    spaceId: string,
    rendition: string,
    notBeforeSeq: number,
    nowMs: number,
  ): Promise<LogWriter> {
    const renditions = this.kept.get(spaceId) ?? new Map<string, Kept>();
    this.kept.set(spaceId, renditions);
    const kept = renditions.get(rendition) ?? { records: [], syncedRecords: 0, epoch: 0 };
    renditions.set(rendition, kept);
    const writer = new MemoryWriter(kept, ++kept.epoch);
    const { nextSeq: seq, epoch } = writer;
    if (notBeforeSeq > seq) {
      const capturedAtMs = nowMs - (notBeforeSeq - seq) * CHUNK_MS;
      writer.append({ kind: 'hole', seq, endSeq: notBeforeSeq, epoch, capturedAtMs });
    }
    return writer;
  }

  async *read(
    spaceId: string,
    rendition: string,
    fromSeq: number,
    endSeq: number,
  ): AsyncGenerator<ProgrammeRecord> {
    for (const record of this.kept.get(spaceId)?.get(rendition)?.records.slice() ?? []) {
      if (record.seq < endSeq && endSeqOf(record) > fromSeq) yield record;
    }
  }

  async extent(
    spaceId: string,
    rendition: string,
  ): Promise<{ firstSeq: number; nextSeq: number } | null> {
    const records = this.kept.get(spaceId)?.get(rendition)?.records;
    const last = records?.at(-1);
    if (records === undefined || last === undefined) return null;
    return { firstSeq: records[0]!.seq, nextSeq: endSeqOf(last) };
  }

  async remove(spaceId: string): Promise<void> {
    this.kept.delete(spaceId);
  }

  /** The sequence the next record begins with; 0 when nothing was ever appended. */
  nextSeq(spaceId: string, rendition: string): number {
    const last = this.kept.get(spaceId)?.get(rendition)?.records.at(-1);
    return last === undefined ? 0 : endSeqOf(last);
  }

  /** Forgets what was not synced. Writers opened before must not be used any more. */
  losePower(): void {
    for (const renditions of this.kept.values()) {
      for (const kept of renditions.values()) kept.records.length = kept.syncedRecords;
    }
  }
}

class MemoryWriter implements LogWriter {
  readonly epoch: number;
  private readonly kept: Kept;

  constructor(kept: Kept, epoch: number) {
    this.kept = kept;
    this.epoch = epoch;
  }

  get nextSeq(): number {
    const last = this.kept.records.at(-1);
    return last === undefined ? 0 : endSeqOf(last);
  }

  append(record: ProgrammeRecord): void {
    if (record.seq !== this.nextSeq || record.epoch !== this.epoch) {
      throw new Error(
        `The next record is ${this.nextSeq} of epoch ${this.epoch}, not ${record.seq} of ${record.epoch}.`,
      );
    }
    this.kept.records.push(record);
  }

  async sync(): Promise<void> {
    this.kept.syncedRecords = this.kept.records.length;
  }

  close(): Promise<void> {
    return this.sync();
  }
}
