/**
 * The waiting room's addresses: the one document that all who wait look at, a place in line, and the way
 * in for whoever has been called. The document is made once a change and is the same bytes for everybody.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type LotteryWord, type NowServing, SPACE_ID } from '@parterre/protocol';
import {
  type DrawnSpace,
  type GateKeeper,
  type Issued,
  type Lotteries,
  RETRY_SOON_S,
  type Spending,
  type TicketOffice,
} from '../gate/index.ts';
import type { Clock } from '../ports/clock.ts';
import { ENTRANT_BYTES, ENTRANTS_FILE } from '../ports/entrants.ts';
import type { Admission } from './admission.ts';
import { CORS_FIELDS, connectionFields, head } from './answers.ts';
import type { LaneId } from './counters.ts';
import { serveRecords } from './files.ts';
import type { House } from './house.ts';
import type { LiveQuery } from './live-request.ts';
import { refuse, refuseWith } from './refuse.ts';
import { KEPT_S } from './waiters.ts';

const NOW_SERVING = /^\/gate\/([^/]+)$/;
const TICKETS = /^\/gate\/([^/]+)\/tickets$/;
const ENTRANTS = /^\/gate\/([^/]+)\/entrants$/;
const CACHED = 'public, max-age=1';
const KEPT_FIELDS = connectionFields(KEPT_S);
const LAST_FIELDS = connectionFields(0);

export interface GateHttpOptions {
  readonly house: House;
  readonly keeper: GateKeeper;
  readonly lotteries: Lotteries;
  readonly office: TicketOffice;
  readonly clock: Clock;
  /** The folder that holds `spaces/{id}/entrants`. */
  readonly dataDir: string;
  /** A request met a fault of ours. */
  readonly failed: (error: unknown, response: ServerResponse) => void;
  /** Asks the coordinator; `not_yet` when it does not answer. */
  readonly spend: (spaceId: string, ticket: SpentTicket) => Promise<Spending>;
}

/** How a line stands, as bytes: the document, and the whole answers of the fast path in the second they are of. */
interface Prepared {
  readonly lottery: LotteryWord | null;
  readonly body: Buffer;
  second: number;
  kept: Buffer | null;
  last: Buffer | null;
}

/** What an edge needs of a gate. */
export type EdgeGateParts = Pick<GateHttpOptions, 'keeper' | 'lotteries' | 'office' | 'spend'>;

interface SpentTicket {
  readonly second: number;
  readonly rank: number;
  readonly id: string;
}

export class GateHttp {
  readonly #options: GateHttpOptions;
  readonly #prepared = new WeakMap<NowServing, Prepared>();

  constructor(options: GateHttpOptions) {
    this.#options = options;
  }

  /** Everything under `/gate/`. */
  answer(request: IncomingMessage, response: ServerResponse, path: string, query: string): void {
    const tickets = TICKETS.exec(path);
    const entrants = ENTRANTS.exec(path);
    const spaceId = (tickets ?? entrants ?? NOW_SERVING.exec(path))?.[1];
    const allowed = tickets === null ? ['GET', 'HEAD'] : ['POST'];
    if (spaceId === undefined) {
      refuse(request, response, 'unknown_path');
      return;
    }
    if (!allowed.includes(request.method ?? '')) {
      response.setHeader('allow', allowed.join(', '));
      refuse(request, response, 'method_not_allowed');
      return;
    }
    const space = SPACE_ID.test(spaceId) ? this.#options.house.room(spaceId)?.space : undefined;
    if (space === undefined) refuse(request, response, 'unknown_space');
    else if (tickets !== null) this.#issue(request, response, space, query);
    else if (entrants !== null) this.#entrants(request, response, space);
    else this.#nowServing(request, response, space);
  }

  #nowServing(request: IncomingMessage, response: ServerResponse, space: DrawnSpace): void {
    const { keeper, lotteries, clock } = this.#options;
    const lottery = lotteries.word(space, clock.monotonicMs());
    const isOpen = space.state === 'doors' || space.state === 'live';
    const document =
      keeper.nowServing(space.id) ?? (isOpen ? null : idle(space.id, lottery, clock.wallMs()));
    if (document === null || lottery === 'unknown') {
      refuse(request, response, 'part_away', undefined, RETRY_SOON_S);
      return;
    }
    send(request, response, 200, CACHED, this.#prepare(document, lottery).body);
  }

  /**
   * The same answer, whole, for the fast path.
   * @param kept the connection is to be kept
   * @returns null where there is none
   */
  ready(spaceId: string, kept: boolean): Buffer | null {
    const { house, keeper, lotteries, clock } = this.#options;
    const space = house.room(spaceId)?.space;
    const document = keeper.nowServing(spaceId);
    if (space === undefined || document === null) return null;
    const lottery = lotteries.word(space, clock.monotonicMs());
    if (lottery === 'unknown') return null;
    const prepared = this.#prepare(document, lottery);
    const second = Math.floor(clock.wallMs() / 1_000);
    if (prepared.second !== second) {
      prepared.second = second;
      prepared.kept = prepared.last = null;
    }
    if (kept) prepared.kept ??= answerOf(prepared, KEPT_FIELDS);
    else prepared.last ??= answerOf(prepared, LAST_FIELDS);
    return kept ? prepared.kept : prepared.last;
  }

