/**
 * Which speakers one person hears when there are more than slots: the loudest few by smoothed audio level
 * (RFC 6464), with hysteresis. Invariant: nobody stands in two slots; a holder gives way only to somebody
 * clearly louder and not before HOLD_MS; while all fit, nobody gives way at all.
 */
export interface Candidate {
  /** Smoothed level, dBov: −127 (silence) … 0. */
  readonly loudnessDbov: number;
}

/** How much louder somebody must be to take a slot, dB. */
export const HYSTERESIS_DB = 6;
/** How long a slot is kept at least, ms. */
export const HOLD_MS = 500;

export class SlotSelection<Speaker extends Candidate> {
  readonly holders: (Speaker | null)[];
  readonly #sinceMs: number[];

  constructor(slots: number) {
    this.holders = new Array<Speaker | null>(slots).fill(null);
    this.#sinceMs = new Array<number>(slots).fill(0);
  }

  /** @param audible everybody this person may hear @returns true when a holder changed */
  update(audible: ReadonlySet<Speaker>, nowMs: number): boolean {
    let changed = false;
    const { holders } = this;
    for (let slot = 0; slot < holders.length; slot += 1) {
      const holder = holders[slot];
      if (holder === null || holder === undefined || audible.has(holder)) continue;
      holders[slot] = null;
      changed = true;
    }
    for (let waiting = this.#loudestWaiting(audible); waiting !== null; ) {
      const slot = this.#slotFor(waiting, nowMs);
      if (slot === -1) break;
      holders[slot] = waiting;
      this.#sinceMs[slot] = nowMs;
      changed = true;
      waiting = this.#loudestWaiting(audible);
    }
    return changed;
  }

  #loudestWaiting(audible: ReadonlySet<Speaker>): Speaker | null {
    let loudest: Speaker | null = null;
    for (const speaker of audible) {
      if (this.holders.includes(speaker)) continue;
      if (loudest === null || speaker.loudnessDbov > loudest.loudnessDbov) loudest = speaker;
    }
    return loudest;
  }

  /** A free slot, or that of the quietest holder when it must give way, or −1. */
  #slotFor(speaker: Speaker, nowMs: number): number {
    const free = this.holders.indexOf(null);
    if (free !== -1) return free;
    let quietest = -1;
    for (let slot = 0; slot < this.holders.length; slot += 1) {
      if (nowMs - this.#sinceMs[slot]! < HOLD_MS) continue;
      const level = this.holders[slot]!.loudnessDbov;
      if (quietest === -1 || level < this.holders[quietest]!.loudnessDbov) quietest = slot;
    }
    if (quietest === -1) return -1;
    const margin = speaker.loudnessDbov - this.holders[quietest]!.loudnessDbov;
    return margin > HYSTERESIS_DB ? quietest : -1;
  }
}
