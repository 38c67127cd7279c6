/**
 * Counts requests by route and status, and hands out everybody's metrics: to this machine, to the owner,
 * and to who rehearses here with a permit.
 */
import { ParterreError } from '@parterre/protocol';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { Log } from '../ports/log.ts';
import type { Api, RouteContext } from './instance.ts';
import { isFromThisMachine } from './this-machine.ts';

export function countRequests(app: Api, registry: Registry, log: Log): void {
  const labelNames = ['method', 'route', 'status'] as const;
  const requests = new Counter({
    name: 'parterre_api_requests_total',
    help: 'Requests the api has answered.',
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'parterre_api_request_seconds',
    help: 'Time from a request’s header to the end of its answer.',
    labelNames: ['route'] as const,
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = request.routeOptions.url ?? 'none';
    const status = reply.statusCode;
    requests.inc({ method, route, status });
    seconds.observe({ route }, reply.elapsedTime / 1_000);
    const fields = {
      requestId: request.id,
      method,
      route,
      status,
      ms: Math.round(reply.elapsedTime),
    };
    if (status >= 500) log.warn(fields, 'request failed');
    else if (method === 'GET' || method === 'HEAD') log.debug(fields, 'request');
    else log.info(fields, 'request');
  });
}

export function metricsRoute(app: Api, { callers, collectMetrics }: RouteContext): void {
  app.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    const allowed =
      isFromThisMachine(request) ||
      (await callers.owner(request)) !== null ||
      (await callers.permit(request)) !== null;
    if (!allowed)
      throw new ParterreError('forbidden', 'Metrics are for this machine and for the owner.');
    reply.type('text/plain; version=0.0.4; charset=utf-8');
    return collectMetrics();
  });
}
