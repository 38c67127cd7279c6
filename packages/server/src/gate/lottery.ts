/**
 * The lottery of one space at one edge. Entrants are records in one order for all edges; a record that says
 * "closed" ends it, whichever edge appends it first: who stands before it is in, everybody after it came late.
 * So all edges and every one that begins later have the same entrants, the same root and the same ranks. The
 * seed is a keyed digest of the salt that the records begin with: its hash is known before anybody enters,
 * and moving the doors does not change it.
 *
 * The root is made as entrants come, a slice at a time; nobody is told that they are in before their record
 * outlives this process.
 */
import { createHash } from 'node:crypto';
import {
  DIGEST_BYTES,
  drawnOrder,
  entrantBytes,
  type LotteryWord,
  MerkleTree,
  type Order,
  rankBytes,
  rankOf,
} from '@parterre/protocol';
import type { Timers } from '../ports/clock.ts';
import { type Draw, ENTRANT_BYTES, type Entrants } from '../ports/entrants.ts';
import type { Random } from '../ports/random.ts';
import { keyedDigest } from '../spaces/index.ts';

/** Who enters a space's lottery, at most: 128 MiB of records. */
const ENTRANTS_MAX = 2 ** 22;
/** Appended at once, in one write. */
const BATCH_MAX = 1_024;
/** Read and hashed at once, a millisecond or two. */
const SLICE_RECORDS = 512;
/** Between two slices, for whatever else there is to do. */
const PAUSE_MS = 1;
/** Of 32 bytes: these, and when doors opened. No digest begins so. */
const CLOSED = Buffer.from('parterre lottery closed ', 'latin1');

/** `in` before the closing, `late` after it, `full` where there are as many as can be. */
export type Entry = 'in' | 'late' | 'full';

interface Entering {
  readonly leaf: Uint8Array;
  readonly tell: (entry: Entry) => void;
  readonly fail: (error: unknown) => void;
}

export interface LotteryOptions {
  readonly spaceId: string;
  readonly key: Uint8Array;
  readonly entrants: Entrants;
  readonly random: Random;
  readonly timers: Timers;
  /** There will be one where there is none yet. */
  readonly begins: boolean;
}

export class Lottery {
  readonly #options: LotteryOptions;
  #seed: Buffer | null = null;
  #commit = '';
  #tree = new MerkleTree(sha256);
  /** Records read, the salt included. */
  #read = 0;
  #draw: Draw | null = null;
  #closesAtMs: number | null = null;
  #entering: Entering[] = [];
  #working: Promise<void> | null = null;
  #current = false;
  #word: LotteryWord | null = null;

  constructor(options: LotteryOptions) {
    this.#options = options;
  }

  /** It is known here who has entered so far, or what came out. */
  get current(): boolean {
    return this.#current;
  }

  /** Nobody enters any more. */
  get closing(): boolean {
    return this.#closesAtMs !== null;
  }

  get draw(): Draw | null {
    return this.#draw;
  }

  get entrants(): number {
    return this.#draw?.entrants ?? this.#tree.size;
  }

