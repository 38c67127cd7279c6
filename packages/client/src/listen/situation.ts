/**
 * What is the case with one listener: the facts, the state that follows from them, and who waits for it to
 * settle. The state is told once for each change, after the facts have changed.
 */
import { FACTS_AT_REST, type Facts, sameState, stateOf } from './state.ts';
import type { ListenState } from './types.ts';

const UNSETTLED: ReadonlySet<ListenState['phase']> = new Set([
  'connecting',
  'buffering',
  'reconnecting',
]);

export class Situation {
  readonly #changed: (state: ListenState) => void;
  #facts: Facts = FACTS_AT_REST;
  #state: ListenState = stateOf(FACTS_AT_REST);
  #settled: { promise: Promise<void>; resolve: () => void } | null = null;

  constructor(changed: (state: ListenState) => void) {
    this.#changed = changed;
  }

  get facts(): Facts {
    return this.#facts;
  }

  get state(): ListenState {
    return this.#state;
  }

  /** Resolves at the next state that is not on the way to another. */
  settled(): Promise<void> {
    this.#settled ??= Promise.withResolvers<void>();
    return this.#settled.promise;
  }

  know(facts: Partial<Facts>): void {
    this.#facts = { ...this.#facts, ...facts };
    const state = stateOf(this.#facts);
    if (!UNSETTLED.has(state.phase)) {
      this.#settled?.resolve();
      this.#settled = null;
    }
    if (sameState(state, this.#state)) return;
    this.#state = state;
    this.#changed(state);
  }
}
