/** What the programme is given, and what it holds of each space. */

import type { ClipStore } from '../ports/clips.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan, PlanStore } from '../ports/plan-store.ts';
import type { VoiceSeat } from '../ports/programme-input.ts';
import type { ProgrammeLog } from '../ports/programme-log.ts';
import type { RecordingStore } from '../ports/recordings.ts';
import type { ProgrammeMeter } from './meter.ts';
import type { CreateMixer, OnAir } from './on-air.ts';
import type { InputSession } from './sessions.ts';

export interface ProgrammeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly meter: ProgrammeMeter;
  readonly programmeLog: ProgrammeLog;
  readonly plans: PlanStore;
  readonly recordings: RecordingStore;
  readonly clips: Pick<ClipStore, 'read' | 'prune'>;
  readonly createMixer: CreateMixer;
  /** Names the stretch in which the monotonic clock counts from one origin; empty when not known. */
  readonly bootId: string;
  readonly spacesMax: number;
  /** Each space that has one is encoded in the lean rendition as well. */
  readonly lean: boolean;
  readonly idleEndMs: number;
  /** Recordings older than this go; 0 keeps them. */
  readonly retentionMs: number;
}

/** One known space. */
export interface Entry {
  kept: KeptPlan;
  onAir: OnAir | null;
  opening: Promise<void> | null;
  roster: readonly VoiceSeat[];
  rosterOf: InputSession | null;
  /** What was said last of why it is not on air; said once. */
  trouble: string;
  /** When bringing it on air is tried again, on the monotonic clock. */
  nextTryMs: number;
}

export function newEntry(kept: KeptPlan): Entry {
  return {
    kept,
    onAir: null,
    opening: null,
    roster: [],
    rosterOf: null,
    trouble: '',
    nextTryMs: Number.NEGATIVE_INFINITY,
  };
}
