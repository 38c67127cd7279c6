/**
 * The programme log as files: `{dir}/{space}/{rendition}/{seq}.log`. Opening repairs the last file (a torn
 * record is cut off) and begins a new epoch, kept in the file `epoch`. Reading serves what is whole; what
 * a harmed file lost reads as a hole, so that the line of records never breaks [P3, P7].
 */
import {
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CHUNK_MS, RENDITIONS } from '@parterre/protocol';
import type { Log } from '../../ports/log.ts';
import {
  endSeqOf,
  holeBefore,
  type LogWriter,
  type ProgrammeLog,
  type ProgrammeRecord,
} from '../../ports/programme-log.ts';
import { DiskWriter } from './disk-writer.ts';
import { diskError } from './errors.ts';
import { listSegments, measureSegment, recordsOf, segmentName } from './segment.ts';

export interface DiskLogOptions {
  /** Holds one folder per space. */
  readonly dir: string;
  readonly log: Log;
}

interface Tail {
  /** First sequence of the last file; null when there is no file with a record. */
  readonly segment: number | null;
  readonly bytes: number;
  readonly records: number;
  readonly nextSeq: number;
  readonly epoch: number;
}

const NO_TAIL: Tail = { segment: null, bytes: 0, records: 0, nextSeq: 0, epoch: 0 };

export class DiskLog implements ProgrammeLog {
  private readonly options: DiskLogOptions;

  constructor(options: DiskLogOptions) {
    this.options = options;
  }

  async openWriter(
    spaceId: string,
    rendition: string,
    notBeforeSeq: number,
    nowMs: number,
  ): Promise<LogWriter> {
    const dir = this.folder(spaceId, rendition);
    try {
      mkdirSync(dir, { recursive: true });
      const tail = this.repair(dir);
      const epoch = nextEpoch(dir, tail.epoch);
      const writer = new DiskWriter(dir, { ...tail, epoch });
      try {
        fill(writer, notBeforeSeq, nowMs);
      } catch (error) {
        await writer.close();
        throw error;
      }
      return writer;
    } catch (error) {
      throw diskError(error);
    }
  }

  async *read(
    spaceId: string,
    rendition: string,
    fromSeq: number,
    endSeq: number,
  ): AsyncGenerator<ProgrammeRecord> {
    const dir = this.folder(spaceId, rendition);
    const segments = listSegments(dir);
    let expected = fromSeq;
    for (const [index, first] of segments.entries()) {
      if (first >= endSeq) return;
      if ((segments[index + 1] ?? Number.MAX_SAFE_INTEGER) <= fromSeq) continue;
      for (const record of recordsOf(await this.contents(dir, first), first)) {
        if (record.seq >= endSeq) return;
        if (endSeqOf(record) <= expected) continue;
        if (record.seq > expected && expected >= segments[0]!) yield holeBefore(record, expected);
        yield record;
        expected = endSeqOf(record);
      }
    }
  }

  async extent(
    spaceId: string,
    rendition: string,
  ): Promise<{ firstSeq: number; nextSeq: number } | null> {
    const dir = this.folder(spaceId, rendition);
    const segments = listSegments(dir);
    for (const first of segments.toReversed()) {
      const { records, nextSeq } = measureSegment(await this.contents(dir, first), first);
      if (records > 0) return { firstSeq: segments[0]!, nextSeq };
    }
    return null;
  }

  async remove(spaceId: string): Promise<void> {
    const dir = join(this.options.dir, spaceId);
    for (const rendition of Object.keys(RENDITIONS)) {
      await rm(join(dir, rendition), { recursive: true, force: true });
    }
    await rmdir(dir).catch(() => {}); // not empty, or never made
  }

  /** A file that cannot be read holds nothing: its part is a hole, the others are served. */
  private async contents(dir: string, segment: number): Promise<Buffer> {
    try {
      return await readFile(join(dir, segmentName(segment)));
    } catch (error) {
      this.options.log.error({ dir, segment, error: String(error) }, 'log file cannot be read');
      return Buffer.alloc(0);
    }
  }

  private folder(spaceId: string, rendition: string): string {
    return join(this.options.dir, spaceId, rendition);
  }

  /** Cuts off what is not whole; files without any record go. */
  private repair(dir: string): Tail {
    for (const segment of listSegments(dir).toReversed()) {
      const path = join(dir, segmentName(segment));
      const bytes = readFileSync(path);
      const { wholeBytes, records, nextSeq, epoch } = measureSegment(bytes, segment);
      if (wholeBytes < bytes.length) {
        this.options.log.warn(
          { segment, tornBytes: bytes.length - wholeBytes, nextSeq },
          'torn end of a log file cut off',
        );
      }
      if (records === 0) {
        unlinkSync(path);
        continue;
      }
      if (wholeBytes < bytes.length) truncateSync(path, wholeBytes);
      return { segment, bytes: wholeBytes, records, nextSeq, epoch };
    }
    return NO_TAIL;
  }
}

function fill(writer: LogWriter, endSeq: number, nowMs: number): void {
  const { nextSeq: seq, epoch } = writer;
  if (endSeq <= seq) return;
  const capturedAtMs = nowMs - (endSeq - seq) * CHUNK_MS;
  writer.append({ kind: 'hole', seq, endSeq, epoch, capturedAtMs });
}

/**
 * One more than any epoch written here. Not synced by itself: a record of this epoch that is durable says
 * it too, and one that is not durable counts for nothing.
 */
function nextEpoch(dir: string, tailEpoch: number): number {
  const path = join(dir, 'epoch');
  let kept = 0;
  try {
    kept = Number.parseInt(readFileSync(path, 'utf8'), 10);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const epoch = Math.max(Number.isSafeInteger(kept) ? kept : 0, tailEpoch) + 1;
  writeFileSync(`${path}.draft`, `${epoch}\n`);
  renameSync(`${path}.draft`, path);
  return epoch;
}
