/**
 * Brings a space on air: at doors, and again after a crash. The clock is found from the anchor, the log
 * goes on beyond anything that can have been handed out, and the gap is one `hole` [P3]. A disk that
 * refuses keeps no space off the air.
 */
import { CHUNK_MS, ParterreError, RENDITIONS } from '@parterre/protocol';
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
import { RING_RECORDS } from './feed.ts';
import { LogKeeper } from './log-keeper.ts';
import type { ProgrammeMeter } from './meter.ts';
import { type CreateMixer, OnAir, type OnAirOptions, seqAt } from './on-air.ts';

export interface OpeningOptions {
  readonly clock: Clock;
  readonly createMixer: CreateMixer;
  readonly programmeLog: ProgrammeLog;
  readonly bootId: string;
  readonly log: Log;
  readonly meter: ProgrammeMeter;
  readonly publish: OnAirOptions['publish'];
  readonly levels: OnAirOptions['levels'];
}

export interface Opened {
  readonly onAir: OnAir;
  /** With the anchor. */
  readonly kept: KeptPlan;
  /** What readers may still ask for: up to two minutes before the first new record. */
  readonly tail: readonly ProgrammeRecord[];
}

interface Anchor {
  readonly anchorMs: number;
  readonly anchorMonotonicMs: number;
}

export async function bringOnAir(kept: KeptPlan, options: OpeningOptions): Promise<Opened> {
  const { clock, programmeLog, bootId, log, meter, publish, levels } = options;
  const { id, rendition, holdingSound } = kept.plan;
  const found = await findAnchor(kept, options);
  const nowMs = clock.monotonicMs();
  const notBeforeSeq = seqAt(nowMs - found.anchorMonotonicMs);
  const open = (): Promise<LogWriter> =>
    programmeLog.openWriter(id, rendition, notBeforeSeq, found.anchorMs + notBeforeSeq * CHUNK_MS);
  const writer = await openOrNot(open, log);
  const tail = await readTail(programmeLog, kept.plan, writer?.nextSeq ?? notBeforeSeq);
  const last = tail.at(-1);
  const startSeq = Math.max(
    notBeforeSeq,
    writer?.nextSeq ?? 0,
    last === undefined ? 0 : endSeqOf(last),
  );
  // The wall clock went back between two boots: the clock goes on from what the log has.
  const anchorMonotonicMs =
    startSeq > notBeforeSeq ? nowMs - startSeq * CHUNK_MS : found.anchorMonotonicMs;
  const { anchorMs } = found;
  const epoch = writer?.epoch ?? (last?.epoch ?? 0) + 1;
  const mixer = await options.createMixer({ rendition: RENDITIONS[rendition], holdingSound });
  const keeper = new LogKeeper({ clock, log, meter, open }, writer);
  const withAnchor: KeptPlan = { ...kept, anchorMs, anchorMonotonicMs, bootId };
  const onAir = new OnAir(
    { mixer, keeper, meter, epoch, startSeq, anchorMonotonicMs, anchorMs, publish, levels },
    withAnchor,
    clock.monotonicMs(),
  );
  return { onAir, kept: withAnchor, tail: upTo(tail, startSeq, epoch, anchorMs) };
}

async function openOrNot(open: () => Promise<LogWriter>, log: Log): Promise<LogWriter | null> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof ParterreError)) throw error;
    log.error({ error: error.message }, 'on air without a recording for now');
    return null;
  }
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
  if (anchorMs === null) return { anchorMs: wallMs, anchorMonotonicMs: nowMs };
  return { anchorMs, anchorMonotonicMs: nowMs - Math.max(0, wallMs - anchorMs) };
}

async function anchorOfLog(
  { plan }: KeptPlan,
  { programmeLog }: OpeningOptions,
): Promise<number | null> {
  const extent = await programmeLog.extent(plan.id, plan.rendition);
  if (extent === null) return null;
  const { nextSeq } = extent;
  for await (const record of programmeLog.read(plan.id, plan.rendition, nextSeq - 1, nextSeq)) {
    return record.capturedAtMs - record.seq * CHUNK_MS;
  }
  return null;
}

/** The records of the last two minutes before `endSeq`, and any after it. */
export async function readTail(
  programmeLog: ProgrammeLog,
  plan: SpacePlan,
  endSeq: number,
): Promise<ProgrammeRecord[]> {
  const tail: ProgrammeRecord[] = [];
  const fromSeq = Math.max(0, endSeq - RING_RECORDS);
  for await (const record of programmeLog.read(
    plan.id,
    plan.rendition,
    fromSeq,
    Number.MAX_SAFE_INTEGER,
  )) {
    tail.push(record);
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
