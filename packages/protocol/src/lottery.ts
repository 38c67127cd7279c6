/**
 * The lottery of those who come before doors: what an entrant's leaf is made of, the root of all leaves, and
 * the rank that follows from seed, root and entrant. Pure and browser-safe; SHA-256 is the caller's (WebCrypto
 * in a page, `node:crypto` elsewhere). Every field of variable length stands behind its length, so that no two
 * entrants have the same bytes.
 */

/** The lottery in `GET /gate/{space}`. Hexadecimal; times are ms since the Unix epoch. */
export interface LotteryWord {
  /** SHA-256 of the seed, published before anybody enters. */
  readonly commit: string;
  /** Announced doors; when they did open once it is drawn. Of all entrants, the second in the order. */
  readonly closesAtMs: number;
  readonly entrants: number;
  /** Merkle root of the entrants' leaves (RFC 6962 §2.1); null until drawn. */
  readonly root: string | null;
  /** Null until drawn. */
  readonly seed: string | null;
}

/** What an entrant adds to the draw: of their own making, random. */
export const NONCE = /^[A-Za-z0-9_-]{16,43}$/;
/** Of a leaf, a root, a seed. */
export const DIGEST_BYTES = 32;

/** Keeps nothing of what it is given. */
type Hash = (bytes: Uint8Array) => Uint8Array;

const RANK_PURPOSE = 'parterre-lottery-1';
const LEAF = 0;
const NODE = 1;

/** What is hashed to an entrant's leaf. `id` is the ticket's; both are at most 255 bytes. */
export function entrantBytes(id: string, nonce: string): Uint8Array<ArrayBuffer> {
  return joined([Uint8Array.of(LEAF), counted(id), counted(nonce)]);
}

/** What is hashed to an entrant's rank. @param seed @param root 32 bytes each */
export function rankBytes(
  seed: Uint8Array,
  root: Uint8Array,
  id: string,
  nonce: string,
): Uint8Array<ArrayBuffer> {
  return joined([utf8(RANK_PURPOSE), seed, root, counted(id), counted(nonce)]);
}

/** The rank, in [0, 2^32). @param digest SHA-256 of `rankBytes` */
export function rankOf(digest: Uint8Array): number {
  return new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getUint32(0);
}

/**
 * The Merkle tree of leaves that come one after the other (RFC 6962 §2.1). Keeps one node for each bit of
 * their number, and takes one hash for each leaf, whenever it comes.
 */
export class MerkleTree {
  readonly #hash: Hash;
  /** What is hashed to a node. */
  readonly #both = new Uint8Array(1 + 2 * DIGEST_BYTES).fill(NODE, 0, 1);
  /** Whole trees, largest first: of the size of each bit that is set in `size`. */
  readonly #peaks: Uint8Array[] = [];
  #size = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** @param leaf its hash, 32 bytes; kept, not copied */
  add(leaf: Uint8Array): void {
    let node = leaf;
    for (let size = this.#size; size % 2 === 1; size = Math.floor(size / 2))
      node = this.#node(this.#peaks.pop()!, node);
    this.#peaks.push(node);
    this.#size++;
  }

  root(): Uint8Array {
    let root = this.#peaks.at(-1);
    if (root === undefined) return this.#hash(new Uint8Array(0));
    for (let index = this.#peaks.length - 2; index >= 0; index--)
      root = this.#node(this.#peaks[index]!, root);
    return root;
  }

  #node(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#both.set(left, 1);
    this.#both.set(right, 1 + DIGEST_BYTES);
    return this.#hash(this.#both);
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function counted(text: string): Uint8Array {
  const bytes = utf8(text);
  if (bytes.length > 255) throw new RangeError('an entrant’s field is at most 255 bytes');
  return joined([Uint8Array.of(bytes.length), bytes]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const part of parts) length += part.length;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
