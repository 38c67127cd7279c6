/**
 * When doors open and when it starts; without an announced start the doors open at once and the host
 * starts. Invariant of every schedule given out: doors ≤ announced start, neither lies further back than
 * clocks may differ, neither changes once it has come. Refused with `bad_request` or `wrong_state`,
 * naming the field.
 */
import { ParterreError, type SpaceState } from '@parterre/protocol';

/** Doors open this long before the start when nothing is said, minutes. */
export const DOORS_MINUTES = 10;
/** A start that lies back by no more than this means now: clocks differ, requests take time; ms. */
export const START_PAST_MS_MAX = 60_000;
/** Furthest announced start, ms: two years. */
export const START_AHEAD_MS_MAX = 2 * 366 * 24 * 60 * 60_000;

const MINUTE_MS = 60_000;
const NO_START = 'doorsMinutes counts from an announced start; there is none.';

export interface Schedule {
  readonly doorsAtMs: number;
  /** Null: none is announced. */
  readonly startsAtMs: number | null;
}

export interface ScheduleWish {
  readonly startsAtMs?: number | null;
  readonly doorsMinutes?: number;
}

/** The schedule of a new space. */
export function scheduleOf(wish: ScheduleWish, nowMs: number): Schedule {
  const startsAtMs = startOf(wish.startsAtMs ?? null, nowMs);
  if (startsAtMs === null) {
    if (wish.doorsMinutes !== undefined) throw new ParterreError('bad_request', NO_START);
    return { startsAtMs, doorsAtMs: nowMs };
  }
  const leadMs = (wish.doorsMinutes ?? DOORS_MINUTES) * MINUTE_MS;
  return { startsAtMs, doorsAtMs: Math.max(nowMs, startsAtMs - leadMs) };
}

/**
 * The schedule after a change; doors keep their distance to the start unless that is changed, and their
 * time when the announcement is taken back.
 */
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
  if (startsAtMs === null) {
    if (doorsMinutes !== undefined) throw new ParterreError('bad_request', NO_START);
    return { startsAtMs, doorsAtMs: now.doorsAtMs };
  }
  const keptMs =
    now.startsAtMs === null ? DOORS_MINUTES * MINUTE_MS : now.startsAtMs - now.doorsAtMs;
  const leadMs = doorsMinutes === undefined ? keptMs : doorsMinutes * MINUTE_MS;
  return { startsAtMs, doorsAtMs: Math.max(nowMs, startsAtMs - leadMs) };
}

function startOf(startsAtMs: number | null, nowMs: number): number | null {
  if (startsAtMs === null) return null;
  if (startsAtMs < nowMs - START_PAST_MS_MAX) {
    throw new ParterreError('bad_request', 'startsAtMs lies in the past.');
  }
  if (startsAtMs > nowMs + START_AHEAD_MS_MAX) {
    throw new ParterreError('bad_request', 'startsAtMs lies more than two years ahead.');
  }
  return Math.max(startsAtMs, nowMs);
}
