/**
 * Keeps the programme log of one space, whatever the disk does: the programme goes on air, and what cannot
 * be written waits here and is tried again every RETRY_MS. Bounded by the ring: what has waited for longer
 * becomes a hole in the log, is counted and told. Every record is synced within SYNC_MS and a write [P7].
 */
import { ParterreError } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import {
  endSeqOf,
  holeBefore,
  type LogWriter,
  type ProgrammeRecord,
} from '../ports/programme-log.ts';
import { RING_RECORDS } from './feed.ts';
import type { ProgrammeMeter } from './meter.ts';

/** How often what was appended is synced; two seconds are promised. */
const SYNC_MS = 1_000;
const RETRY_MS = 1_000;
/** Most records written at one go while catching up, so that no tick is late for it. */
const CATCH_UP_RECORDS = 20;

export interface KeeperOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: ProgrammeMeter;
  /** Opens the log at the next sequence it can go on with; also later, when it could not be opened. */
  readonly open: () => Promise<LogWriter>;
}

export class LogKeeper {
  private readonly options: KeeperOptions;
  private writer: LogWriter | null;
  private opening = false;
  private syncing = false;
  private closed = false;
  private readonly backlog: ProgrammeRecord[] = [];
  private failing = false;
  private nextTryMs = 0;
  /** When the oldest record that is not synced was appended; null when there is none. */
  private unsyncedSinceMs: number | null = null;

  /** @param writer null when the log cannot be opened yet */
  constructor(options: KeeperOptions, writer: LogWriter | null) {
    this.options = options;
    this.writer = writer;
    if (writer === null) this.fail('the log cannot be opened');
  }

  /** Records that wait to be written. */
  get waiting(): number {
    return this.backlog.length;
  }

  /** The next record of the programme; written before this returns unless the disk refuses. */
  append(record: ProgrammeRecord): void {
    this.backlog.push(record);
    if (this.backlog.length > RING_RECORDS) this.backlog.shift();
    const nowMs = this.options.clock.monotonicMs();
    if (this.failing && nowMs < this.nextTryMs) return;
    if (this.writer === null) this.reopen();
    else this.flush(this.writer, nowMs);
  }

  /** Syncs when it is time; called often, never waits. */
  tend(): void {
    const { writer, unsyncedSinceMs } = this;
    if (writer === null || this.syncing || unsyncedSinceMs === null) return;
    if (this.options.clock.monotonicMs() - unsyncedSinceMs < SYNC_MS) return;
    void this.sync(writer);
  }

  /** Writes and syncs what can be, also where the disk refused a moment ago, and closes. */
  async close(): Promise<void> {
    this.closed = true;
    const { writer } = this;
    if (writer === null) return;
    for (let before = Number.POSITIVE_INFINITY; this.backlog.length < before; ) {
      before = this.backlog.length;
      this.flush(writer, this.options.clock.monotonicMs());
    }
    try {
      await writer.close();
    } catch (error) {
      this.options.log.error({ error: String(error) }, 'log could not be closed');
    }
  }

  private flush(writer: LogWriter, nowMs: number): void {
    try {
      for (let done = 0; done < CATCH_UP_RECORDS; done++) {
        const record = this.backlog[0];
        if (record === undefined) break;
        this.write(writer, record);
        this.backlog.shift();
        this.unsyncedSinceMs ??= nowMs;
      }
      if (this.backlog.length === 0) this.recovered();
    } catch (error) {
      if (!(error instanceof ParterreError)) throw error;
      this.fail(error.message);
    }
  }

  private write(writer: LogWriter, record: ProgrammeRecord): void {
    const { clock, meter, log } = this.options;
    if (endSeqOf(record) <= writer.nextSeq) return;
    if (record.seq > writer.nextSeq) {
      const hole = { ...holeBefore(record, writer.nextSeq), epoch: writer.epoch };
      writer.append(hole);
      meter.chunksLost(hole.endSeq - hole.seq);
      log.error({ seq: hole.seq, endSeq: hole.endSeq }, 'not recorded: this part is a hole');
    }
    const beganMs = clock.monotonicMs();
    writer.append(record.epoch === writer.epoch ? record : { ...record, epoch: writer.epoch });
    meter.appended(clock.monotonicMs() - beganMs);
  }

  private fail(reason: string): void {
    const { log, clock, meter } = this.options;
    meter.appendFailed();
    this.nextTryMs = clock.monotonicMs() + RETRY_MS;
    if (this.failing) return;
    this.failing = true;
    log.error(
      { reason },
      'disk refuses the log; the programme goes on and recording is tried again',
    );
  }

  private recovered(): void {
    if (!this.failing) return;
    this.failing = false;
    this.options.log.info({}, 'recording goes on');
  }

  private reopen(): void {
    if (this.opening || this.closed) return;
    this.opening = true;
    this.options.open().then(
      (writer) => {
        this.opening = false;
        if (this.closed) void writer.close();
        else this.writer = writer;
      },
      (error: unknown) => {
        this.opening = false;
        this.fail(String(error));
      },
    );
  }

  private async sync(writer: LogWriter): Promise<void> {
    const { clock, log, meter } = this.options;
    const sinceMs = this.unsyncedSinceMs!;
    this.unsyncedSinceMs = null;
    this.syncing = true;
    try {
      await writer.sync();
      meter.synced(clock.monotonicMs() - sinceMs);
    } catch (error) {
      this.unsyncedSinceMs = sinceMs;
      meter.appendFailed();
      log.error({ error: String(error) }, 'log could not be synced');
    } finally {
      this.syncing = false;
    }
  }
}
