/**
 * Refuses requests that another site makes a browser send. Every method that changes something must
 * come from this origin: by `Sec-Fetch-Site` (Fetch Metadata), else by `Origin`. A request with neither
 * does not come from a browser that could have been tricked, and passes. (The cookie is SameSite=Strict
 * and bodies must be JSON besides.)
 */
import { ParterreError } from '@parterre/protocol';
import type { FastifyRequest } from 'fastify';

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** @throws ParterreError `forbidden` */
export function demandSameOrigin(request: FastifyRequest, publicOrigin: string): void {
  if (SAFE.has(request.method)) return;
  const site = request.headers['sec-fetch-site'];
  const same =
    site === undefined
      ? isOwnOrigin(request, publicOrigin)
      : site === 'same-origin' || site === 'none';
  if (!same) throw new ParterreError('forbidden', 'The request comes from another site.');
}

function isOwnOrigin(request: FastifyRequest, publicOrigin: string): boolean {
  const { origin } = request.headers;
  if (origin === undefined || origin === publicOrigin) return true;
  return URL.canParse(origin) && new URL(origin).host === request.host;
}
