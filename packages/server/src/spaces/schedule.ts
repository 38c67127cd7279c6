/**
 * When doors open and when it starts. Invariant of every schedule given out: doors ≤ start, neither lies
 * further back than clocks may differ, neither changes once it has come. Refused with `bad_request` or
 * `wrong_state`, naming the field.
 */
import { ParterreError, type SpaceState } from '@parterre/protocol';

/** Doors open this long before the start when nothing is said, minutes. */
export const DOORS_MINUTES = 10;
/** A start that lies back by no more than this means now: clocks differ, requests take time; ms. */
export const START_PAST_MS_MAX = 60_000;
/** Furthest announced start, ms: two years. */
export const START_AHEAD_MS_MAX = 2 * 366 * 24 * 60 * 60_000;

const MINUTE_MS = 60_000;

export interface Schedule {
  readonly doorsAtMs: number;
  readonly startsAtMs: number;
}

export interface ScheduleWish {
  readonly startsAtMs?: number;
  readonly doorsMinutes?: number;
}

/** The schedule of a new space; a start that was not named is now. */
export function scheduleOf(wish: ScheduleWish, nowMs: number): Schedule {
  const startsAtMs = startOf(wish.startsAtMs ?? nowMs, nowMs);
  const leadMs = (wish.doorsMinutes ?? DOORS_MINUTES) * MINUTE_MS;
  return { startsAtMs, doorsAtMs: Math.max(nowMs, startsAtMs - leadMs) };
}

/** The schedule after a change; doors keep their distance to the start unless that is changed. */
export function scheduleAfter(
  wish: ScheduleWish,
  now: Schedule & { readonly state: SpaceState },
  nowMs: number,
): Schedule {
  const { startsAtMs: startWish, doorsMinutes } = wish;
  if (startWish === undefined && doorsMinutes === undefined) {
    return { doorsAtMs: now.doorsAtMs, startsAtMs: now.startsAtMs };
  }
  if (now.state === 'live' || now.state === 'ended') {
    throw new ParterreError('wrong_state', 'The start has come; its time cannot change any more.');
  }
  const startsAtMs = startWish === undefined ? now.startsAtMs : startOf(startWish, nowMs);
  if (now.state === 'doors') {
    if (doorsMinutes !== undefined) {
      throw new ParterreError('wrong_state', 'The doors are open; doorsMinutes cannot change.');
    }
    return { doorsAtMs: now.doorsAtMs, startsAtMs };
  }
  const leadMs =
    doorsMinutes === undefined ? now.startsAtMs - now.doorsAtMs : doorsMinutes * MINUTE_MS;
  return { startsAtMs, doorsAtMs: Math.max(nowMs, startsAtMs - leadMs) };
}

function startOf(startsAtMs: number, nowMs: number): number {
  if (startsAtMs < nowMs - START_PAST_MS_MAX) {
    throw new ParterreError('bad_request', 'startsAtMs lies in the past.');
  }
  if (startsAtMs > nowMs + START_AHEAD_MS_MAX) {
    throw new ParterreError('bad_request', 'startsAtMs lies more than two years ahead.');
  }
  return Math.max(startsAtMs, nowMs);
}
