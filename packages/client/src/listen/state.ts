/** What the listener is told, from what is the case: a pure function, so that no event can leave it stale. */
import type { ListenState } from './types.ts';

/** What is the case. */
export interface Facts {
  /** Between `play()` and `stop()`. */
  readonly wanted: boolean;
  readonly paused: 'listener' | 'autoplay' | 'system' | null;
  /** Waiting for doors, over, or failed. */
  readonly standing: Extract<
    ListenState,
    { phase: 'waiting' | 'queued' | 'ended' | 'failed' }
  > | null;
  /** Sound has played since `play()`. */
  readonly heard: boolean;
  /** There is nothing to play at this moment. */
  readonly starved: boolean;
  readonly connected: boolean;
  /** Connections that failed in a row. */
  readonly failures: number;
  readonly holding: boolean;
}

export const FACTS_AT_REST: Facts = {
  wanted: false,
  paused: null,
  standing: null,
  heard: false,
  starved: true,
  connected: false,
  failures: 0,
  holding: false,
};

/** A loss that the buffer covers is not worth a word before this many tries. */
const QUIET_FAILURES = 1;

export function stateOf(facts: Facts): ListenState {
  if (!facts.wanted) return { phase: 'idle' };
  if (facts.standing !== null) return facts.standing;
  if (facts.paused !== null) return { phase: 'paused', reason: facts.paused };
  const silent = !facts.heard || facts.starved;
  if (silent) return silentState(facts);
  if (!facts.connected && facts.failures > QUIET_FAILURES) {
    return { phase: 'reconnecting', audible: true, attempt: facts.failures };
  }
  return { phase: facts.holding ? 'holding' : 'playing' };
}

function silentState(facts: Facts): ListenState {
  if (facts.connected) return { phase: 'buffering' };
  if (facts.heard || facts.failures > QUIET_FAILURES) {
    return { phase: 'reconnecting', audible: false, attempt: facts.failures };
  }
  return { phase: 'connecting' };
}

/** Whether two states say the same, so that listeners are told once. */
export function sameState(a: ListenState, b: ListenState): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
