/**
 * What becomes of spaces that have ended: their recordings are written one after another, tried again
 * when the disk refuses, taken up after a crash, and removed when their time has come. The wall clock alone
 * removes nothing: a space must be past its time at two looks an hour apart, so that a step costs nothing.
 */
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { ProgrammeLog } from '../ports/programme-log.ts';
import type { RecordingStore } from '../ports/recordings.ts';
import type { ProgrammeMeter } from './meter.ts';
import { Recorder } from './recorder.ts';

const RETRY_MS = 60_000;
const RETENTION_LOOK_MS = 3_600_000;

export interface ArchiveOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly meter: ProgrammeMeter;
  readonly programmeLog: ProgrammeLog;
  readonly recordings: RecordingStore;
  readonly retentionMs: number;
}

export interface ArchiveEnd {
  kept(spaceId: string): KeptPlan | undefined;
  /** A recording is there, or gone. @returns when that is kept */
  settled(spaceId: string, replay: 'ready' | 'removed'): Promise<void>;
}

export class Archive {
  private readonly options: ArchiveOptions;
  private readonly end: ArchiveEnd;
  private readonly recorder: Recorder;
  /** Ended spaces of which something lies on the disk that will expire. */
  private readonly ended = new Set<string>();
  /** Those of them that were past their time at the last look. */
  private overdue = new Set<string>();
  /** One piece of work at a time. */
  private work: Promise<void> = Promise.resolve();
  private look: Timer | null = null;
  private closed = false;

  constructor(options: ArchiveOptions, end: ArchiveEnd) {
    this.options = options;
    this.end = end;
    this.recorder = new Recorder(options);
  }

  /** Takes up what an earlier process has left. */
  begin(plans: readonly KeptPlan[]): void {
    for (const { plan, state, replay } of plans) {
      if (state === 'ended' && replay !== 'removed') this.due(plan.id);
    }
    this.expire();
    this.look = this.options.timers.every(RETENTION_LOOK_MS, () => this.expire());
  }

  /** This space has ended and its log is complete. */
  due(spaceId: string): void {
    this.ended.add(spaceId);
    this.queue(() => this.record(spaceId));
  }

  /** Removes log and recordings of a space that is not known any more. */
  remove(spaceId: string): Promise<void> {
    this.ended.delete(spaceId);
    return this.queue(() => this.erase(spaceId));
  }

  close(): void {
    this.closed = true;
    this.look?.cancel();
  }

  private queue(task: () => Promise<void>): Promise<void> {
    const mine = this.work.then(task);
    this.work = mine.catch(() => {});
    return mine;
  }

  private async record(spaceId: string): Promise<void> {
    const { clock, log, meter, timers } = this.options;
    const kept = this.end.kept(spaceId);
    if (kept?.replay !== 'due' || this.closed) return;
    const beganMs = clock.monotonicMs();
    try {
      const cancelled = (): boolean => this.closed || this.end.kept(spaceId) === undefined;
      if ((await this.recorder.write(kept, cancelled)) === 'cancelled') return;
    } catch (error) {
      log.error({ spaceId, error: String(error) }, 'recording could not be written; tried again');
      timers.after(RETRY_MS, () => this.due(spaceId));
      return;
    }
    const tookMs = clock.monotonicMs() - beganMs;
    meter.replayWritten(tookMs);
    log.info({ spaceId, tookMs: Math.round(tookMs) }, 'recording is ready');
    await this.end.settled(spaceId, 'ready');
  }

  private expire(): void {
    const { retentionMs, clock, log } = this.options;
    if (retentionMs === 0) return;
    const before = this.overdue;
    this.overdue = new Set();
    for (const spaceId of this.ended) {
      const endedAtMs = this.end.kept(spaceId)?.endedAtMs ?? 0;
      if (clock.wallMs() - endedAtMs < retentionMs) continue;
      this.overdue.add(spaceId);
      if (!before.has(spaceId)) continue;
      this.ended.delete(spaceId);
      const gone = this.queue(async () => {
        await this.erase(spaceId);
        await this.end.settled(spaceId, 'removed');
        log.info({ spaceId }, 'recording removed: it is older than retentionDays');
      });
      gone.catch((error: unknown) => {
        this.ended.add(spaceId);
        log.error({ spaceId, error: String(error) }, 'recording could not be removed; tried again');
      });
    }
  }

  private async erase(spaceId: string): Promise<void> {
    await this.options.recordings.remove(spaceId);
    await this.options.programmeLog.remove(spaceId);
  }
}
