/** What is decided on a request for a lane: where its listener begins, or why there is no sound for it. */
import type { Refusal } from './answers.ts';
import type { Cohort } from './cohort.ts';
import type { SeatedGroup } from './groups.ts';

/** Where an admitted listener begins, or why there is no sound for this request. */
export type Admission = Admitted | Refusal;

export interface Admitted {
  readonly cohort: Cohort;
  readonly startSeq: number;
  /** On whose kept seat. */
  readonly group: SeatedGroup | null;
}

/** There is no place, by when to ask again, s: the same object each time, since a crowd is refused with it. */
export function waitingFor(retryAfterS: number): Refusal {
  WAITING[retryAfterS] ??= { refusal: 'waiting', retryAfterS };
  return WAITING[retryAfterS];
}

/** As many as there are whole seconds that somebody is told. */
const WAITING: Refusal[] = [];
export const UNKNOWN_SPACE: Refusal = { refusal: 'unknown_space' };
export const NOT_SETTLED: Refusal = { refusal: 'part_away', retryAfterS: 1 };
export const ENDED: Refusal = { refusal: 'ended' };
