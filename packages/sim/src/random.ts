/**
 * Randomness from a seed: the same seed gives the same house, event for event. sfc32, a small generator
 * by Chris Doty-Humphrey (PractRand) with 128 bits of state; good enough to choose, never for secrets.
 */
import type { Random } from '../../server/src/ports/random.ts';

export class SeededRandom implements Random {
  private a = 0x9e3779b9;
  private b = 0x243f6a88;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    this.c = seed >>> 0;
    for (let round = 0; round < 12; round++) this.next();
  }

  uniform(): number {
    return this.next() / 2 ** 32;
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.next() & 0xff);
  }

  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.uniform() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  private next(): number {
    const sum = (this.a + this.b + this.counter++) >>> 0;
    this.a = (this.b ^ (this.b >>> 9)) >>> 0;
    this.b = (this.c + (this.c << 3)) >>> 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) >>> 0;
    return sum;
  }
}