  /** What the public is told; null before it has begun, and where nobody entered in time. */
  word(doorsAtMs: number): LotteryWord | null {
    const draw = this.#draw;
    if (this.#seed === null || draw?.entrants === 0) return null;
    const closesAtMs = draw?.closesAtMs ?? doorsAtMs;
    const { entrants } = this;
    const { root = null } = draw ?? {};
    const last = this.#word;
    if (last?.closesAtMs === closesAtMs && last.entrants === entrants && last.root === root)
      return last;
    const seed = draw === null ? null : this.#seed.toString('hex');
    this.#word = { commit: this.#commit, closesAtMs, entrants, root, seed };
    return this.#word;
  }

  /** The place of an entrant; null before it is drawn. */
  orderOf(id: string, nonce: string): Order | null {
    if (this.#draw === null || this.#seed === null) return null;
    const root = Buffer.from(this.#draw.root, 'hex');
    return drawnOrder(this.#draw, rankOf(sha256(rankBytes(this.#seed, root, id, nonce))));
  }

  /** Resolved with `in`, nothing loses this entrant any more. @throws ParterreError when the disk refuses */
  async enter(id: string, nonce: string): Promise<Entry> {
    if (this.#draw !== null || this.#closesAtMs !== null) return 'late';
    if (this.entrants + this.#entering.length >= ENTRANTS_MAX) return 'full';
    const leaf = sha256(entrantBytes(id, nonce));
    const told = new Promise<Entry>((tell, fail) => {
      this.#entering.push({ leaf, tell, fail });
    });
    this.look().catch(() => {}); // whoever entered is told
    return told;
  }

  /** Doors have opened: nobody enters any more. Resolves when it is drawn. Idempotent. */
  async close(doorsAtMs: number): Promise<void> {
    this.#closesAtMs ??= doorsAtMs;
    await this.look();
    // What was under way may have begun before.
    if (this.#draw === null && this.#seed !== null) await this.look();
  }

  /** Looks who has entered elsewhere, and what is to be done here. */
  look(): Promise<void> {
    this.#working ??= this.#work();
    return this.#working;
  }

  async #work(): Promise<void> {
    try {
      await this.#begin();
      do await this.#round(this.#entering.splice(0, BATCH_MAX));
      while (this.#entering.length > 0);
    } catch (error) {
      for (const { fail } of this.#entering.splice(0)) fail(error);
      throw error;
    } finally {
      this.#working = null;
    }
  }

  async #begin(): Promise<void> {
    const { entrants, spaceId, key, random, begins } = this.#options;
    if (this.#seed !== null) return;
    let salt = await entrants.read(spaceId, 0, 1);
    if (salt === null && begins && (await entrants.begin(spaceId, random.bytes(ENTRANT_BYTES))))
      salt = await entrants.read(spaceId, 0, 1);
    if (salt === null) return;
    const draw = await entrants.keptDraw(spaceId);
    const text = Buffer.from(salt).toString('base64url');
    this.#seed = keyedDigest(key, 'lottery', [spaceId, text]);
    this.#commit = sha256(this.#seed).toString('hex');
    this.#read = 1;
    this.#draw = draw;
  }

  async #round(batch: readonly Entering[]): Promise<void> {
    const { entrants, spaceId } = this.#options;
    try {
      if (this.#seed === null && batch.length > 0) this.#gone();
      if (this.#draw === null && this.#seed !== null) {
        const records = batch.map(({ leaf }) => leaf);
        const closesAtMs = this.#closesAtMs;
        if (closesAtMs !== null) records.push(closing(closesAtMs));
        const durable = closesAtMs !== null;
        if (records.length > 0)
          if (!(await entrants.append(spaceId, Buffer.concat(records), durable))) this.#gone();
      }
      const isIn = await this.#catchUp(batch.at(-1)?.leaf ?? null);
      for (const { tell } of batch) tell(isIn ? 'in' : 'late');
      this.#current = true;
    } catch (error) {
      for (const { fail } of batch) fail(error);
      throw error;
    }
  }

  /** The space was removed; there may be another one of that name. */
  #gone(): never {
    this.#seed = null;
    this.#tree = new MerkleTree(sha256);
    this.#read = 0;
    this.#word = null;
    throw new Error(`the lottery of ${this.#options.spaceId} is gone`);
  }

  /** Reads what there is. @param own @returns whether that record stands before the closing */
  async #catchUp(own: Uint8Array | null): Promise<boolean> {
    const { entrants, spaceId, timers } = this.#options;
    let isIn = false;
    while (this.#draw === null && this.#seed !== null) {
      const bytes = await entrants.read(spaceId, this.#read, SLICE_RECORDS);
      if (bytes === null) return this.#gone();
      if (this.#take(bytes, own)) isIn = true;
      if (bytes.length < SLICE_RECORDS * ENTRANT_BYTES) break;
      await new Promise<void>((resume) => void timers.after(PAUSE_MS, resume));
    }
    return isIn;
  }

  #take(bytes: Uint8Array, own: Uint8Array | null): boolean {
    let isIn = false;
    for (let at = 0; at < bytes.length; at += ENTRANT_BYTES) {
      const record = Buffer.from(bytes.subarray(at, at + ENTRANT_BYTES));
      this.#read++;
      if (record.subarray(0, CLOSED.length).equals(CLOSED)) {
        this.#drawn(Number(record.readBigUInt64BE(CLOSED.length)));
        break;
      }
      if (own !== null && record.equals(own)) isIn = true;
      this.#tree.add(record);
    }
    return isIn;
  }

  #drawn(closesAtMs: number): void {
    const { entrants, spaceId } = this.#options;
    const root = Buffer.from(this.#tree.root()).toString('hex');
    this.#draw = { closesAtMs, entrants: this.#tree.size, root };
    // Kept to spare a later process the work; it can be found again.
    if (this.#tree.size > 0) entrants.keepDraw(spaceId, this.#draw).catch(() => {});
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function closing(doorsAtMs: number): Uint8Array {
  const record = Buffer.alloc(DIGEST_BYTES);
  CLOSED.copy(record);
  record.writeBigUInt64BE(BigInt(Math.max(0, Math.floor(doorsAtMs))), CLOSED.length);
  return record;
}
