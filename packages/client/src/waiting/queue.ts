/**
 * A visitor's place in line, from before doors until their turn. How the line stands is read in one
 * document that is the same for all; the ticket is the browser's. What the gate asks for is given: time by
 * `Retry-After`, work by a challenge. It never gives up, and never hides that a place is another than before.
 */
import {
  aheadOf,
  type Eta,
  etaOf,
  type NowServing,
  type Order,
  pollMs,
  RANKS,
  type WorkChallenge,
} from '@parterre/protocol';
import { parseRetryAfterMs, retryDelayMs } from '../listen/backoff.ts';
import { lookForDoorsMs } from '../listen/doors.ts';
import type { System } from '../listen/system.ts';
import { type Draw, drawOf, type Entry, hexOf, orderDrawn } from './draw.ts';
import { type KeptTicket, keepTicket, keptTicket } from './ticket.ts';

/** Where one stands. */
export interface Place {
  /** How many are before; 0 when it is one's turn; null while that is not known. */
  readonly ahead: number | null;
  readonly eta: Eta | null;
  /** Of those who came before doors; null for others. */
  readonly draw: Draw | null;
  /** The turn of an earlier place was missed: this is a new one. */
  readonly lapsed: boolean;
  /** The browser is doing the work that a place costs just now. */
  readonly working: boolean;
}

export interface Look {
  readonly place: Place;
  /** It is one's turn, or there is no line any more. */
  readonly turn: boolean;
  /** For so long a turn is kept. */
  readonly turnMs: number;
  /** To come in, or to look again. */
  readonly againMs: number;
}

const ANSWER_MS_MAX = 8_000;
/** Where nobody has said yet how long a turn is kept. */
const KEPT_MS = 60_000;
const TURN_MS = 1_000;
const UNKNOWN: Place = { ahead: null, eta: null, draw: null, lapsed: false, working: false };
/** Challenges that are taken up for one place: a solution may come too late. */
const CHALLENGES_MAX = 3;

export class Queue {
  readonly #space: string;
  readonly #system: System;
  /** Told of what changes between two looks. */
  changed: (place: Place) => void = () => {};
  #ticket: KeptTicket | null;
  #place = UNKNOWN;
  #lookedAtMs = 0;
  /** The gate asked not to be asked before that, monotonic ms. */
  #notBeforeMs = 0;
  #refusals = 0;

  constructor(space: string, system: System) {
    this.#space = space;
    this.#system = system;
    this.#ticket = keptTicket(space, system.wallMs());
  }

  /** What to come with; null before there is one. */
  get ticket(): string | null {
    return this.#ticket?.ticket ?? null;
  }

  get place(): Place {
    return this.#place;
  }

  /** One was let in. */
  leave(): void {
    this.#place = UNKNOWN;
    this.#drop();
  }

  #drop(): void {
    this.#ticket = null;
    keepTicket(this.#space, null);
  }

  /** Takes a place where there is none yet, and looks how it stands. @param anew the one there was is no good */
  async look(base: string, anew: boolean): Promise<Look> {
    if (anew) this.#forget();
    const passedMs = this.#system.monotonicMs() - this.#lookedAtMs;
    this.#lookedAtMs += passedMs;
    this.#ticket ??= await this.#take(base);
    const document = await this.#ask<NowServing>(`${base}/gate/${this.#space}`, 'GET');
    if (this.#ticket === null || document === null) return this.#unknown();
    return this.#stand(document, this.#ticket, passedMs);
  }

  #forget(): void {
    this.#place = { ...UNKNOWN, lapsed: this.#ticket !== null || this.#place.lapsed };
    this.#drop();
  }

