/**
 * The order of degradation of one space at one edge, as a state machine: how many rungs of the ladder are in
 * use, from what is measured. Rungs are taken from the first on, one at a time and each for a while before
 * the next, and left in reverse order, each after a calm: what presses and what eases lie apart, and a rung
 * that is taken again soon after it was left is kept longer the next time. So it neither skips a rung nor
 * flaps, whatever is measured.
 *
 * A rung concerns newcomers alone: who is in keeps what they have [P1]. The last step, the waiting room, is
 * the gate's own: it begins where the places end.
 *
 * Pure: time comes as an argument.
 */

/**
 * `flush`: a longer flush within the profile, which the edge's pace does. `far`: newcomers have the profile
 * with a longer flush and buffer. `hls`: they are sent to the cache. `voice24`: they have the lean rendition.
 */
export type Rung = 'flush' | 'far' | 'hls' | 'voice24';
export const RUNGS: readonly Rung[] = ['flush', 'far', 'hls', 'voice24'];

/** How an edge stands with a space. */
export interface Strain {
  /** How far the flush interval is raised: 0 not at all, 1 to its longest. */
  readonly flush: number;
  /** The process's lateness or share of writing, against what is too much: above 1 it does not keep up. */
  readonly load: number;
  /** Of the places for newcomers, the share that is taken. */
  readonly places: number;
  /** Of the bound on what is sent, the share in use; 0 without a bound. */
  readonly egress: number;
}

interface Call {
  readonly by: keyof Strain;
  /** From here on it calls for its rung, */
  readonly presses: number;
  /** and below this no more. */
  readonly eases: number;
}

/** A rung is called for by what it relieves. */
const CALLS: Readonly<Record<Rung, readonly Call[]>> = {
  flush: [
    { by: 'load', presses: 1, eases: 0.6 },
    { by: 'flush', presses: 0.05, eases: 0.01 },
  ],
  far: [{ by: 'flush', presses: 0.95, eases: 0.7 }],
  hls: [
    { by: 'load', presses: 1, eases: 0.6 },
    { by: 'places', presses: 0.9, eases: 0.75 },
    { by: 'egress', presses: 0.8, eases: 0.65 },
  ],
  voice24: [{ by: 'egress', presses: 0.8, eases: 0.65 }],
};
/** These are not relieved by the rungs before, which are passed through; the others wait for what those do. */
const PASSES_THROUGH: ReadonlySet<keyof Strain> = new Set(['places', 'egress']);

/** What presses for less is a moment, not a state, ms. */
export const PRESS_MS = 500;
/** A rung is held at least so long before the next is taken, so that it can show what it does, ms. */
export const RUNG_MS = 1_000;
/** A rung is left after so long without anything that calls for it, ms; */
export const CALM_MS = 5_000;
/** taken again within this time of that, ms, */
export const RELAPSE_MS = 60_000;
/** it is kept twice as long, and so on, up to this factor. */
export const PATIENCE_MAX = 8;

export class Ladder {
  readonly #rungs: readonly Rung[];
  /** By rung: what calls for it, or for one that lies beyond it. */
  readonly #calls: readonly (readonly Call[])[];
  #step = 0;
  #changedMs = Number.NEGATIVE_INFINITY;
  #by: keyof Strain | null = null;
  #pressedSinceMs: number | null = null;
  #easedSinceMs: number | null = null;
  #loweredMs = Number.NEGATIVE_INFINITY;
  #patience = 1;

  /** @param has the rungs there are here; the order is that of RUNGS */
  constructor(has: ReadonlySet<Rung>) {
    const rungs = RUNGS.filter((rung) => has.has(rung));
    this.#rungs = rungs;
    this.#calls = rungs.map((rung, at) => {
      const beyond = rungs.slice(at + 1).flatMap((other) => CALLS[other]);
      return [...CALLS[rung], ...beyond.filter(({ by }) => PASSES_THROUGH.has(by))];
    });
  }

  /** Rungs in use. */
  get step(): number {
    return this.#step;
  }

  /** The highest rung in use; null when none is. */
  get rung(): Rung | null {
    return this.#rungs[this.#step - 1] ?? null;
  }

  /** When the highest rung came to be what it is, ms as told to `tick`; null when none is in use. */
  get sinceMs(): number | null {
    return this.#step === 0 ? null : this.#changedMs;
  }

  /** What calls for the highest rung, or called for it last; null when none is in use. */
  get by(): keyof Strain | null {
    return this.#step === 0 ? null : this.#by;
  }

  /** Whether this rung is in use. */
  on(rung: Rung): boolean {
    const at = this.#rungs.indexOf(rung);
    return at !== -1 && at < this.#step;
  }

  /** What is measured now. */
  tick(nowMs: number, strain: Strain): void {
    const pressed = this.#step < this.#rungs.length && this.#presses(this.#step, strain);
    const eased = this.#step > 0 && this.#eases(this.#step - 1, strain);
    this.#pressedSinceMs = pressed ? (this.#pressedSinceMs ?? nowMs) : null;
    this.#easedSinceMs = eased ? (this.#easedSinceMs ?? nowMs) : null;
    const heldMs = nowMs - this.#changedMs;
    const calmMs = CALM_MS * this.#patience;
    if (pressed && heldMs >= RUNG_MS && nowMs - this.#pressedSinceMs! >= PRESS_MS) this.#up(nowMs);
    else if (eased && nowMs - this.#easedSinceMs! >= calmMs) this.#down(nowMs);
    if (this.#step > 0) this.#by = this.#callOf(this.#step - 1, strain)?.by ?? this.#by;
  }

  #up(nowMs: number): void {
    const relapsed = nowMs - this.#loweredMs < RELAPSE_MS;
    this.#patience = relapsed ? Math.min(PATIENCE_MAX, this.#patience * 2) : 1;
    this.#loweredMs = Number.NEGATIVE_INFINITY;
    this.#change(nowMs, 1);
  }

  #down(nowMs: number): void {
    this.#loweredMs = nowMs;
    this.#change(nowMs, -1);
  }

  #change(nowMs: number, by: 1 | -1): void {
    this.#step += by;
    this.#changedMs = nowMs;
    this.#pressedSinceMs = null;
    this.#easedSinceMs = null;
  }

  /** What presses comes before what only does not ease yet. */
  #callOf(index: number, strain: Strain): Call | undefined {
    const calls = this.#calls[index]!;
    return (
      calls.find(({ by, presses }) => strain[by] > presses) ??
      calls.find(({ by, eases }) => strain[by] >= eases)
    );
  }

  #presses(index: number, strain: Strain): boolean {
    return this.#calls[index]!.some(({ by, presses }) => strain[by] > presses);
  }

  #eases(index: number, strain: Strain): boolean {
    return this.#calls[index]!.every(({ by, eases }) => strain[by] < eases);
  }
}
