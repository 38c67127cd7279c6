/**
 * Sequence numbers and timestamps that wrap, made into counts that do not: each value is taken as the one
 * nearest to the newest seen before. Invariant: an input stream whose neighbours differ by less than half
 * the range comes out with the same differences. The first value stands for itself; earlier ones may
 * come out negative.
 */
export class Unwrapper {
  readonly #modulus: number;
  #newest: number | null = null;

  /** @param bits 16 for sequence numbers, 32 for timestamps */
  constructor(bits: 16 | 32) {
    this.#modulus = 2 ** bits;
  }

  unwrap(value: number): number {
    if (this.#newest === null) {
      this.#newest = value;
      return value;
    }
    const half = this.#modulus / 2;
    const residue = modulo(value - this.#newest, this.#modulus);
    const unwrapped = this.#newest + (residue < half ? residue : residue - this.#modulus);
    if (unwrapped > this.#newest) this.#newest = unwrapped;
    return unwrapped;
  }
}

/** The remainder that is never negative. */
function modulo(value: number, modulus: number): number {
  return ((value % modulus) + modulus) % modulus;
}