  #stand(document: NowServing, ticket: KeptTicket, passedMs: number): Look {
    const before = this.#place;
    const turnMs = document.turnS * 1_000;
    const random = this.#system.random();
    const entry = entryOf(ticket);
    const lottery = entry === null ? null : (document.lottery ?? null);
    const draw = entry === null || lottery === null ? null : drawOf(lottery, entry);
    if (lottery !== null && draw?.position === null) {
      this.#place = { ...before, ahead: null, eta: null, draw, working: false };
      const untilMs = lottery.closesAtMs - document.atMs;
      const againMs = this.#later(lookForDoorsMs(untilMs, random));
      return { place: this.#place, turn: false, turnMs, againMs };
    }
    const ahead = document.open ? aheadOf(document, orderOf(ticket, document, entry)) : 0;
    const eta = ahead === 0 ? null : etaOf(document, ahead, before.eta, passedMs);
    this.#place = { ahead, eta, draw, lapsed: before.lapsed, working: false };
    const turn = ahead === 0;
    const againMs = turn ? TURN_MS * random : this.#later(pollMs(eta, random));
    return { place: this.#place, turn, turnMs, againMs };
  }

  #unknown(): Look {
    const againMs = this.#later(pollMs(null, this.#system.random()));
    return { place: this.#place, turn: false, turnMs: KEPT_MS, againMs };
  }

  /** Not before the gate wants. */
  #later(ms: number): number {
    return Math.max(ms, this.#notBeforeMs - this.#system.monotonicMs());
  }

  async #take(base: string): Promise<KeptTicket | null> {
    const nonce = random();
    const path = `${base}/gate/${this.#space}/tickets?key=${random()}&nonce=${nonce}`;
    let paid = '';
    for (let round = 0; round < CHALLENGES_MAX; round++) {
      const answer = await this.#ask<KeptTicket & { readonly challenge?: WorkChallenge }>(
        path + paid,
        'POST',
      );
      if (answer?.challenge === undefined)
        return answer === null ? null : this.#keep(answer, nonce);
      const { challenge } = answer;
      this.#tell(true);
      const { solve } = await import('./work.ts');
      const work = await solve(challenge);
      this.#tell(false);
      if (work === null) return null;
      paid = `&challenge=${encodeURIComponent(challenge.text)}&work=${work}`;
    }
    return null;
  }

  #keep(issued: KeptTicket, nonce: string): KeptTicket {
    const ticket = { ...issued, nonce };
    keepTicket(this.#space, ticket);
    return ticket;
  }

  #tell(working: boolean): void {
    this.#place = { ...this.#place, working };
    this.changed(this.#place);
  }

  /** The answer, or the challenge that stands before it; null when there is neither. */
  async #ask<Answer>(url: string, method: string): Promise<Answer | null> {
    const abort = new AbortController();
    const cancel = this.#system.after(ANSWER_MS_MAX, () => abort.abort());
    try {
      const { signal } = abort;
      const answer = await this.#system.fetch(url, { method, signal, credentials: 'omit' });
      if (answer.ok || answer.status === WORK_NEEDED) {
        this.#refusals = 0;
        return (await answer.json()) as Answer;
      }
      this.#refused(answer);
    } catch {
      // As good as no answer.
    } finally {
      cancel();
    }
    return null;
  }

  #refused(answer: Response): void {
    const { system } = { system: this.#system };
    const retryAfterMs = parseRetryAfterMs(answer.headers.get('retry-after'), system.wallMs());
    const waitMs = retryDelayMs(++this.#refusals, system.random(), retryAfterMs);
    this.#notBeforeMs = system.monotonicMs() + waitMs;
  }
}

const WORK_NEEDED = 428;

/** What the draw needs to know; null for a ticket that has its rank. */
function entryOf({ ticket, rank, id, nonce, commit = '' }: KeptTicket): Entry | null {
  return rank === null && nonce !== undefined ? { ticket, id, nonce, commit } : null;
}

function orderOf(ticket: KeptTicket, { lottery }: NowServing, entry: Entry | null): Order {
  const { second, rank } = ticket;
  if (entry === null || lottery == null) return { second, rank: rank ?? RANKS };
  return orderDrawn(lottery, entry) ?? { second, rank: RANKS };
}

/** 32 hexadecimal digits that nobody else has. */
function random(): string {
  return hexOf(crypto.getRandomValues(new Uint8Array(16)));
}
