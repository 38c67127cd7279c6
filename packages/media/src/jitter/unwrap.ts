/**
 * RTP counters without their wrap: the value nearest to the last one that has the same low bits
 * (RFC 3550 §A.1). A sequence number far from the last is refused until the next one follows it, which
 * means that the sender began anew.
 */

/** A jump larger than this is not reordering or loss (RFC 3550 §A.1, MAX_DROPOUT). */
const SEQUENCE_JUMP_MAX = 3_000;

export class SequenceUnwrapper {
  #highest = -1;
  #suspect = -1;
  #restarted = false;

  /** The last number began a new sequence. */
  get restarted(): boolean {
    return this.#restarted;
  }

  reset(): void {
    this.#highest = -1;
    this.#suspect = -1;
    this.#restarted = false;
  }

  /** @returns null for a number that belongs to no known sequence. */
  unwrap(sequence: number): number | null {
    this.#restarted = false;
    const low = sequence & 0xffff;
    if (this.#highest < 0) return this.#begin(low);
    const jump = ((low - (this.#highest & 0xffff)) << 16) >> 16;
    if (Math.abs(jump) > SEQUENCE_JUMP_MAX) {
      if (low === this.#suspect) {
        this.#restarted = true;
        return this.#begin(low);
      }
      this.#suspect = (low + 1) & 0xffff;
      return null;
    }
    this.#suspect = -1;
    const value = this.#highest + jump;
    this.#highest = Math.max(this.#highest, value);
    return value;
  }

  /** Begins high enough that packets from before the first one stay positive. */
  #begin(low: number): number {
    this.#suspect = -1;
    this.#highest = 0x10000 + low;
    return this.#highest;
  }
}

/** The time nearest to `last` whose low 32 bits are `timestamp`. */
export function unwrapTimestamp(timestamp: number, last: number): number {
  const low = ((last % 0x1_0000_0000) + 0x1_0000_0000) % 0x1_0000_0000;
  const jump = (timestamp - low) | 0;
  return last + jump;
}
