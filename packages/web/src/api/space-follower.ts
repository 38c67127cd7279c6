/**
 * Follows one space by asking the edge again and again: often near a change, seldom otherwise, at once
 * when the page comes back to the front. Never gives up; failures wait longer each time, with jitter, and
 * never less than the server asks for.
 */
import type { PublicSpace } from '@parterre/protocol';
import { SpaceProblem, spaceNow, type ToldSpace } from './space-now.ts';

/** What is known: the last good answer stays while a later one fails. */
export interface Known {
  readonly space: ToldSpace | null;
  /** As it came from the server, or `unreachable`. */
  readonly problem: string | null;
  /** When the next try comes, on this browser's clock, ms; only after a failure. */
  readonly nextTryAtMs: number | null;
}

const RETRY_MS_FIRST = 1_500;
const RETRY_MS_MAX = 20_000;
/** How far beyond Retry-After a try may be spread, as a share of it. */
const RETRY_AFTER_SPREAD = 0.25;

/** Recordings are kept for a day at least: one that is not there after it will not come. */
const REPLAY_DUE_MS_MAX = 24 * 3_600_000;

/** Whether the recording of an ended space is still to come: it was live, and ended not long ago. */
export function replayComes(space: PublicSpace, nowMs: number): boolean {
  if (space.state !== 'ended' || space.replayReady || space.liveAtMs === null) return false;
  return nowMs - (space.endedAtMs ?? nowMs) < REPLAY_DUE_MS_MAX;
}

/** How long until the next question, ms. Near the doors and the start a few seconds are enough. */
export function askAgainAfterMs(space: PublicSpace, nowMs: number): number {
  switch (space.state) {
    case 'scheduled': {
      const untilDoorsMs = space.doorsAtMs - nowMs;
      return untilDoorsMs < 60_000 ? 3_000 : Math.min(60_000, untilDoorsMs / 3);
    }
    case 'doors':
      return 5_000;
    case 'live':
      return 10_000;
    case 'ended':
      return replayComes(space, nowMs) ? 3_000 : 120_000;
  }
}

/**
 * Wait before try `failures + 1`: doubling, bounded, with jitter so that a house does not ask in step.
 * @param askedMs what the server asked for, 0 for nothing
 */
export function retryAfterMs(failures: number, uniform: number, askedMs = 0): number {
  const ownMs =
    Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(failures, 10)) * (0.6 + 0.8 * uniform);
  return Math.max(ownMs, askedMs * (1 + uniform * RETRY_AFTER_SPREAD));
}

export class SpaceFollower {
  readonly id: string;
  /** Told after each answer. */
  changed: (known: Known) => void;
  #known: Known = { space: null, problem: null, nextTryAtMs: null };
  #offsetMs = 0;
  #timer = 0;
  #round = 0;
  #failures = 0;
  readonly #leaving = new AbortController();

  /** Begins to ask. */
  constructor(id: string, changed: (known: Known) => void) {
    this.id = id;
    this.changed = changed;
    const shown = (): void => {
      if (document.visibilityState === 'visible') this.again();
    };
    const { signal } = this.#leaving;
    document.addEventListener('visibilitychange', shown, { signal });
    window.addEventListener('online', shown, { signal });
    this.again();
  }

  get known(): Known {
    return this.#known;
  }

  /** The server's wall clock now, ms since the Unix epoch. */
  readonly nowMs = (): number => Date.now() + this.#offsetMs;

  /** Asks at once. */
  readonly again = (): void => void this.#ask();

  close(): void {
    this.#round += 1;
    window.clearTimeout(this.#timer);
    this.#leaving.abort();
  }

  async #ask(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#round += 1;
    const mine = this.#round;
    try {
      const { space, offsetMs } = await spaceNow(this.id);
      if (mine !== this.#round) return;
      this.#failures = 0;
      this.#offsetMs = offsetMs;
      this.#know({ space, problem: null, nextTryAtMs: null });
      this.#timer = window.setTimeout(this.again, askAgainAfterMs(space, this.nowMs()));
    } catch (thrown) {
      if (mine !== this.#round) return;
      const { code, retryAfterMs: askedMs } =
        thrown instanceof SpaceProblem ? thrown : new SpaceProblem('unreachable');
      const waitMs = retryAfterMs(this.#failures, Math.random(), askedMs);
      this.#failures += 1;
      this.#know({ ...this.#known, problem: code, nextTryAtMs: Date.now() + waitMs });
      this.#timer = window.setTimeout(this.again, waitMs);
    }
  }

  #know(known: Known): void {
    this.#known = known;
    this.changed(known);
  }
}
