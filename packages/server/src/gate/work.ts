/**
 * What a place in line costs: nothing while few come, a little work while many do, so that a thousand tickets
 * are not free and one still takes a phone no more than a moment. Pure: the price follows the tickets that were
 * given out, quickly upwards and slowly down, and time is told. A challenge is sealed and remembers all that
 * it is about, so that nothing is kept; solving it gives one ticket, however often the solution is sent.
 */
import { createHash } from 'node:crypto';
import { beginsWithZeros, type WorkChallenge } from '@parterre/protocol';
import { keyedId, seal, unseal } from '../spaces/index.ts';

/** Up to so many tickets a second, at one edge, cost nothing. */
const CALM_PER_S = 100;
/** Nobody who wants one ticket notices the least that is asked for; the most takes a phone some seconds. */
const BITS_MIN = 6;
const BITS_MAX = 16;
/** Over so long the rate is taken, s. */
const RATE_S = 2;
/** The price halves in so long, s, once fewer come. */
const HALVED_S = 20;
/** How long a challenge may take, ms. */
export const CHALLENGE_MS = 120_000;
const WORK = /^(?:0|[1-9]\d{0,15})$/;
const EXPIRY = /^[1-9]\d{0,15}$/;
const BITS = /^[1-9]\d?$/;

/** How many tickets are given out, as a price. */
export class WorkPrice {
  #level = 0;
  #peak = 0;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  /** A ticket was given out. */
  count(nowMs: number): void {
    this.#pass(nowMs);
    this.#level++;
    this.#peak = Math.max(this.#peak, this.#level / RATE_S);
  }

  /** Zero bits that a solution must have now; 0: nothing is asked for. */
  bits(nowMs: number): number {
    this.#pass(nowMs);
    if (this.#peak <= CALM_PER_S) return 0;
    return Math.min(BITS_MAX, BITS_MIN + Math.floor(Math.log2(this.#peak / CALM_PER_S)));
  }

  #pass(nowMs: number): void {
    const passedS = Math.max(0, nowMs - this.#atMs) / 1_000;
    this.#atMs = Math.max(this.#atMs, nowMs);
    this.#level *= Math.exp(-passedS / RATE_S);
    this.#peak = Math.max(this.#level / RATE_S, this.#peak * 0.5 ** (passedS / HALVED_S));
  }
}

/** What a challenge is about. */
export interface Task {
  readonly space: string;
  readonly client: string;
  /** Empty where there is none. */
  readonly nonce: string;
}

export function challengeOf(
  key: Uint8Array,
  { space, client, nonce }: Task,
  bits: number,
  wallMs: number,
): WorkChallenge {
  const expiresAtMs = Math.floor(wallMs) + CHALLENGE_MS;
  const text = seal(key, 'work', [space, client, nonce, `${expiresAtMs}`, `${bits}`]);
  return { text, bits };
}

/**
 * @param work a whole number, in decimal
 * @returns the ticket id that this solution buys, always the same; null when it is none for this task
 */
export function solvedId(
  key: Uint8Array,
  task: Task,
  text: string,
  work: string,
  wallMs: number,
): string | null {
  const fields = unseal(key, 'work', text);
  if (fields === null || fields.length !== 5 || !WORK.test(work)) return null;
  const [space, client, nonce, expires, bits] = fields as [string, string, string, string, string];
  if (space !== task.space || client !== task.client || nonce !== task.nonce) return null;
  if (!EXPIRY.test(expires) || Number(expires) <= wallMs || !BITS.test(bits)) return null;
  if (!solves(text, work, Number(bits))) return null;
  return keyedId(key, 'ticket-id', [text]);
}

function solves(text: string, work: string, bits: number): boolean {
  const digest = createHash('sha256').update(`${text}:${work}`).digest();
  return beginsWithZeros(digest, bits);
}
