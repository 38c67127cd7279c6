/**
 * The full HTTP server behind the front: everything that is not exactly a live request. It has no
 * socket of its own; the front gives it connections. Routes are matched on the path as it was sent: a
 * path that needs decoding or has dots in it matches no route that leads to a file.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SPACE_ID } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import type { Admission } from './admission.ts';
import { CORS_FIELDS, PREFLIGHT_FIELDS, streamFields } from './answers.ts';
import type { LaneId } from './counters.ts';
import { serveReplay } from './files.ts';
import type { GateHttp } from './gate-http.ts';
import type { Hls } from './hls.ts';
import type { House } from './house.ts';
import { isListening, listen } from './listeners.ts';
import { type LiveQuery, parseLiveQuery } from './live-request.ts';
import { ON_AIR_AGE_S, OnAirWords } from './on-air.ts';
import type { Pages } from './pages.ts';
import type { PartProxy } from './proxy.ts';
import { endRaw, refuse, refuseAs } from './refuse.ts';
import type { Room } from './room.ts';

const HEADER_BYTES_MAX = 16_384;
const HEADERS_MAX = 100;
const REQUEST_MS_MAX = 30_000;
const IDLE_MS_MAX = 15_000;
const URL_LENGTH_MAX = 4_096;
/** For how long the state of a space may be taken from a cache. */
const SPACE_JSON_AGE_S = 1;

export interface HttpOptions {
  readonly house: House;
  /** null where everybody comes in. */
  readonly gate: GateHttp | null;
  readonly hls: Hls;
  readonly clock: Clock;
  readonly pages: Pages;
  readonly api: PartProxy;
  readonly stage: PartProxy;
  /** The folder that holds `spaces/{id}/replay.*`. */
  readonly dataDir: string;
  /** Strict-Transport-Security is sent. */
  readonly secure: boolean;
  /** A connection has sent a whole request. */
  readonly heard: (socket: Socket) => void;
  /** A connection has been given its last answer. */
  readonly linger: (socket: Socket) => void;
  /** A request met a fault of ours. */
  readonly failed: (error: unknown) => void;
  /** Knows the programme, and is not closing. */
  readonly ready: () => boolean;
  /** From a request's first byte to the end of its header. */
  readonly headersMsMax: number;
  /** For this long a client may take nothing of its answer. */
  readonly stallMsMax: number;
  /** Connections are not kept. */
  readonly closing: () => boolean;
}

/** The parser's own errors (llhttp): what was sent is not HTTP. */
const MALFORMED = /^HPE_/;

const LIVE = /^\/live\/([^/]+)$/;
const RADIO = /^\/radio\/([^/]+)\.ogg$/;
const REPLAY = /^\/spaces\/([^/]+)\/(replay\.(?:mp4|ogg|json))$/;
const SPACE_JSON = /^\/spaces\/([^/]+)\.json$/;
const ON_AIR = /^\/spaces\/([^/]+)\/now\.json$/;
const API = /^\/(?:api(?:\/|$)|metrics$)/;
const STAGE = /^\/(?:stage|whip)\//;

