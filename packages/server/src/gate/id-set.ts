/**
 * A set of ids of 16 random bytes in one flat table, 16 bytes each: open addressing, the id its own hash. Ids
 * are the server's own, so that nobody chooses where they fall. Grows as it fills, up to its bound.
 */
const WORDS = 4;
const SLOTS_MIN = 1_024;
/** Fuller than this it grows; the largest table may be filled up to its bound. */
const FULL = 0.7;

export class IdSet {
  readonly #sizeMax: number;
  readonly #slotsMax: number;
  #table: Uint32Array;
  #size = 0;
  /** Of the id that was looked up last. */
  readonly #words = new Uint32Array(WORDS);

  /** @param sizeMax ids it holds at most */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
    this.#slotsMax = SLOTS_MIN;
    while (this.#slotsMax * 0.96 < sizeMax) this.#slotsMax *= 2;
    this.#table = new Uint32Array(SLOTS_MIN * WORDS);
  }

  get size(): number {
    return this.#size;
  }

  /** What it takes of memory. */
  get bytes(): number {
    return this.#table.byteLength;
  }

  get isFull(): boolean {
    return this.#size >= this.#sizeMax;
  }

  /** @param id 22 characters of base64url */
  has(id: string): boolean {
    this.#parse(id);
    return this.#table[this.#slotOf(this.#table, this.#words, 0)] !== 0;
  }

  /** @returns false when it is there already, or cannot be kept */
  add(id: string): boolean {
    this.#parse(id);
    if (this.isFull) return false;
    const slots = this.#table.length / WORDS;
    if (this.#size > slots * FULL && slots < this.#slotsMax) this.#grow();
    const slot = this.#slotOf(this.#table, this.#words, 0);
    if (this.#table[slot] !== 0) return false;
    this.#table.set(this.#words, slot);
    this.#size++;
    return true;
  }

  #parse(id: string): void {
    const bytes = Buffer.from(id, 'base64url');
    for (let word = 0; word < WORDS; word++) this.#words[word] = bytes.readUInt32LE(word * 4);
    this.#words[0]! ||= 1; // nothing is what an empty slot begins with
  }

  /** Where these words stand, or would. */
  #slotOf(table: Uint32Array, words: Uint32Array, at: number): number {
    const mask = table.length - 1;
    let slot = (words[at]! * WORDS) & mask;
    while (table[slot] !== 0) {
      let same = 0;
      while (same < WORDS && table[slot + same] === words[at + same]) same++;
      if (same === WORDS) break;
      slot = (slot + WORDS) & mask;
    }
    return slot;
  }

  #grow(): void {
    const before = this.#table;
    const table = new Uint32Array(before.length * 2);
    for (let at = 0; at < before.length; at += WORDS) {
      if (before[at] === 0) continue;
      table.set(before.subarray(at, at + WORDS), this.#slotOf(table, before, at));
    }
    this.#table = table;
  }
}
