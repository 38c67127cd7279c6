/**
 * SHA-256 (FIPS 180-4 §6.2), at once and without a promise: `crypto.subtle` is missing on pages that came
 * over plain HTTP, and takes longer than the hash itself for a challenge's short texts.
 */
const WORDS = primes(64);
const K = WORDS.map((prime) => fraction(Math.cbrt(prime)));
const START = WORDS.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const BLOCK = 64;
const schedule = new Int32Array(64);

/** @returns 32 bytes */
export function sha256(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const state = Int32Array.from(START);
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK) * BLOCK);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length * 8);
  for (let at = 0; at < padded.length; at += BLOCK) compress(state, view, at);
  const digest = new DataView(new ArrayBuffer(32));
  state.forEach((word, index) => {
    digest.setInt32(index * 4, word);
  });
  return new Uint8Array(digest.buffer);
}

function compress(state: Int32Array, block: DataView, at: number): void {
  const w = schedule;
  for (let t = 0; t < 16; t++) w[t] = block.getInt32(at + t * 4);
  for (let t = 16; t < 64; t++) {
    const [early, late] = [w[t - 15]!, w[t - 2]!];
    const s0 = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
    const s1 = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
    w[t] = w[t - 16]! + s0 + w[t - 7]! + s1;
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number] & number[];
  for (let t = 0; t < 64; t++) {
    const s1 = turn(e!, 6) ^ turn(e!, 11) ^ turn(e!, 25);
    const one = h! + s1 + ((e! & f!) ^ (~e! & g!)) + K[t]! + w[t]!;
    const s0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22);
    const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  [a, b, c, d, e, f, g, h].forEach((word, index) => {
    state[index]! += word!;
  });
}

const turn = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The first 32 bits of what is behind the point. */
function fraction(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) | 0;
}

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let n = 2; found.length < count; n++)
    if (found.every((prime) => n % prime !== 0)) found.push(n);
  return found;
}
