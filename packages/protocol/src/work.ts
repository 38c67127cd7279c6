/** What a ticket costs while many come: 428 `work_needed` with a challenge, solved by trying. Pure. */

export interface WorkChallenge {
  readonly text: string;
  /** SHA-256 of `text:n` begins with so many zero bits. */
  readonly bits: number;
}

/** @param digest of 32 bytes */
export function beginsWithZeros(digest: Uint8Array, bits: number): boolean {
  let left = bits;
  for (const byte of digest) {
    if (left <= 0) return true;
    if (Math.clz32(byte) - 24 < Math.min(8, left)) return false;
    left -= 8;
  }
  return left <= 0;
}

/** The first whole number that solves it. @param hash SHA-256 */
export function solveWork(
  { text, bits }: WorkChallenge,
  hash: (bytes: Uint8Array) => Uint8Array,
): number {
  const utf8 = new TextEncoder();
  for (let n = 0; ; n++) if (beginsWithZeros(hash(utf8.encode(`${text}:${n}`)), bits)) return n;
}
