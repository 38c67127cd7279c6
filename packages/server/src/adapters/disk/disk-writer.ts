/**
 * Appends records to the log's files. Each record is one write to the operating system, so that it
 * survives kill -9 when `append` returns; `sync` makes all of them survive power loss. A write that fails
 * is taken back: the file ends with a whole record again, or is never written to any more.
 */
import {
  closeSync,
  fdatasync,
  fsync,
  ftruncateSync,
  mkdirSync,
  openSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endSeqOf, type LogWriter, type ProgrammeRecord } from '../../ports/programme-log.ts';
import { encodeRecord } from '../codec/index.ts';
import { diskError } from './errors.ts';
import { SEGMENT_RECORDS, segmentName } from './segment.ts';

const syncData = promisify(fdatasync);
const syncAll = promisify(fsync);

/** Where the writer goes on. */
export interface WriterStart {
  readonly segment: number | null;
  readonly bytes: number;
  readonly records: number;
  readonly nextSeq: number;
  readonly epoch: number;
}

export class DiskWriter implements LogWriter {
  readonly epoch: number;
  private readonly dir: string;
  private next: number;
  private fd: number | null = null;
  private bytes = 0;
  private records = 0;
  private unsynced = false;
  private folderUnsynced = true;
  /** Full files whose data is not known to be durable yet. */
  private readonly retired: number[] = [];
  private syncing: Promise<void> = Promise.resolve();
  private closed = false;

  /** The writer of `dir`, whose last file has been repaired. */
  constructor(dir: string, start: WriterStart) {
    this.dir = dir;
    this.epoch = start.epoch;
    this.next = start.nextSeq;
    if (start.segment === null) return;
    this.fd = openSync(join(dir, segmentName(start.segment)), 'r+');
    this.bytes = start.bytes;
    this.records = start.records;
    this.unsynced = true;
  }

  get nextSeq(): number {
    return this.next;
  }

  append(record: ProgrammeRecord): void {
    if (record.seq !== this.next || record.epoch !== this.epoch) {
      throw new Error(
        `The next record is ${this.next} of epoch ${this.epoch}, not ${record.seq} of ${record.epoch}.`,
      );
    }
    const bytes = encodeRecord(record);
    try {
      if (this.fd === null || this.records >= SEGMENT_RECORDS) this.begin(record.seq);
      this.write(this.fd!, bytes);
    } catch (error) {
      throw diskError(error);
    }
    this.bytes += bytes.length;
    this.records++;
    this.unsynced = true;
    this.next = endSeqOf(record);
  }

  sync(): Promise<void> {
    this.syncing = this.syncing.catch(() => {}).then(() => this.syncNow());
    return this.syncing;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.sync();
    } finally {
      for (const fd of this.retired.splice(0)) closeSync(fd);
      if (this.fd !== null) closeSync(this.fd);
      this.fd = null;
    }
  }

  private begin(seq: number): void {
    mkdirSync(this.dir, { recursive: true });
    // 'wx': a file of this name would hold these sequences already.
    const fd = openSync(join(this.dir, segmentName(seq)), 'wx');
    this.retire();
    this.fd = fd;
    this.bytes = 0;
    this.records = 0;
    this.folderUnsynced = true;
  }

  private retire(): void {
    if (this.fd !== null) this.retired.push(this.fd);
    this.fd = null;
  }

  private write(fd: number, bytes: Buffer): void {
    let written = 0;
    try {
      while (written < bytes.length) {
        written += writeSync(fd, bytes, written, bytes.length - written, this.bytes + written);
      }
    } catch (error) {
      this.takeBack(fd);
      throw error;
    }
  }

  private takeBack(fd: number): void {
    try {
      ftruncateSync(fd, this.bytes);
    } catch {
      // What is torn stays, and readers stop at it; the next record begins another file. A file without
      // any whole record keeps its name, which the next record needs, so it is written over.
      if (this.records > 0) this.retire();
    }
  }

  private async syncNow(): Promise<void> {
    try {
      if (this.folderUnsynced) {
        this.folderUnsynced = false;
        await this.syncFolders();
      }
      while (this.retired.length > 0) {
        await syncData(this.retired[0]!);
        closeSync(this.retired.shift()!);
      }
      if (this.unsynced && this.fd !== null) {
        this.unsynced = false;
        await syncData(this.fd);
      }
    } catch (error) {
      this.unsynced = true;
      this.folderUnsynced = true;
      throw diskError(error);
    }
  }

  /** The names of new files, and of the folders above them. */
  private async syncFolders(): Promise<void> {
    for (const folder of [this.dir, join(this.dir, '..'), join(this.dir, '..', '..')]) {
      const fd = openSync(folder, 'r');
      try {
        await syncAll(fd);
      } finally {
        closeSync(fd);
      }
    }
  }
}
