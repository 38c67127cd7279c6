/**
 * Brings a space on air: at doors, and again after a crash. The clock is found from the anchor, the log
 * goes on beyond anything that can have been handed out, and the gap is one `hole` [P3]. A disk that
 * refuses keeps no space off the air.
 */
import {
  CHUNK_MS,
  FRAMES_PER_CHUNK,
  LEAN_RENDITIONS,
  ParterreError,
  RENDITIONS,
  type Rendition,
  type Snapshot,
} from '@parterre/protocol';
import type { ClipStore } from '../ports/clips.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { SpacePlan } from '../ports/programme-control.ts';
import {
  endSeqOf,
  type LogWriter,
  type ProgrammeLog,
  type ProgrammeRecord,
} from '../ports/programme-log.ts';
import { type Feed, RING_RECORDS } from './feed.ts';
import { LogKeeper } from './log-keeper.ts';
import type { ProgrammeMeter } from './meter.ts';
import { type CreateMixer, OnAir, type OnAirOptions, seqAt } from './on-air.ts';
import { OpeningClip } from './opening-clip.ts';

/** A space that is given up goes on for so long: by then every edge has places for its audience in the other. */
export const OVERLAP_MS = 500;

export interface OpeningOptions {
  readonly clock: Clock;
  readonly createMixer: CreateMixer;
  readonly clips: Pick<ClipStore, 'read'>;
  readonly programmeLog: ProgrammeLog;
  readonly bootId: string;
  readonly log: Log;
  readonly meter: ProgrammeMeter;
  readonly publish: OnAirOptions['publish'];
  /** null: the space has its own rendition alone. */
  readonly lean: {
    readonly rendition: Rendition;
    readonly publish: OnAirOptions['publish'];
  } | null;
  readonly started: OnAirOptions['started'];
  readonly levels: OnAirOptions['levels'];
}

/** Where the lean rendition of a space goes; null where there is none. */
export function leanOf(
  wanted: boolean,
  { id, rendition }: SpacePlan,
  feed: Pick<Feed, 'append'>,
): OpeningOptions['lean'] {
  const lean = wanted ? LEAN_RENDITIONS[rendition] : undefined;
  if (lean === undefined) return null;
  return { rendition: lean, publish: (record) => feed.append(id, lean.id, record) };
}

export interface Opened {
  readonly onAir: OnAir;
  /** With the anchor. */
  readonly kept: KeptPlan;
  /** What readers may still ask for: up to two minutes before the first new record. */
  readonly tail: readonly ProgrammeRecord[];
}

/**
 * Chunks before the end of the log that a power failure may have taken, though they were handed out: more
 * than the two seconds within which all is synced.
 */
const UNSYNCED_CHUNKS_MAX = 5_000 / CHUNK_MS;

interface Anchor {
  readonly anchorMs: number;
  readonly anchorMonotonicMs: number;
}

export async function bringOnAir(kept: KeptPlan, options: OpeningOptions): Promise<Opened> {
  const { clock, programmeLog, bootId, log, meter, publish, lean, started, levels } = options;
  const { id, rendition, holdingSound } = kept.plan;
  const found = await findAnchor(kept, options);
  const nowMs = clock.monotonicMs();
  const clockSeq = seqAt(nowMs - found.anchorMonotonicMs);
  const notBeforeSeq = Math.max(clockSeq, await firstSafeSeq(kept, options));
  const open = (): Promise<LogWriter> =>
    programmeLog.openWriter(id, rendition, notBeforeSeq, found.anchorMs + notBeforeSeq * CHUNK_MS);
  const writer = await openOrNot(open, log);
  const tail = await readTail(programmeLog, kept.plan, writer?.nextSeq ?? notBeforeSeq, log);
  const last = tail.at(-1);
  const startSeq = Math.max(
    notBeforeSeq,
    writer?.nextSeq ?? 0,
    last === undefined ? 0 : endSeqOf(last),
  );
  // The wall clock went back between two boots: the clock goes on from what the log has.
  const anchorMonotonicMs =
    startSeq > clockSeq ? nowMs - startSeq * CHUNK_MS : found.anchorMonotonicMs;
  const { anchorMs } = found;
  const epoch = writer?.epoch ?? (last?.epoch ?? 0) + 1;
  const mixer = await options.createMixer({
    rendition: RENDITIONS[rendition],
    holdingSound,
    lean: lean?.rendition ?? null,
  });
  const clip = new OpeningClip({ clips: options.clips, log, mixer });
  // Before the first frame: it may be the first that is live.
  await clip.follow(kept, () => startSeq * FRAMES_PER_CHUNK);
  const keeper = new LogKeeper({ clock, log, meter, open }, writer);
  const withAnchor: KeptPlan = { ...kept, anchorMs, anchorMonotonicMs, bootId };
  const ends = { publish, started, levels, ...(lean && { publishLean: lean.publish }) };
  const onAir = new OnAir(
    { mixer, keeper, clip, meter, epoch, startSeq, anchorMonotonicMs, anchorMs, ...ends },
    withAnchor,
    clock.monotonicMs(),
  );
  return { onAir, kept: withAnchor, tail: upTo(tail, startSeq, epoch, anchorMs) };
}

