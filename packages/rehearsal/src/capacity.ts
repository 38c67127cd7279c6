/**
 * Finds the largest house a server holds: raises the load by steps until a promise breaks, halves the
 * distance between what held and what broke, steps back to the highest that held and verifies it once
 * more, for longer. Pure: asked for the next load, told how it went. Bounded in steps.
 */
import type { RehearsalResult } from '@parterre/protocol/rehearsal';

export type Went = RehearsalResult['outcome'];

export interface CapacityOptions {
  readonly listenersMax: number;
  /** The load to begin with. */
  readonly first: number;
}

/** A load to try. `verify`: it held before, and is to hold once more for longer. */
export interface Try {
  readonly listeners: number;
  readonly verify: boolean;
}

const GROWTH = 1.5;
/** Between what held and what broke it is not halved below this share. */
const CLOSE_SHARE = 0.1;
/** A load that does not verify is not the capacity; the next one tried is lower by this. */
const RETREAT = 0.85;
const STEPS_MAX = 40;

export class CapacitySearch {
  readonly #options: CapacityOptions;
  #held = 0;
  #broken = Number.POSITIVE_INFINITY;
  #verified: number | null = null;
  #steps = 0;
  #over = false;
  #now: Try;

  constructor(options: CapacityOptions) {
    this.#options = options;
    const listeners = Math.max(1, Math.min(options.listenersMax, options.first));
    this.#now = { listeners, verify: false };
  }

  /** What to try now; null when there is no more to try. */
  get next(): Try | null {
    return this.#over ? null : this.#now;
  }

  /** The highest load that held twice; null when none did. */
  get verified(): number | null {
    return this.#verified;
  }

  /** The lowest load that broke; null when none did. */
  get broken(): number | null {
    return Number.isFinite(this.#broken) ? this.#broken : null;
  }

  /** How the load that was `next` went. What is void says nothing of the server, and ends the climb as well. */
  went(how: Went): void {
    if (this.#over) return;
    this.#steps++;
    const { listeners, verify } = this.#now;
    if (how === 'held' && verify) this.#verified = listeners;
    if (how === 'held') this.#held = Math.max(this.#held, listeners);
    else this.#broken = Math.min(this.#broken, listeners);
    this.#over = how === 'stopped' || this.#verified !== null || this.#steps >= STEPS_MAX;
    if (!this.#over) this.#choose(verify && how !== 'held');
  }

  #choose(failedToVerify: boolean): void {
    const { listenersMax } = this.#options;
    if (failedToVerify) {
      this.#held = 0; // what held for a short while is not trusted any more
      this.#try(Math.floor(this.#broken * RETREAT), false);
    } else if (this.#held === 0) {
      this.#try(Math.floor(this.#broken / 2), false);
    } else if (this.broken === null && this.#held < listenersMax) {
      this.#try(Math.min(listenersMax, Math.ceil(this.#held * GROWTH)), false);
    } else if (this.broken !== null && this.#broken - this.#held > this.#broken * CLOSE_SHARE) {
      this.#try(Math.floor((this.#held + this.#broken) / 2), false);
    } else {
      this.#try(this.#held, true);
    }
  }

  #try(listeners: number, verify: boolean): void {
    this.#over = listeners < 1;
    this.#now = { listeners, verify };
  }
}
