/**
 * When and what the programme tells beside the sound: a full snapshot once a second, and with the next
 * chunk when anything in it has changed. Only who is on air is told.
 */
import { CHUNK_MS, type Snapshot, type SnapshotSeat } from '@parterre/protocol';
import type { KeptPlan } from '../ports/plan-store.ts';
import type { VoiceSeat } from '../ports/programme-input.ts';

const CHUNKS_BETWEEN = 1_000 / CHUNK_MS;
const NONE = new Uint8Array();
const text = new TextEncoder();

export class Snapshots {
  private readonly epoch: number;
  private lastJson = '';
  private chunksSince = 0;

  constructor(epoch: number) {
    this.epoch = epoch;
  }

  /** The snapshot the next chunk carries; empty when it needs none. */
  next(
    kept: KeptPlan,
    seats: Iterable<VoiceSeat>,
    holding: boolean,
    speaking: (id: string) => boolean,
  ): Uint8Array {
    const json = JSON.stringify(snapshotOf(this.epoch, kept, seats, holding, speaking));
    this.chunksSince++;
    if (json === this.lastJson && this.chunksSince < CHUNKS_BETWEEN) return NONE;
    this.lastJson = json;
    this.chunksSince = 0;
    return text.encode(json);
  }
}

function snapshotOf(
  epoch: number,
  { plan, state, liveAtMs, successor }: KeptPlan,
  seats: Iterable<VoiceSeat>,
  holding: boolean,
  speaking: (id: string) => boolean,
): Snapshot {
  const told: SnapshotSeat[] = [];
  for (const { id, name, muted, onAir } of seats) {
    if (onAir) told.push({ id, name, muted, speaking: !muted && speaking(id) });
  }
  const { title, host, startsAtMs, profile } = plan;
  const about = { v: 1 as const, epoch, state, title, host, startsAtMs, liveAtMs, profile };
  return { ...about, holding, seats: told, ...(successor == null ? {} : { successor }) };
}
