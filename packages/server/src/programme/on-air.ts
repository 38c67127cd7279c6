/**
 * One space from doors to end: its clock, its mixer, its chunks. Invariant: the clock is the anchor plus
 * what was produced, whatever the wall clock does; frames due are produced, late ones too, and only when
 * the process was away for longer than LATE_MS_MAX is the missed time given up as a hole [P3]. The start is
 * a frame of that clock, found before it is produced, so that a late process starts no later [P4].
 */
import type { Mixer, MixerOptions } from '@parterre/media';
import { CHUNK_MS, FRAME_MS, FRAMES_PER_CHUNK } from '@parterre/protocol';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { VoiceSeat } from '../ports/programme-input.ts';
import type { ProgrammeRecord } from '../ports/programme-log.ts';
import type { LogKeeper } from './log-keeper.ts';
import type { ProgrammeMeter } from './meter.ts';
import type { OpeningClip } from './opening-clip.ts';
import { Snapshots } from './snapshots.ts';

/** Longest time away that is made up for, ms. */
const LATE_MS_MAX = 5_000;
/** Most frames of one space mixed before the others have their turn. */
const CATCH_UP_FRAMES = 25;

/** The wall clock is read in whole milliseconds beside one that is not: a frame is not left out for it, ms. */
const READING_MS = 2;

/** What the programme needs of a mixer; the simulation has a simpler one. */
export type ProgrammeMixer = Pick<
  Mixer,
  'holdingSound' | 'playClip' | 'setVoice' | 'removeVoice' | 'push' | 'tick' | 'levels' | 'close'
>;
export type CreateMixer = (options: MixerOptions) => Promise<ProgrammeMixer>;

export interface OnAirOptions {
  readonly mixer: ProgrammeMixer;
  readonly keeper: LogKeeper;
  readonly clip: OpeningClip;
  readonly meter: ProgrammeMeter;
  readonly epoch: number;
  /** First sequence to be produced. */
  readonly startSeq: number;
  /** Sequence 0 on the monotonic clock and on the wall clock. */
  readonly anchorMonotonicMs: number;
  readonly anchorMs: number;
  /** Takes each record after it was written. */
  readonly publish: (record: ProgrammeRecord) => void;
  /** Takes the same in the lean rendition, after it; what is never written. */
  readonly publishLean?: (record: ProgrammeRecord) => void;
  /** The next frame is the first that is live. */
  readonly started: () => void;
  readonly levels: (levels: Readonly<Record<string, number>>, programme: number) => void;
}

export class OnAir {
  readonly anchorMonotonicMs: number;
  private readonly options: OnAirOptions;
  private readonly snapshots: Snapshots;
  private kept: KeptPlan;
  private seats = new Map<string, VoiceSeat>();
  /** Frames of the clock produced or given up. */
  private frames: number;
  private startFrame = Number.POSITIVE_INFINITY;
  private packets: Uint8Array[] = [];
  private leanPackets: Uint8Array[] = [];
  private peak = 0;
  private holding = true;
  private occupiedMs: number;

  constructor(options: OnAirOptions, kept: KeptPlan, nowMs: number) {
    this.options = options;
    this.snapshots = new Snapshots(options.epoch);
    this.kept = kept;
    this.anchorMonotonicMs = options.anchorMonotonicMs;
    this.frames = options.startSeq * FRAMES_PER_CHUNK;
    this.occupiedMs = nowMs;
    void options.clip.follow(kept, this.frameNow);
  }

  /** The next frame of the clock. */
  readonly frameNow = (): number => this.frames;

  /** The sequence that is being filled. */
  get seq(): number {
    return Math.floor(this.frames / FRAMES_PER_CHUNK);
  }

  /** The wall clock of the next frame's first sample, ms, when the wall clock stands so now. */
  wallOfNext(nowMs: number, wallMs: number): number {
    return Math.round(wallMs - nowMs + this.anchorMonotonicMs + this.frames * FRAME_MS);
  }

  /**
   * Has the first frame that begins no sooner than `startsAtMs` be the first that is live; null: none by
   * itself. Asked again before each turn, so that it follows the plan and the wall clock.
   */
  startAt(startsAtMs: number | null, nowMs: number, wallMs: number): void {
    if (startsAtMs === null) this.startFrame = Number.POSITIVE_INFINITY;
    else {
      const beginMs = wallMs - nowMs + this.anchorMonotonicMs;
      this.startFrame = Math.ceil((startsAtMs - beginMs - READING_MS) / FRAME_MS);
    }
  }

  /** When the next frame is due, on the monotonic clock. */
  get dueMs(): number {
    return this.anchorMonotonicMs + (this.frames + 1) * FRAME_MS;
  }

  /** How long nobody has been on stage, ms; since this came on air, or since `countIdleFrom`. */
  idleMs(nowMs: number): number {
    return nowMs - this.occupiedMs;
  }

