/**
 * A listener's place in line. The ticket is kept by the browser, so that all its tabs share one place and
 * a reload keeps it. How the line stands is read in one document that is the same for all.
 */
import {
  aheadOf,
  type Eta,
  etaOf,
  type IssuedTicket,
  type NowServing,
  pollMs,
  RANKS,
} from '@parterre/protocol';
import type { System } from './system.ts';

/** Where one stands: how many are before, 0 when it is one's turn; null while that is not known. */
export interface Place {
  readonly ahead: number | null;
  readonly eta: Eta | null;
}

export interface Look {
  readonly place: Place;
  /** It is one's turn, or there is no line any more. */
  readonly turn: boolean;
  /** To come in, or to look again. */
  readonly againMs: number;
}

const ANSWER_MS_MAX = 8_000;
const TURN_MS = 1_000;
const UNKNOWN: Place = { ahead: null, eta: null };

export class Queue {
  readonly #space: string;
  readonly #system: System;
  #ticket: IssuedTicket | null = null;
  #place = UNKNOWN;
  #lookedAtMs = 0;

  constructor(space: string, system: System) {
    this.#space = space;
    this.#system = system;
  }

  /** What to come with; null before there is one. */
  get ticket(): string | null {
    return this.#ticket?.ticket ?? null;
  }

  /** One was let in. */
  leave(): void {
    this.#place = UNKNOWN;
    this.#drop();
  }

  #drop(): void {
    this.#ticket = null;
    keep(this.#space, null);
  }

  /** Takes a place where there is none yet, and looks how it stands. @param anew the one there was is no good */
  async look(base: string, anew: boolean): Promise<Look> {
    if (anew) this.#drop();
    const before = this.#place;
    const passedMs = this.#system.monotonicMs() - this.#lookedAtMs;
    this.#lookedAtMs += passedMs;
    this.#ticket ??= this.#kept() ?? (await this.#take(base));
    const document = await this.#ask<NowServing>(`${base}/gate/${this.#space}`, 'GET');
    const random = this.#system.random();
    if (this.#ticket === null || document === null)
      return { place: before, turn: false, againMs: pollMs(null, random) };
    const { second, rank } = this.#ticket;
    const ahead = document.open ? aheadOf(document, { second, rank: rank ?? RANKS }) : 0;
    const eta = ahead === 0 ? null : etaOf(document, ahead, before.eta, passedMs);
    this.#place = { ahead, eta };
    const turn = ahead === 0;
    const againMs = turn ? TURN_MS * random : pollMs(eta, random);
    return { place: this.#place, turn, againMs };
  }

  #kept(): IssuedTicket | null {
    try {
      const text = recall(this.#space);
      const kept = JSON.parse(text ?? 'null') as IssuedTicket | null;
      return kept !== null && kept.expiresAtMs > this.#system.wallMs() ? kept : null;
    } catch {
      return null;
    }
  }

  async #take(base: string): Promise<IssuedTicket | null> {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    const path = `${base}/gate/${this.#space}/tickets?key=${key}`;
    const ticket = await this.#ask<IssuedTicket>(path, 'POST');
    if (ticket !== null) keep(this.#space, JSON.stringify(ticket));
    return ticket;
  }

  async #ask<Answer>(url: string, method: string): Promise<Answer | null> {
    const abort = new AbortController();
    const cancel = this.#system.after(ANSWER_MS_MAX, () => abort.abort());
    try {
      const { signal } = abort;
      const answer = await this.#system.fetch(url, { method, signal, credentials: 'omit' });
      return answer.ok ? ((await answer.json()) as Answer) : null;
    } catch {
      return null;
    } finally {
      cancel();
    }
  }
}

const nameOf = (space: string): string => `parterre ticket ${space}`;

/** A browser may have no storage, or refuse it: then a reload begins anew. */
function recall(space: string): string | null {
  try {
    return localStorage.getItem(nameOf(space));
  } catch {
    return null;
  }
}

function keep(space: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(nameOf(space));
    else localStorage.setItem(nameOf(space), text);
  } catch {
    // Kept in memory all the same.
  }
}
