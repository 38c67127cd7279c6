/**
 * The REST api: schemas validate what comes in and make the OpenAPI document, every error is the
 * catalogue's, every answer carries its request's id. Invariant: nothing secret is logged; no address,
 * query, header or body ever is.
 */
import cookie from '@fastify/cookie';
import rateLimit from '@fastify/rate-limit';
import { ParterreError } from '@parterre/protocol';
import type { FastifyError } from 'fastify';
import { askerOf } from './address.ts';
import { answerError, sendError } from './answers.ts';
import { Callers } from './caller.ts';
import { Certificates } from './certificates.ts';
import { type Api, type ApiOptions, newInstance, type RouteContext } from './instance.ts';
import { MethodTable } from './methods.ts';
import { countRequests, metricsRoute } from './metrics.ts';
import { describeApi } from './openapi.ts';
import { certificateRoutes } from './routes-certificates.ts';
import { clipRoutes } from './routes-clip.ts';
import { groupRoutes } from './routes-groups.ts';
import { inviteRoutes } from './routes-invites.ts';
import { onTimeRoutes } from './routes-on-time.ts';
import { passRoutes } from './routes-pass.ts';
import { rehearsalRoutes } from './routes-rehearsals.ts';
import { sessionRoutes } from './routes-session.ts';
import { spaceRoutes } from './routes-spaces.ts';
import { demandSameOrigin } from './same-origin.ts';

const REQUESTS_PER_MINUTE_MAX = 1_200;
const ADDRESSES_MAX = 10_000;
const NO_HEADERS = {
  'x-ratelimit-limit': false,
  'x-ratelimit-remaining': false,
  'x-ratelimit-reset': false,
};

/** Ready to be listened on or injected into; the caller closes it. */
export async function buildApi(options: ApiOptions): Promise<Api> {
  const app = newInstance(options);
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
  closeConnectionsWhenClosing(app);
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    answerError(error, request, reply, options.log),
  );
  countRequests(app, options.metrics, options.log);
  await app.register(cookie);
  await app.register(rateLimit, {
    max: REQUESTS_PER_MINUTE_MAX,
    timeWindow: 60_000,
    cache: ADDRESSES_MAX,
    keyGenerator: ({ ip }: { ip: string | undefined }) => askerOf(ip),
    addHeaders: NO_HEADERS,
    addHeadersOnExceeding: NO_HEADERS,
    errorResponseBuilder: () => new ParterreError('too_many_requests'),
  });
  await describeApi(app, options.version);
  const context: RouteContext = { ...options, callers: new Callers(options) };
  sessionRoutes(app, context);
  spaceRoutes(app, context);
  groupRoutes(app, context);
  clipRoutes(app, context);
  inviteRoutes(app, context);
  passRoutes(app, context);
  const certificates = new Certificates(options);
  rehearsalRoutes(app, context, certificates);
  certificateRoutes(app, context, certificates);
  onTimeRoutes(app, context, certificates);
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

/** Else a connection whose answer comes during the shutdown would be kept alive, and the shutdown by it. */
function closeConnectionsWhenClosing(app: Api): void {
  let closing = false;
  app.addHook('preClose', async () => {
    closing = true;
  });
  app.addHook('onSend', async (_request, reply) => {
    if (closing) reply.header('connection', 'close');
  });
}
