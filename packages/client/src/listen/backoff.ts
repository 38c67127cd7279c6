/**
 * When a connection is given up, and when it is tried again. The first retry comes within what the buffer
 * leaves, spread over it, so that the listeners of an edge that died neither run dry nor come back in the
 * same instant; later ones wait exponentially longer with jitter, so that a house full of listeners does
 * not knock in step. There is no last try. A server's Retry-After is a lower bound, never shortened.
 */
import { PROFILES, type ProfileId } from '@parterre/protocol';

/** Least jitter of the first retry, ms. */
export const FIRST_RETRY_MS_MAX = 60;
/** The first retry is never spread wider, ms. */
export const SPREAD_MS_MAX = 2_000;
/** Left of the buffer for the connection itself when the first retry is spread, ms. */
export const RECONNECT_MS = 1_000;
/** Longest wait between tries, ms, unless the server asks for longer. */
export const RETRY_MS_MAX = 10_000;
/** A Retry-After beyond this is taken for a mistake, ms. */
export const RETRY_AFTER_MS_MAX = 300_000;

const STEP_MS = 250;
/** Of a step at least so much is waited: the less, the sooner a house that was lost as one is spread. */
const LEAST_SHARE = 0.25;
/** How far beyond Retry-After a retry may be spread, as a share of it. */
const RETRY_AFTER_SPREAD = 0.25;

/**
 * The wait before the try after `failures` failed ones in a row, ms. `random` is uniform in [0, 1);
 * `retryAfterMs` is what the server asked for, 0 when it asked for nothing; `aheadMs` is the sound that
 * is buffered, 0 when it is not known.
 */
export function retryDelayMs(
  failures: number,
  random: number,
  retryAfterMs = 0,
  aheadMs = 0,
): number {
  const own =
    failures <= 1
      ? random * Math.max(FIRST_RETRY_MS_MAX, Math.min(SPREAD_MS_MAX, aheadMs - RECONNECT_MS))
      : Math.min(RETRY_MS_MAX, STEP_MS * 2 ** Math.min(failures - 1, 16)) *
        (LEAST_SHARE + (1 - LEAST_SHARE) * random);
  if (retryAfterMs <= 0) return own;
  return Math.max(
    own,
    Math.min(retryAfterMs, RETRY_AFTER_MS_MAX) * (1 + random * RETRY_AFTER_SPREAD),
  );
}

/**
 * Longest silence of a connection before it is replaced, ms: beyond the longest flush the profile
 * allows, by half of what the buffer then still covers; the other half is for reconnecting.
 */
export function stallMs(profile: ProfileId): number {
  const { bufferMs, flushMsMax } = PROFILES[profile];
  return flushMsMax + (bufferMs - flushMsMax) / 2;
}

/** A Retry-After field (RFC 9110 §10.2.3: seconds or a date) as ms from `wallMs`; 0 when absent or unreadable. */
export function parseRetryAfterMs(field: string | null, wallMs: number): number {
  if (field === null) return 0;
  const text = field.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = /^[A-Z].* GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? 0 : Math.max(0, date - wallMs);
}
