/**
 * A visitor's place in line, kept and looked at as the player does (`client/src/listen/queue.ts`): a ticket,
 * the one document for all, the next look at a tenth of what is left. It holds what it sees against what the
 * gate has promised: that nobody is overtaken.
 */
import { createHash } from 'node:crypto';
import {
  aheadOf,
  compareOrder,
  type Eta,
  etaOf,
  type IssuedTicket,
  type NowServing,
  type Order,
  pollMs,
  solveWork,
  type WorkChallenge,
} from '@parterre/protocol';
import { Exchange, type Where } from './exchange.ts';
import type { System } from './system.ts';
import type { Tallies } from './tallies.ts';

/** What all who wait in one process have seen of the line. */
export interface LineWatch {
  /** The last in the order who was called and came in, and when. */
  last: Order | null;
  lastAtMs: number;
  /** When the last one asked who came in without a ticket, monotonic ms. */
  newcomerAtMs: number;
}

export interface Line {
  readonly system: System;
  readonly tallies: Tallies;
  readonly space: string;
  readonly watch: LineWatch;
}

export interface Look {
  /** It is one's turn, or there is no line any more. */
  readonly turn: boolean;
  /** It has a place, with a ticket. */
  readonly placed: boolean;
  /** To come in, or to look again. */
  readonly againMs: number;
}

/** The document may be as old as that at another edge, ms. */
const STALE_MS = 3_000;
const TURN_MS = 1_000;
const KEY_DIGITS = 32;

export class Standing {
  readonly #line: Line;
  readonly #exchange: Exchange;
  #ticket: (IssuedTicket & Order) | null = null;
  #eta: Eta | null = null;
  #lookedAtMs = 0;
  /** When it had its ticket, monotonic ms. */
  #sinceMs = 0;
  /** Its turn has come, and not the line's end. */
  #called = false;

  constructor(line: Line, where: Where) {
    this.#line = line;
    this.#exchange = new Exchange(where);
  }

  get ticket(): string | null {
    return this.#ticket?.ticket ?? null;
  }

  /** @param anew the place there was is no good */
  look(anew: boolean, told: (look: Look) => void): void {
    if (anew) this.#drop();
    if (this.#ticket !== null) {
      this.#ask(told);
      return;
    }
    const { space, system } = this.#line;
    const key = Array.from({ length: KEY_DIGITS }, () =>
      Math.floor(system.random() * 16).toString(16),
    ).join('');
    this.#take(`/gate/${space}/tickets?key=${key}`, '', () => this.#ask(told));
  }

  /** @param work what it costs, done */
  #take(path: string, work: string, then: () => void): void {
    const { tallies } = this.#line;
    this.#exchange.ask('POST', path + work, (answer) => {
      if (answer?.status === 428 && work === '') {
        const { challenge } = JSON.parse(answer.body) as { challenge: WorkChallenge };
        const solution = solveWork(challenge, sha256);
        this.#take(path, `&challenge=${challenge.text}&work=${solution}`, then);
        return;
      }
      const issued = answer?.status === 201 ? (JSON.parse(answer.body) as IssuedTicket) : null;
      if (issued !== null && issued.rank !== null) {
        this.#ticket = { ...issued, rank: issued.rank };
        tallies.tickets++;
        this.#sinceMs = this.#line.system.monotonicMs();
      }
      then();
    });
  }

  #ask(told: (look: Look) => void): void {
    const { space, system, tallies } = this.#line;
    this.#exchange.ask('GET', `/gate/${space}`, (answer) => {
      // Most look again after longer than a connection is kept.
      this.#exchange.close();
      tallies.polls++;
      const nowMs = system.monotonicMs();
      const passedMs = nowMs - this.#lookedAtMs;
      this.#lookedAtMs = nowMs;
      const random = system.random();
      const ticket = this.#ticket;
      if (answer?.status !== 200 || ticket === null) {
        if (answer?.status !== 200) tallies.unanswered++;
        told({ turn: false, placed: false, againMs: pollMs(null, random) });
        return;
      }
      const document = JSON.parse(answer.body) as NowServing;
      const ahead = document.open ? aheadOf(document, ticket) : 0;
      const turn = ahead === 0;
      this.#called = turn && document.open;
      if (!turn) this.#verify(ticket, nowMs);
      this.#eta = turn ? null : etaOf(document, ahead, this.#eta, passedMs);
      const againMs = turn ? TURN_MS * random : pollMs(this.#eta, random);
      told({ turn, placed: true, againMs });
    });
  }

  /**
   * It waits: whoever came in with a later ticket, or long after this one was given out with none, has
   * overtaken it. So long ago, that every edge knows of it.
   */
  #verify(order: Order, nowMs: number): void {
    const { watch, tallies } = this.#line;
    const { last, lastAtMs, newcomerAtMs } = watch;
    if (last !== null && nowMs - lastAtMs >= STALE_MS && compareOrder(last, order) > 0) {
      tallies.overtaken++;
      tallies.fault('a later ticket was let in before an earlier one was called');
    } else if (newcomerAtMs - this.#sinceMs >= STALE_MS && nowMs - newcomerAtMs >= STALE_MS) {
      tallies.overtaken++;
      tallies.fault('somebody without a ticket came in past those who wait');
    }
  }

  /** It was let in. @param byTicket with the ticket, not for want of a line */
  entered(byTicket: boolean): void {
    const { watch, tallies, system } = this.#line;
    const order = this.#ticket;
    if (byTicket && order !== null) {
      tallies.byTicket++;
      // When the line has ended, or not quite begun, there is no order.
      const ordered = this.#called;
      if (ordered && (watch.last === null || compareOrder(order, watch.last) > 0)) {
        watch.last = { second: order.second, rank: order.rank };
        watch.lastAtMs = system.monotonicMs();
      }
    }
    this.#drop();
  }

  /** It goes, without a word, as people do. */
  leave(): void {
    this.#exchange.close();
    this.#drop();
  }

  #drop(): void {
    this.#ticket = null;
    this.#eta = null;
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest();
}