function openOrNot(open: () => Promise<LogWriter>, log: Log): Promise<LogWriter | null> {
  return open().catch((error: unknown) => {
    if (!(error instanceof ParterreError)) throw error;
    log.error({ error: error.message }, 'on air without a recording for now');
    return null;
  });
}

/**
 * Over a restart of the machine the end of the log is not the end of what was handed out, and the wall
 * clock that tells how long it took may have gone back.
 */
async function firstSafeSeq({ plan, bootId }: KeptPlan, options: OpeningOptions): Promise<number> {
  if (bootId === '' || bootId === options.bootId) return 0;
  return ((await extentOf(plan, options))?.nextSeq ?? 0) + UNSYNCED_CHUNKS_MAX;
}

function extentOf(
  plan: SpacePlan,
  { programmeLog, log }: OpeningOptions,
): ReturnType<ProgrammeLog['extent']> {
  return programmeLog.extent(plan.id, plan.rendition).catch((error: unknown) => {
    log.error({ error: String(error) }, 'log cannot be read');
    return null;
  });
}

async function findAnchor(kept: KeptPlan, options: OpeningOptions): Promise<Anchor> {
  const { clock, bootId } = options;
  const nowMs = clock.monotonicMs();
  const wallMs = clock.wallMs();
  if (
    kept.anchorMs !== null &&
    kept.anchorMonotonicMs !== null &&
    kept.bootId === bootId &&
    bootId !== ''
  ) {
    return { anchorMs: kept.anchorMs, anchorMonotonicMs: kept.anchorMonotonicMs };
  }
  // Another boot, or doors that were open when the plan was not saved yet: each record tells the anchor.
  const anchorMs = kept.anchorMs ?? (await anchorOfLog(kept, options));
  if (anchorMs === null) {
    const earlyMs = toChunk(kept.plan.startsAtMs, wallMs);
    return { anchorMs: wallMs - earlyMs, anchorMonotonicMs: nowMs - earlyMs };
  }
  return { anchorMs, anchorMonotonicMs: nowMs - Math.max(0, wallMs - anchorMs) };
}

/**
 * How much sooner the clock begins, less than a chunk, so that the announced start is the beginning of a
 * chunk: the first sample on air is the first of the recording [P4].
 */
function toChunk(startsAtMs: number | null, wallMs: number): number {
  if (startsAtMs === null || startsAtMs <= wallMs) return 0;
  return (CHUNK_MS - ((startsAtMs - wallMs) % CHUNK_MS)) % CHUNK_MS;
}

/**
 * When a space was live already according to what was handed out: the process was killed before it could
 * keep that. Null when it was not.
 */
export function liveIn(
  tail: readonly ProgrammeRecord[],
): { readonly liveAtMs: number; readonly liveSeq: number } | null {
  for (const record of tail) {
    if (record.kind === 'hole' || record.snapshot.length === 0) continue;
    const { state, liveAtMs } = JSON.parse(Buffer.from(record.snapshot).toString()) as Snapshot;
    if (state === 'live' && liveAtMs !== null) return { liveAtMs, liveSeq: record.seq };
  }
  return null;
}

async function anchorOfLog({ plan }: KeptPlan, options: OpeningOptions): Promise<number | null> {
  const extent = await extentOf(plan, options);
  if (extent === null) return null;
  const [record] = await readTail(options.programmeLog, plan, extent.nextSeq, options.log);
  return record === undefined ? null : record.capturedAtMs - record.seq * CHUNK_MS;
}

/** The records of the last two minutes before `endSeq`, and any after it; as far as they can be read. */
export async function readTail(
  programmeLog: ProgrammeLog,
  plan: SpacePlan,
  endSeq: number,
  log: Log,
): Promise<ProgrammeRecord[]> {
  const tail: ProgrammeRecord[] = [];
  const fromSeq = Math.max(0, endSeq - RING_RECORDS);
  const end = Number.MAX_SAFE_INTEGER;
  try {
    for await (const record of programmeLog.read(plan.id, plan.rendition, fromSeq, end)) {
      tail.push(record);
    }
  } catch (error) {
    log.error({ error: String(error) }, 'log cannot be read; readers get what follows');
  }
  return tail;
}

/** The tail up to the first new record, also where the log could not be written. */
function upTo(
  tail: readonly ProgrammeRecord[],
  startSeq: number,
  epoch: number,
  anchorMs: number,
): readonly ProgrammeRecord[] {
  const last = tail.at(-1);
  const seq = last === undefined ? 0 : endSeqOf(last);
  if (seq >= startSeq) return tail;
  const capturedAtMs = anchorMs + seq * CHUNK_MS;
  return [...tail, { kind: 'hole', seq, endSeq: startSeq, epoch, capturedAtMs }];
}