  /** The stage has been empty by right until now. */
  countIdleFrom(nowMs: number): void {
    this.occupiedMs = Math.max(this.occupiedMs, nowMs);
  }

  get keeper(): LogKeeper {
    return this.options.keeper;
  }

  /** The plan has changed; told with the next chunk. */
  changed(kept: KeptPlan): void {
    this.kept = kept;
    this.options.mixer.holdingSound = kept.plan.holdingSound;
    void this.options.clip.follow(kept, this.frameNow);
  }

  setSeats(seats: readonly VoiceSeat[]): void {
    const next = new Map(seats.map((seat) => [seat.id, seat]));
    for (const id of this.seats.keys()) if (!next.has(id)) this.options.mixer.removeVoice(id);
    for (const [id, { onAir, muted }] of next) this.options.mixer.setVoice(id, { onAir, muted });
    this.seats = next;
  }

  voice(
    seatId: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
    nowMs: number,
  ): void {
    this.options.mixer.push(seatId, source, sequence, timestamp, payload, nowMs);
  }

  /** Produces what is due. @returns false when more is due than was produced in one go */
  advance(nowMs: number): boolean {
    const due = Math.floor((nowMs - this.anchorMonotonicMs) / FRAME_MS) - this.frames;
    if (due <= 0) return true;
    const { meter } = this.options;
    meter.tickLate(nowMs - this.dueMs);
    if (due * FRAME_MS > LATE_MS_MAX) {
      this.skip(nowMs);
      return true;
    }
    const count = Math.min(due, CATCH_UP_FRAMES);
    if (count > 1) meter.framesCaughtUp(count - 1);
    for (let done = 0; done < count; done++) this.produce(nowMs);
    return count === due;
  }

  /**
   * Completes the chunk that is being filled, or makes one more: the last one, which tells the end.
   * @returns the sequence after it
   */
  conclude(nowMs: number): number {
    do this.produce(nowMs);
    while (this.packets.length > 0);
    return this.seq;
  }

  async close(): Promise<void> {
    this.options.mixer.close();
    await this.options.keeper.close();
  }

  private skip(nowMs: number): void {
    while (this.packets.length > 0) this.produce(nowMs);
    const { seq } = this;
    const endSeq = Math.floor((nowMs - this.anchorMonotonicMs) / CHUNK_MS);
    const { epoch } = this.options;
    const capturedAtMs = this.capturedAtMs(seq);
    const hole = { kind: 'hole', seq, endSeq, epoch, capturedAtMs } as const;
    this.put(hole);
    this.options.publishLean?.(hole);
    this.frames = endSeq * FRAMES_PER_CHUNK;
    this.options.clip.play(this.frames);
    this.options.meter.chunksSkipped(endSeq - seq);
  }

  private produce(nowMs: number): void {
    if (this.frames >= this.startFrame) {
      this.startFrame = Number.POSITIVE_INFINITY;
      this.options.started();
    }
    const { packet, leanPacket, peak, holding } = this.options.mixer.tick(nowMs);
    this.packets.push(packet);
    if (leanPacket != null) this.leanPackets.push(leanPacket);
    this.peak = Math.max(this.peak, peak);
    this.holding = holding;
    this.frames++;
    if (this.packets.length === FRAMES_PER_CHUNK) this.cut(nowMs);
  }

  private cut(nowMs: number): void {
    const seq = this.seq - 1;
    const { voices, programme } = this.options.mixer.levels();
    const speaking = (id: string): boolean => voices.get(id)?.speaking === true;
    const snapshot = this.snapshots.next(this.kept, this.seats.values(), this.holding, speaking);
    const { epoch, clip } = this.options;
    clip.tend(this.frames);
    const capturedAtMs = this.capturedAtMs(seq);
    const { packets: frames, leanPackets, peak } = this;
    this.packets = [];
    this.leanPackets = [];
    this.peak = 0;
    const chunk = { kind: 'chunk', seq, epoch, capturedAtMs, peak, frames, snapshot } as const;
    this.put(chunk);
    if (leanPackets.length > 0) this.options.publishLean?.({ ...chunk, frames: leanPackets });
    for (const seat of this.seats.values()) if (seat.onAir) this.occupiedMs = nowMs;
    const levels: Record<string, number> = {};
    for (const [id, voice] of voices) levels[id] = voice.level;
    this.options.levels(levels, programme);
  }

  /** Written first: nobody hears what a crash could give another content. */
  private put(record: ProgrammeRecord): void {
    this.options.keeper.append(record);
    this.options.publish(record);
  }

  private capturedAtMs(seq: number): number {
    return this.options.anchorMs + seq * CHUNK_MS;
  }
}

/** The chunk that is being filled when the clock has run this long: none before it may be missing, none after it was handed out. */
export function seqAt(elapsedMs: number): number {
  return Math.max(0, Math.floor(elapsedMs / CHUNK_MS));
}
