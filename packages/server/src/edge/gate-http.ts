/**
 * The waiting room's addresses: the one document that all who wait look at, a place in line, and the way
 * in for whoever has been called. The document is made once a change and is the same bytes for everybody.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type NowServing, SPACE_ID } from '@parterre/protocol';
import { type GateKeeper, RETRY_SOON_S, type Spending } from '../gate/index.ts';
import type { Clock } from '../ports/clock.ts';
import { CORS_FIELDS, connectionFields, head } from './answers.ts';
import type { LaneId } from './counters.ts';
import type { Admission, House } from './house.ts';
import type { LiveQuery } from './live-request.ts';
import { refuse } from './refuse.ts';
import { KEPT_S } from './waiters.ts';

const NOW_SERVING = /^\/gate\/([^/]+)$/;
const TICKETS = /^\/gate\/([^/]+)\/tickets$/;
const KEY = /(?:^|&)key=([A-Za-z0-9_-]+)(?:&|$)/;
const CACHED = 'public, max-age=1';
const KEPT_FIELDS = connectionFields(KEPT_S);
const LAST_FIELDS = connectionFields(0);

export interface GateHttpOptions {
  readonly house: House;
  readonly keeper: GateKeeper;
  readonly clock: Clock;
  /** Asks the coordinator; `not_yet` when it does not answer. */
  readonly spend: (spaceId: string, ticket: SpentTicket) => Promise<Spending>;
}

/** How a line stands, as bytes: the document, and the whole answers of the fast path in the second they are of. */
interface Prepared {
  readonly body: Buffer;
  second: number;
  kept: Buffer | null;
  last: Buffer | null;
}

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
    const spaceId = (tickets ?? NOW_SERVING.exec(path))?.[1];
    const allowed = tickets === null ? ['GET', 'HEAD'] : ['POST'];
    if (spaceId === undefined) refuse(request, response, 'unknown_path');
    else if (!allowed.includes(request.method ?? '')) {
      response.setHeader('allow', allowed.join(', '));
      refuse(request, response, 'method_not_allowed');
    } else if (!SPACE_ID.test(spaceId) || this.#options.house.room(spaceId) === undefined)
      refuse(request, response, 'unknown_space');
    else if (tickets === null) this.#nowServing(request, response, spaceId);
    else this.#issue(request, response, spaceId, query);
  }

  #nowServing(request: IncomingMessage, response: ServerResponse, spaceId: string): void {
    const document = this.#options.keeper.nowServing(spaceId);
    if (document === null) {
      refuse(request, response, 'part_away', undefined, RETRY_SOON_S);
      return;
    }
    send(request, response, 200, CACHED, this.#prepare(document).body);
  }

  /**
   * The same answer, whole, for the fast path.
   * @param kept the connection is to be kept
   * @returns null where there is none
   */
  ready(spaceId: string, kept: boolean): Buffer | null {
    const { house, keeper, clock } = this.#options;
    if (house.room(spaceId) === undefined) return null;
    const document = keeper.nowServing(spaceId);
    if (document === null) return null;
    const prepared = this.#prepare(document);
    const second = Math.floor(clock.wallMs() / 1_000);
    if (prepared.second !== second) {
      prepared.second = second;
      prepared.kept = prepared.last = null;
    }
    if (kept) prepared.kept ??= answerOf(prepared, KEPT_FIELDS);
    else prepared.last ??= answerOf(prepared, LAST_FIELDS);
    return kept ? prepared.kept : prepared.last;
  }

  #prepare(document: NowServing): Prepared {
    let prepared = this.#prepared.get(document);
    if (prepared === undefined) {
      const body = Buffer.from(JSON.stringify(document));
      prepared = { body, second: -1, kept: null, last: null };
      this.#prepared.set(document, prepared);
    }
    return prepared;
  }

  #issue(request: IncomingMessage, response: ServerResponse, spaceId: string, query: string): void {
    const { keeper, clock } = this.#options;
    const client = KEY.exec(query)?.[1] ?? '';
    const issued = keeper.issue(spaceId, client, clock.monotonicMs(), clock.wallMs());
    if (issued === null) {
      refuse(request, response, 'bad_request', '`key` is 16 to 43 of A–Z, a–z, 0–9, - and _.');
      return;
    }
    send(request, response, 201, 'no-store', Buffer.from(JSON.stringify(issued)));
  }

  /** The way in with a ticket: good once, when it has been called. */
  async admit(lane: LaneId, spaceId: string, wanted: LiveQuery, text: string): Promise<Admission> {
    const { house, keeper, clock, spend } = this.#options;
    const { from, profile } = wanted;
    const ticket = keeper.read(spaceId, text, clock.wallMs());
    if (ticket === null) return INVALID;
    if (keeper.nowServing(spaceId)?.open === false) {
      const plain = house.admit(lane, spaceId, from, profile, wanted.pass);
      if (!('refusal' in plain)) return plain;
    }
    if (!keeper.called(spaceId, ticket)) return house.waiting(false);
    if (!keeper.reserve(spaceId, house.used(spaceId))) return house.waiting(true);
    const answer = await spend(spaceId, ticket).catch(() => 'not_yet' as const);
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
