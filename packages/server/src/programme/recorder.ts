/**
 * Writes the recording of a space that has ended, from its log: replay.mp4, replay.ogg and replay.json,
 * from the first live sequence to the end, holes as holding sound. One space at a time, a few records at a
 * time, so that no tick is late for it; never holds the recording in memory. Safe to do again: files
 * appear whole or not at all.
 */
import { holdingFrames, OggFileWriter, ReplayPlan, type ReplayWriter } from '@parterre/media';
import { CHUNK_MS, FRAMES_PER_CHUNK, RENDITIONS, type Snapshot } from '@parterre/protocol';
import type { Timers } from '../ports/clock.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import { endSeqOf, type ProgrammeLog } from '../ports/programme-log.ts';
import type { RecordingFile, RecordingStore, ReplayFile, ReplayInfo } from '../ports/recordings.ts';
import { Turns } from './turns.ts';

/** Chunks worked on before the tick has its turn. */
const CHUNKS_AT_ONCE = 20;
/** Points of the waveform, at most. */
const PEAKS_MAX = 2_000;

export interface RecorderOptions {
  readonly programmeLog: ProgrammeLog;
  readonly recordings: RecordingStore;
  readonly timers: Timers;
}

/** 200 ms of the recording. */
interface Part {
  readonly frames: readonly Uint8Array[];
  readonly peak: number;
  readonly snapshot: Uint8Array;
}

const NO_SNAPSHOT = new Uint8Array();

export class Recorder {
  private readonly options: RecorderOptions;

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  /**
   * Writes the three files. The json is last: where it lies, the others do.
   * @throws ParterreError `disk_full`: nothing of what failed is left
   */
  async write(kept: KeptPlan, cancelled: () => boolean): Promise<'written' | 'cancelled'> {
    const frames = (kept.endSeq! - kept.liveSeq!) * FRAMES_PER_CHUNK;
    const plan = new ReplayPlan(RENDITIONS[kept.plan.rendition].channels, frames);
    const info = await this.writeOgg(kept, plan, cancelled);
    if (info === null) return 'cancelled';
    if (!(await this.writeMp4(kept, plan.writer(), cancelled))) return 'cancelled';
    await this.file(kept.plan.id, 'replay.json', async (file) => {
      await file.write(Buffer.from(JSON.stringify(info)));
      return true;
    });
    return 'written';
  }

  private async writeOgg(
    kept: KeptPlan,
    plan: ReplayPlan,
    cancelled: () => boolean,
  ): Promise<ReplayInfo | null> {
    const { id, title, host, rendition } = kept.plan;
    const chunks = kept.endSeq! - kept.liveSeq!;
    const peakChunks = Math.max(1, Math.ceil(chunks / PEAKS_MAX));
    const peaks: number[] = new Array(Math.ceil(chunks / peakChunks)).fill(0);
    const turns = new Turns();
    let index = 0;
    const serial = Math.trunc(kept.anchorMs ?? 0) >>> 0;
    const writer = new OggFileWriter(RENDITIONS[rendition].channels, serial, {
      TITLE: title,
      ARTIST: host,
    });
    const whole = await this.file(id, 'replay.ogg', async (file) => {
      await file.write(writer.header());
      for await (const { frames, peak, snapshot } of this.parts(kept)) {
        if (cancelled()) return false;
        const point = Math.floor(index / peakChunks);
        peaks[point] = Math.max(peaks[point]!, peak);
        if (snapshot.length > 0) turns.heard(index * CHUNK_MS, speakersOf(snapshot));
        for (const frame of frames) {
          plan.add(frame.length);
          const page = writer.add(frame);
          if (page !== null) await file.write(page);
        }
        index++;
      }
      await file.write(writer.finish());
      return true;
    });
    if (!whole) return null;
    const durationMs = index * CHUNK_MS;
    return {
      spaceId: id,
      title,
      host,
      durationMs,
      liveAtMs: kept.liveAtMs!,
      peaks,
      peakEveryMs: peakChunks * CHUNK_MS,
      turns: turns.done(durationMs),
    };
  }

  private writeMp4(
    kept: KeptPlan,
    writer: ReplayWriter,
    cancelled: () => boolean,
  ): Promise<boolean> {
    return this.file(kept.plan.id, 'replay.mp4', async (file) => {
      await file.write(writer.header());
      for await (const { frames } of this.parts(kept)) {
        if (cancelled()) return false;
        for (const frame of frames) {
          const fragment = writer.add(frame);
          if (fragment !== null) await file.write(fragment);
        }
      }
      const last = writer.finish();
      if (last !== null) await file.write(last);
      return true;
    });
  }

  /** A file that is put in place when `fill` says it is whole, and leaves nothing behind otherwise. */
  private async file(
    spaceId: string,
    name: ReplayFile,
    fill: (file: RecordingFile) => Promise<boolean>,
  ): Promise<boolean> {
    const file = await this.options.recordings.create(spaceId, name);
    try {
      const whole = await fill(file);
      if (whole) await file.commit();
      else await file.abort();
      return whole;
    } catch (error) {
      await file.abort();
      throw error;
    }
  }

  /** Every 200 ms from the first live sequence to the end, whatever the log has of it. */
  private async *parts({ plan, liveSeq, endSeq }: KeptPlan): AsyncGenerator<Part> {
    const rendition = RENDITIONS[plan.rendition];
    let seq = liveSeq!;
    const holding = (at: number): Part => ({
      frames: holdingFrames(rendition, at),
      peak: 0,
      snapshot: NO_SNAPSHOT,
    });
    for await (const record of this.options.programmeLog.read(
      plan.id,
      plan.rendition,
      seq,
      endSeq!,
    )) {
      const until = Math.min(record.kind === 'hole' ? endSeqOf(record) : record.seq, endSeq!);
      for (; seq < until; seq++) {
        yield holding(seq);
        if (seq % CHUNKS_AT_ONCE === 0) await this.breath();
      }
      if (record.kind === 'hole' || record.seq !== seq) continue;
      yield record.frames.length === FRAMES_PER_CHUNK ? record : holding(seq);
      seq++;
      if (seq % CHUNKS_AT_ONCE === 0) await this.breath();
    }
    for (; seq < endSeq!; seq++) yield holding(seq);
  }

  private breath(): Promise<void> {
    return new Promise((resolve) => this.options.timers.after(1, resolve));
  }
}

function speakersOf(snapshot: Uint8Array): ReadonlyMap<string, string> {
  const { seats } = JSON.parse(new TextDecoder().decode(snapshot)) as Snapshot;
  return new Map(seats.filter(({ speaking }) => speaking).map(({ id, name }) => [id, name]));
}