export class EdgeHttp {
  readonly #options: HttpOptions;
  readonly #server: Server;
  readonly #onAir: OnAirWords;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#onAir = new OnAirWords(options.clock);
    this.#server = createServer({
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: options.headersMsMax,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: IDLE_MS_MAX,
      connectionsCheckingInterval: 1_000,
      // Any other upgrade is passed over, as a server may (RFC 9110 §7.8).
      shouldUpgradeCallback: isStageSocket,
    });
    this.#server.timeout = options.stallMsMax;
    this.#server.maxHeadersCount = HEADERS_MAX;
    this.#server.on('request', (request, response) => this.#carryOut(request, response));
    this.#server.on('upgrade', (request, socket, head) =>
      this.#upgrade(request, socket as Socket, head),
    );
    this.#server.on('clientError', (error, socket) => this.#malformed(error, socket as Socket));
    // The checks of slow requests begin with this event, which a server without a socket never has.
    this.#server.emit('listening');
  }

  take(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Ends idle connections; what has begun is finished. */
  close(): void {
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** A request that we cannot answer by our own fault costs its connection and nobody else's [P1]. */
  #carryOut(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#answer(request, response);
    } catch (error) {
      this.failed(error, response);
    }
  }

  /** Our own fault: the connection is ended, and nobody else notices. */
  failed(error: unknown, response: ServerResponse): void {
    this.#options.house.counters.refusals.internal++;
    this.#options.failed(error);
    response.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    this.#options.heard(request.socket);
    response.setHeader('x-content-type-options', 'nosniff');
    response.setHeader('referrer-policy', 'no-referrer');
    if (this.#options.secure) response.setHeader('strict-transport-security', 'max-age=31536000');
    if (this.#options.closing()) response.setHeader('connection', 'close');
    const url = request.url ?? '/';
    if (url.length > URL_LENGTH_MAX) {
      refuse(request, response, 'uri_too_long');
      return;
    }
    const mark = url.indexOf('?');
    const path = mark === -1 ? url : url.slice(0, mark);
    const query = mark === -1 ? '' : url.slice(mark + 1);
    if (API.test(path)) {
      this.#options.api.forward(request, response);
      return;
    }
    if (STAGE.test(path)) {
      this.#options.stage.forward(request, response);
      return;
    }
    this.#answerHere(request, response, path, query);
  }

  #answerHere(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: string,
  ): void {
    const { method } = request;
    const { house } = this.#options;
    if (method === 'OPTIONS') {
      response.writeHead(204, { ...PREFLIGHT_FIELDS, allow: 'GET, HEAD, OPTIONS' }).end();
      return;
    }
    if (path.startsWith('/gate/') && this.#options.gate !== null) {
      this.#options.gate.answer(request, response, path, query);
      return;
    }
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD, OPTIONS');
      refuse(request, response, 'method_not_allowed');
      return;
    }
    const live = LIVE.exec(path);
    if (live !== null) {
      this.#lane('live', live[1]!, query, request, response);
      return;
    }
    const radio = RADIO.exec(path);
    if (radio !== null) {
      const successor = house.successor(radio[1]!);
      if (successor !== null) moved(response, `/radio/${successor}.ogg`);
      else this.#lane('radio', radio[1]!, query, request, response);
      return;
    }
    const replay = REPLAY.exec(path);
    if (replay !== null) {
      this.#replay(replay[1]!, replay[2]!, query, request, response);
      return;
    }
    if (path.startsWith('/hls/')) {
      this.#options.hls.answer(request, response, path, query);
      return;
    }
    const space = SPACE_JSON.exec(path) ?? ON_AIR.exec(path);
    if (space !== null) {
      this.#space(space[1]!, path.endsWith('/now.json'), request, response);
      return;
    }
    if (path === '/healthz') {
      plain(response, 200, 'ok\n');
      return;
    }
    if (path === '/readyz') {
      this.#readiness(response);
      return;
    }
    const { pages } = this.#options;
    const successor = house.successor(path.slice(1));
    if (successor !== null) {
      moved(response, `/${successor}`);
      return;
    }
    pages.serve(request, response, path, (spaceId) => {
      const none = house.settled ? null : undefined;
      return house.room(spaceId)?.space.title ?? none;
    });
  }

  #lane(
    lane: LaneId,
    spaceId: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { house, gate } = this.#options;
    const bytes = Buffer.from(query, 'latin1');
    const wanted = parseLiveQuery(bytes, 0, bytes.length);
    if (wanted === null) {
      refuse(
        request,
        response,
        'bad_request',
        '`from` is a whole number, `profile` is near, steady or far, each at most once; `session` is 16 to 43 of A–Z, a–z, 0–9, - and _, a point and a number.',
      );
      return;
    }
    if (gate === null || wanted.ticket === null) {
      const { from, profile, pass, rendition, link, session } = wanted;
      const comesBack = pass !== null && session !== null && request.method !== 'HEAD';
      if (comesBack) house.sessions.supersede(session);
      const admission = house.admit(lane, spaceId, from, profile, pass, rendition, link);
      this.#stream(admission, spaceId, wanted, request, response);
      return;
    }
    const called = gate.admit(lane, spaceId, wanted, wanted.ticket);
    called
      .then((admission) => this.#stream(admission, spaceId, wanted, request, response))
      .catch((error: unknown) => this.failed(error, response));
  }

  #stream(
    admission: Admission,
    spaceId: string,
    { from, session }: LiveQuery,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { house } = this.#options;
    if (request.socket.destroyed) return;
    if ('refusal' in admission) {
      refuseAs(request, response, admission);
      return;
    }
    response.removeHeader('transfer-encoding'); // ended by closing (RFC 9112 §6.3)
    response.writeHead(200, streamFields(admission.cohort, house.returnToken(spaceId)));
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const { socket } = response;
    if (socket === null) return void request.socket.destroy(); // pipelined behind another answer
    socket.cork();
    response.flushHeaders();
    listen(house, socket, admission, from !== null, null, session);
    socket.uncork();
  }

  #replay(
    spaceId: string,
    file: string,
    query: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { house } = this.#options;
    const known = house.room(spaceId)?.space;
    if (!SPACE_ID.test(spaceId)) {
      refuse(request, response, 'unknown_space');
      return;
    }
    const wish = {
      spaceId,
      file,
      download: /(?:^|&)download(?:=|&|$)/.test(query),
      title: known?.title,
    };
    serveReplay(this.#options.dataDir, wish, request, response, (code, detail) => {
      const unknown = code === 'unknown_path' && known === undefined && house.settled;
      if (unknown) refuse(request, response, 'unknown_space');
      else refuse(request, response, code, detail);
    });
  }

  #space(
    spaceId: string,
    onAir: boolean,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { house } = this.#options;
    const room = house.room(spaceId);
    if (room === undefined) {
      if (!house.settled) {
        refuse(request, response, 'part_away', undefined, 1);
        return;
      }
      refuse(request, response, 'unknown_space');
      return;
    }
    const body = onAir ? this.#onAir.of(room) : this.#described(room);
    const ageS = onAir ? ON_AIR_AGE_S : SPACE_JSON_AGE_S;
    response.writeHead(200, {
      ...CORS_FIELDS,
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      'cache-control': `public, max-age=${ageS}`,
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #described(room: Room): Buffer {
    const { house, clock } = this.#options;
    const about = { ...room.space, ...house.step(room), nowMs: clock.wallMs() };
    return Buffer.from(JSON.stringify(about));
  }

  #readiness(response: ServerResponse): void {
    if (this.#options.ready()) {
      plain(response, 200, 'ready\n');
      return;
    }
    plain(response, 503, 'not ready\n');
  }

  #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    const { heard, linger, stage } = this.#options;
    heard(socket);
    socket.once('finish', () => linger(socket));
    stage.upgrade(request, socket, head);
  }

  #malformed(error: Error & { code?: string }, socket: Socket): void {
    if (socket.destroyed) return;
    const { refusals } = this.#options.house.counters;
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refusals.idle++;
    else if (error.code !== 'ECONNRESET') refusals.header++;
    if (!MALFORMED.test(error.code ?? '') || !socket.writable || isListening(socket)) {
      socket.destroy();
      return;
    }
    this.#options.linger(socket);
    endRaw(socket, error.code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request');
  }
}

/** A WebSocket of the stage: the one thing here that is not a request with an answer (RFC 6455 §4.2.1). */
function isStageSocket({ method, url = '', headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket' && STAGE.test(url);
}

/** The space at this address was given up; its recording comes back when its successor is over too. */
function moved(response: ServerResponse, location: string): void {
  response.writeHead(302, { ...CORS_FIELDS, location, 'cache-control': 'no-store' }).end();
}

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}
