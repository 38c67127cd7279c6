/**
 * The REST api as one Fastify instance: schemas validate what comes in and make the OpenAPI document,
 * every error is the catalogue's, every answer carries its request's id. Invariants: bodies, headers,
 * parameters, rates and times are bounded; nothing secret is logged (no address, query, header or body
 * ever is).
 */

import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import {
  ERRORS,
  type ErrorCode,
  errorBody,
  type IceServer,
  ParterreError,
} from '@parterre/protocol';
import Fastify from 'fastify';
import type { Registry } from 'prom-client';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Store } from '../ports/store.ts';
import { answerError, sendError } from './answers.ts';
import { Callers } from './caller.ts';
import type { Directory } from './directory.ts';
import { MethodTable } from './methods.ts';
import { countRequests, metricsRoute } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { inviteRoutes } from './routes-invites.ts';
import { passRoutes } from './routes-pass.ts';
import { sessionRoutes } from './routes-session.ts';
import { spaceRoutes } from './routes-spaces.ts';
import { demandSameOrigin } from './same-origin.ts';

const BODY_BYTES_MAX = 64 * 1024;
const REQUEST_MS_MAX = 30_000;
/** Longer than the edge keeps an idle connection, so that the edge is the one who closes it. */
const KEEP_ALIVE_MS = 75_000;
const PARAM_LENGTH_MAX = 128;
const REQUESTS_PER_MINUTE_MAX = 1_200;
const ADDRESSES_MAX = 10_000;
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

export interface ApiOptions {
  readonly store: Store;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly passKey: Uint8Array;
  readonly ownerKey: Uint8Array;
  /** Where people reach this server, without a trailing slash. */
  readonly publicUrl: string;
  /** Proxies between a client and this socket, each of which appends to X-Forwarded-For. */
  readonly proxyHops: number;
  readonly iceServers: readonly IceServer[];
  readonly version: string;
  readonly metrics: Registry;
  readonly collectMetrics: () => Promise<string>;
}

/** What a group of routes is given. */
export interface RouteContext extends ApiOptions {
  readonly callers: Callers;
}

export type Api = ReturnType<typeof newFastify>;

export async function buildApi(options: ApiOptions): Promise<Api> {
  const app = newFastify(options);
  const methods = new MethodTable();
  const publicOrigin = new URL(options.publicUrl).origin;
  app.removeContentTypeParser('text/plain');
  app.addHook('onRoute', (route) => methods.add(route.url, route.method));
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    demandSameOrigin(request, publicOrigin);
  });
  app.setErrorHandler<Parameters<typeof answerError>[0]>((error, request, reply) =>
    answerError(error, request, reply, options.log),
  );
  countRequests(app, options.metrics, options.log);
  await app.register(cookie);
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: 60_000,
    cache: ADDRESSES_MAX,
    addHeaders: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    addHeadersOnExceeding: {
      'x-ratelimit-limit': false,
      'x-ratelimit-remaining': false,
      'x-ratelimit-reset': false,
    },
    errorResponseBuilder: () => new ParterreError('too_many_requests'),
  });
  await describeApi(app, options.version);
  const context: RouteContext = { ...options, callers: new Callers(options) };
  sessionRoutes(app, context);
  spaceRoutes(app, context);
  inviteRoutes(app, context);
  passRoutes(app, context);
  metricsRoute(app, context);
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) => {
    const allowed = methods.allowed(request.url);
    if (allowed.length === 0) return sendError(reply, 'unknown_path');
    reply.header('allow', allowed.join(', '));
    return sendError(reply, 'method_not_allowed');
  });
  await app.ready();
  return app;
}

function newFastify({ random, proxyHops, log }: ApiOptions) {
  return Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    trustProxy: (_address, hop) => hop < proxyHops,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    requestIdHeader: false,
    genReqId: ({ headers }) => {
      const given = headers['x-request-id'];
      if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
      return Buffer.from(random.bytes(12)).toString('base64url');
    },
    // A field that is not known is an error, and nothing is made into what it is not.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false } },
    frameworkErrors: (error, request, reply) => {
      answerError(error, request, reply, log);
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return socket.destroy(error);
      const code = (error as NodeJS.ErrnoException).code;
      socket.end(rawAnswer(code === 'HPE_HEADER_OVERFLOW' ? 'headers_too_large' : 'bad_request'));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
}

/** An answer to something that is not HTTP enough to have a reply. */
function rawAnswer(code: ErrorCode): string {
  const body = JSON.stringify(errorBody(code));
  return [
    `HTTP/1.1 ${ERRORS[code].status} ${code}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}
