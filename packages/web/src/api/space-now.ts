/**
 * What the edge says of a space, from its memory: answered while the api is away. A failure is a
 * `SpaceProblem` with the code of the catalogue, or `unreachable`, and how long the server wants to be left
 * alone.
 */
import { parseRetryAfterMs } from '@parterre/client/backoff';
import type { OverflowWord, PublicSpace } from '@parterre/protocol';

const ANSWER_MS_MAX = 10_000;

export class SpaceProblem extends Error {
  /** As it came. */
  readonly code: string;
  /** 0 when nothing was asked for. */
  readonly retryAfterMs: number;
  constructor(code: string, retryAfterMs = 0) {
    super(code);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** A space as the edge tells it: also what newcomers meet there now. */
export type ToldSpace = PublicSpace & Partial<OverflowWord>;

/** What the edge says of a space, with the server's clock. */
export interface SpaceNow {
  readonly space: ToldSpace;
  /** Server's wall clock minus this browser's, ms; good to half a round trip. */
  readonly offsetMs: number;
}

/** `GET /spaces/{id}.json`. @throws SpaceProblem */
export async function spaceNow(id: string): Promise<SpaceNow> {
  const askedMs = Date.now();
  const path = `/spaces/${encodeURIComponent(id)}.json`;
  const { nowMs, ...space } = await ask<ToldSpace & { readonly nowMs?: unknown }>(path);
  if (typeof nowMs !== 'number') throw new SpaceProblem('unreachable');
  return { space, offsetMs: nowMs - (askedMs + Date.now()) / 2 };
}

/** A public document of the edge's. @throws SpaceProblem */
export async function ask<Answer extends object>(path: string): Promise<Answer> {
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(path, {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    body = JSON.parse(await response.text());
  } catch {
    throw new SpaceProblem('unreachable');
  }
  if (response.ok && typeof body === 'object' && body !== null) return body as Answer;
  const code = (body as { error?: { code?: unknown } } | null)?.error?.code;
  const retryAfterMs = parseRetryAfterMs(response.headers.get('retry-after'), Date.now());
  throw new SpaceProblem(typeof code === 'string' ? code : 'unreachable', retryAfterMs);
}
