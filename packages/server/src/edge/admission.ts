/** What is decided on a request for a lane: where its listener begins, or why there is no sound for it. */
import type { PublicSpace } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
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

/** Why there is no sound of a space at all; null when there is. @param settled what is unknown now does not exist */
export function silenceOf(
  space: PublicSpace | undefined,
  settled: boolean,
  clock: Clock,
): Refusal | null {
  if (space === undefined) return settled ? UNKNOWN_SPACE : NOT_SETTLED;
  if (space.state === 'ended') return ENDED;
  return space.state === 'scheduled' ? notOpen(space.doorsAtMs - clock.wallMs()) : null;
}

function notOpen(inMs: number): Refusal {
  return { refusal: 'not_open', retryAfterS: Math.min(60, Math.max(1, Math.ceil(inMs / 1_000))) };
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
const ENDED: Refusal = { refusal: 'ended' };
