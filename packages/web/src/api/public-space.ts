/**
 * Follows one space by asking the edge again and again: often near a change, seldom otherwise, at once
 * when the page comes back to the front. Never gives up; failures wait longer each time, with jitter.
 */
import type { PublicSpace } from '@parterre/protocol';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ProblemCode } from '../i18n/problems.ts';
import { asProblem, spaceNow } from './rest.ts';

/** What is known: the last good answer stays while a later one fails. */
export interface Following {
  readonly space: PublicSpace | null;
  readonly problem: ProblemCode | null;
  /** When the next try comes, on this browser's clock, ms; only after a failure. */
  readonly nextTryAtMs: number | null;
  /** The server's wall clock now, ms since the Unix epoch. */
  nowMs(): number;
  /** Asks at once. */
  again(): void;
}

const RETRY_MS_FIRST = 1_500;
const RETRY_MS_MAX = 20_000;

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

/** Wait before try `failures + 1`: doubling, bounded, with jitter so that a house does not ask in step. */
export function retryAfterMs(failures: number, uniform: number): number {
  return (
    Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** Math.min(failures, 10)) * (0.6 + 0.8 * uniform)
  );
}

export function useSpace(id: string): Following {
  const [known, setKnown] = useState<Pick<Following, 'space' | 'problem' | 'nextTryAtMs'>>({
    space: null,
    problem: null,
    nextTryAtMs: null,
  });
  const offsetMs = useRef(0);
  const askNow = useRef(() => {});
  const nowMs = useRef(() => Date.now() + offsetMs.current).current;
  const again = useRef(() => askNow.current()).current;

  useEffect(() => {
    let timer = 0;
    let round = 0;
    let failures = 0;
    const ask = async () => {
      window.clearTimeout(timer);
      round += 1;
      const mine = round;
      try {
        const { space, offsetMs: measured } = await spaceNow(id);
        if (mine !== round) return;
        failures = 0;
        offsetMs.current = measured;
        setKnown({ space, problem: null, nextTryAtMs: null });
        timer = window.setTimeout(ask, askAgainAfterMs(space, nowMs()));
      } catch (thrown) {
        if (mine !== round) return;
        const waitMs = retryAfterMs(failures, Math.random());
        failures += 1;
        const problem = asProblem(thrown).code;
        setKnown(({ space }) => ({ space, problem, nextTryAtMs: Date.now() + waitMs }));
        timer = window.setTimeout(ask, waitMs);
      }
    };
    askNow.current = () => void ask();
    const shown = () => {
      if (document.visibilityState === 'visible') void ask();
    };
    document.addEventListener('visibilitychange', shown);
    window.addEventListener('online', shown);
    void ask();
    return () => {
      round += 1;
      window.clearTimeout(timer);
      document.removeEventListener('visibilitychange', shown);
      window.removeEventListener('online', shown);
    };
  }, [id, nowMs]);

  return { ...known, nowMs, again };
}
