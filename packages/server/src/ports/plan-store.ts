/** Where the programme keeps what it has to carry out, so that it goes on by itself after any crash [P3]. */
import type { SpaceState } from '@parterre/protocol';
import type { SpacePlan } from './programme-control.ts';

/** A plan and how far it has come. */
export interface KeptPlan {
  readonly plan: SpacePlan;
  readonly state: SpaceState;
  /** Wall clock of sequence 0, ms since the Unix epoch; null before doors. Never changes afterwards. */
  readonly anchorMs: number | null;
  /** The same moment on the monotonic clock; means nothing once `bootId` is another. */
  readonly anchorMonotonicMs: number | null;
  readonly bootId: string;
  /** Wall clock of the first sample on air. */
  readonly liveAtMs: number | null;
  /** First sequence of the recording. */
  readonly liveSeq: number | null;
  /** First frame of the clock that was live, from which a clip counts; null or left out: that sequence's first. */
  readonly liveFrame?: number | null;
  readonly endedAtMs: number | null;
  /** First sequence after the programme. */
  readonly endSeq: number | null;
  /** `none` until the end, and for good when the space never was live; then to be written, there, gone. */
  readonly replay: 'none' | 'due' | 'ready' | 'removed';
  /** The space that took the audience over; only when ended. */
  readonly successor?: string | null;
}

export interface PlanStore {
  /** Every plan kept; one that cannot be read is told in the log and left out. */
  load(): readonly KeptPlan[];
  /** Replaces what is kept of this space, wholly or not at all. @throws ParterreError `disk_full` */
  save(kept: KeptPlan): Promise<void>;
  remove(spaceId: string): Promise<void>;
}
