/**
 * Where places in line are given out at one edge: before doors a place in the lottery, which is written down
 * before it is promised; later a second and a rank of chance. Nothing is kept of a ticket, but that a piece of
 * work has bought one, for as long as it could be shown again here.
 */
import {
  type ErrorCode,
  type IssuedTicket,
  NONCE,
  type Order,
  RANKS,
  type WorkChallenge,
} from '@parterre/protocol';
import type { Random } from '../ports/random.ts';
import { type GateKeeper, RETRY_SOON_S } from './keeper.ts';
import type { DrawnSpace, Lotteries } from './lotteries.ts';
import { SpentSet } from './spent.ts';
import { CLIENT_KEY, ENTRANT_MS, sealTicket, TICKET_MS, type Ticket } from './ticket.ts';
import { CHALLENGE_MS, challengeOf, solvedId, WorkPrice } from './work.ts';

/** Solutions kept in mind; beyond, one that is shown twice counts twice. */
const SOLVED_MAX = 120_000;

export interface TicketWish {
  /** What the browser calls itself. */
  readonly client: string;
  /** Its part in the draw; null when none was sent. */
  readonly nonce: string | null;
  /** A challenge and its solution; null when none was sent. */
  readonly challenge: string | null;
  readonly work: string | null;
}

export type Issued =
  | { readonly ticket: IssuedTicket }
  | {
      readonly refusal: ErrorCode;
      readonly detail?: string;
      readonly retryAfterS?: number;
      readonly challenge?: WorkChallenge;
    };

export interface OfficeOptions {
  readonly key: Uint8Array;
  readonly keeper: GateKeeper;
  readonly lotteries: Lotteries;
  readonly random: Random;
  readonly nowMs: number;
}

export class TicketOffice {
  readonly #options: OfficeOptions;
  readonly #price: WorkPrice;
  readonly #solved: SpentSet;

  constructor(options: OfficeOptions) {
    this.#options = options;
    this.#price = new WorkPrice(options.nowMs);
    this.#solved = new SpentSet(CHALLENGE_MS, options.nowMs, SOLVED_MAX);
  }

  /** Zero bits of work that a ticket costs now. */
  workBits(nowMs: number): number {
    return this.#price.bits(nowMs);
  }

  /** A place in line, or why there is none. */
  async issue(space: DrawnSpace, wish: TicketWish, nowMs: number, wallMs: number): Promise<Issued> {
    if (space.state === 'ended') return { refusal: 'ended' };
    const isBefore = space.state === 'scheduled';
    const { client, nonce } = wish;
    if (!CLIENT_KEY.test(client)) return KEY_INVALID;
    if (nonce === null ? isBefore : !NONCE.test(nonce)) return NONCE_INVALID;
    const task = { space: space.id, client, nonce: nonce ?? '' };
    const solved = this.#solvedId(task, wish, wallMs);
    const bits = solved === null ? this.#price.bits(nowMs) : 0;
    if (bits > 0) {
      this.#options.keeper.counters.work++;
      const challenge = challengeOf(this.#options.key, task, bits, wallMs);
      return { refusal: 'work_needed', challenge };
    }
    const id = solved ?? this.#chance(16).toString('base64url');
    const again = solved !== null && this.#solved.has(solved, nowMs);
    if (!again) this.#price.count(nowMs);
    const one = { space, id, client, nonce: nonce ?? '', again, nowMs, wallMs };
    const issued = isBefore ? await this.#enter(one) : this.#late(one);
    if (solved !== null && 'ticket' in issued) this.#solved.spend(solved, nowMs);
    return issued;
  }

  /** The place of a ticket; null before it is drawn. */
  orderOf(space: DrawnSpace, ticket: Ticket, nowMs: number): Order | null {
    const { second, rank, id, nonce } = ticket;
    if (rank !== null) return { second, rank };
    return this.#options.lotteries.of(space, nowMs).orderOf(id, nonce!);
  }

  #solvedId(task: Parameters<typeof solvedId>[1], wish: TicketWish, wallMs: number): string | null {
    const { challenge, work } = wish;
    if (challenge === null || work === null) return null;
    return solvedId(this.#options.key, task, challenge, work, wallMs);
  }

  async #enter(one: Wanted): Promise<Issued> {
    const { space, id, client, nonce, again, nowMs } = one;
    const { key, keeper, lotteries } = this.#options;
    const lottery = lotteries.of(space, nowMs);
    const entry = again ? 'in' : await lottery.enter(id, nonce).catch(() => null);
    if (entry === null) return { refusal: 'part_away', retryAfterS: RETRY_SOON_S };
    if (entry === 'full') return { refusal: 'waiting', retryAfterS: keeper.retryAfterS(false) };
    if (entry === 'late') return this.#late(one);
    keeper.counters.entrants++;
    const second = Math.floor(space.doorsAtMs / 1_000);
    const place = { second, rank: null, expiresAtMs: space.doorsAtMs + ENTRANT_MS };
    const ticket = sealTicket(key, { space: space.id, ...place, id, client, nonce });
    const commit = lottery.word(space.doorsAtMs)?.commit;
    return { ticket: { ticket, id, ...place, ...(commit === undefined ? {} : { commit }) } };
  }

  #late({ space, id, client, again, nowMs, wallMs }: Wanted): Issued {
    const { key, keeper, lotteries } = this.#options;
    const doorsAtMs = lotteries.of(space, nowMs).draw?.closesAtMs ?? space.doorsAtMs;
    // Behind all who came before doors.
    const second = Math.max(Math.floor(wallMs / 1_000), Math.floor(doorsAtMs / 1_000) + 1);
    const rank = this.#chance(4).readUInt32BE() % RANKS;
    const place = { second, rank, expiresAtMs: Math.floor(wallMs) + TICKET_MS };
    const ticket = sealTicket(key, { space: space.id, ...place, id, client, nonce: null });
    if (!again) keeper.issued(space.id, second, nowMs);
    return { ticket: { ticket, id, ...place } };
  }

  #chance(count: number): Buffer {
    return Buffer.from(this.#options.random.bytes(count));
  }
}

interface Wanted {
  readonly space: DrawnSpace;
  readonly id: string;
  readonly client: string;
  readonly nonce: string;
  /** This piece of work has bought its ticket already. */
  readonly again: boolean;
  readonly nowMs: number;
  readonly wallMs: number;
}

const FORM = 'is 16 to 43 of A–Z, a–z, 0–9, - and _.';
const KEY_INVALID: Issued = { refusal: 'bad_request', detail: `\`key\` ${FORM}` };
const NONCE_INVALID: Issued = { refusal: 'bad_request', detail: `\`nonce\` ${FORM}` };