  #prepare(document: NowServing, lottery: LotteryWord | null): Prepared {
    let prepared = this.#prepared.get(document);
    if (prepared?.lottery !== lottery || prepared === undefined) {
      const body = Buffer.from(JSON.stringify({ ...document, lottery }));
      prepared = { lottery, body, second: -1, kept: null, last: null };
      this.#prepared.set(document, prepared);
    }
    return prepared;
  }

  #issue(
    request: IncomingMessage,
    response: ServerResponse,
    space: DrawnSpace,
    query: string,
  ): void {
    const { office, clock, failed } = this.#options;
    const sent = new URLSearchParams(query);
    const wish = {
      client: sent.get('key') ?? '',
      nonce: sent.get('nonce'),
      challenge: sent.get('challenge'),
      work: sent.get('work'),
    };
    office
      .issue(space, wish, clock.monotonicMs(), clock.wallMs())
      .then((issued) => answerIssued(request, response, issued))
      .catch((error: unknown) => failed(error, response));
  }

  /** Once they are drawn: all leaves, in the order of the tree. */
  #entrants(request: IncomingMessage, response: ServerResponse, space: DrawnSpace): void {
    const { lotteries, clock, dataDir } = this.#options;
    const lottery = lotteries.word(space, clock.monotonicMs());
    if (lottery === 'unknown') {
      refuse(request, response, 'part_away', undefined, RETRY_SOON_S);
      return;
    }
    if (lottery === null || lottery.root === null) {
      refuse(request, response, 'unknown_path', 'There was no draw in this space, or not yet.');
      return;
    }
    const path = join(dataDir, 'spaces', space.id, ENTRANTS_FILE);
    const range = { from: ENTRANT_BYTES, length: lottery.entrants * ENTRANT_BYTES };
    const etag = `"${lottery.root.slice(0, 32)}"`;
    serveRecords(path, range, etag, request, response, (code, detail) =>
      refuse(request, response, code, detail),
    );
  }

  /** The way in with a ticket: good once, when it has been called. */
  async admit(lane: LaneId, spaceId: string, wanted: LiveQuery, text: string): Promise<Admission> {
    const { house, keeper, office, clock, spend } = this.#options;
    const { from, profile } = wanted;
    const space = house.room(spaceId)?.space;
    if (space?.state !== 'doors' && space?.state !== 'live')
      return house.admit(lane, spaceId, from, profile, wanted.pass);
    const ticket = keeper.read(spaceId, text, clock.wallMs());
    if (ticket === null) return INVALID;
    if (wanted.link !== null) {
      const { pass, rendition, link } = wanted;
      const seated = house.admit(lane, spaceId, from, profile, pass, rendition, link);
      if ('group' in seated && seated.group !== null) return seated;
    }
    if (keeper.nowServing(spaceId)?.open === false) {
      const plain = house.admit(lane, spaceId, from, profile, wanted.pass);
      if (!('refusal' in plain)) return plain;
    }
    const order = office.orderOf(space, ticket, clock.monotonicMs());
    if (order === null) return house.waiting(true);
    if (!keeper.called(spaceId, order)) return house.waiting(false);
    if (!keeper.reserve(spaceId, house.used(spaceId))) return house.waiting(true);
    const answer = await spend(spaceId, { ...order, id: ticket.id }).catch(
      () => 'not_yet' as const,
    );
    keeper.release(spaceId);
    if (answer === 'not_yet') return house.waiting(true);
    if (answer !== 'spent') return INVALID;
    keeper.counters.redeemed++;
    return house.admit(lane, spaceId, from, profile, CALLED);
  }
}

/** Instead of a token: the gate has let this one in already. */
export const CALLED = Symbol('called');
const INVALID: Admission = { refusal: 'ticket_invalid' };

function answerOf(
  { body, second }: Prepared,
  connection: Readonly<Record<string, string>>,
): Buffer {
  const date = new Date(second * 1_000).toUTCString();
  const fields = { ...fieldsOf(CACHED, body), 'x-content-type-options': 'nosniff', date };
  return Buffer.concat([head(200, { ...fields, ...connection }), body]);
}

function answerIssued(request: IncomingMessage, response: ServerResponse, issued: Issued): void {
  if ('ticket' in issued) {
    send(request, response, 201, 'no-store', Buffer.from(JSON.stringify(issued.ticket)));
    return;
  }
  const { refusal, detail, retryAfterS, challenge } = issued;
  if (challenge === undefined) refuse(request, response, refusal, detail, retryAfterS);
  else refuseWith(request, response, refusal, { challenge });
}

/** Of a space that is not open: nobody is called. */
function idle(space: string, lottery: LotteryWord | null | 'unknown', atMs: number): NowServing {
  const waiting = lottery === null || lottery === 'unknown' ? 0 : lottery.entrants;
  return {
    space,
    atMs,
    open: waiting > 0,
    front: { second: 0, rank: 0 },
    turnS: 0,
    perMinute: null,
    waiting,
    seconds: [],
  };
}

function fieldsOf(cacheControl: string, body: Buffer): Record<string, string> {
  return {
    ...CORS_FIELDS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(body.length),
    'cache-control': cacheControl,
  };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  cacheControl: string,
  body: Buffer,
): void {
  response.writeHead(status, fieldsOf(cacheControl, body));
  response.end(request.method === 'HEAD' ? undefined : body);
}
