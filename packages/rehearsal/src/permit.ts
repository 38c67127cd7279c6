/**
 * The rehearsal permit: the owner's leave to rehearse on one server that is not on this machine. It is
 * one line of text, signed by that server's key, bound to its address, and bounded in listeners, joins a
 * second and time. Invariants: only the server that issued it can confirm it, and it is asked before
 * anything is sent and every second after; without its word within `SILENCE_MS_MAX` the rehearsal stops.
 */
import { isPermitPayload, type PermitPayload } from '@parterre/protocol/certificate';
import { canonicalJson } from './canonical.ts';
import { type SigningKey, signatureHolds } from './signing.ts';

const PERMIT_LENGTH_MAX = 2_048;
const ASK_EVERY_MS = 1_000;
const ANSWER_MS_MAX = 3_000;
/** A server that does not answer for this long may not be able to say stop. */
const SILENCE_MS_MAX = 10_000;
const STATUS_BYTES_MAX = 4_096;

/** A permit as it is carried: what it allows, and its text, which is the bearer token. */
export interface Permit extends PermitPayload {
  readonly text: string;
}

/** What a rehearsal may do. */
export interface Bounds {
  readonly listeners: number;
  readonly joinsPerS: number;
  readonly seconds: number;
  /** Retry storms, slow readers, mass exits. */
  readonly disturb: boolean;
}

/** @returns the permit's text: payload and signature, each base64url, with a dot between */
export function signPermit(key: SigningKey, payload: PermitPayload): string {
  const text = canonicalJson(payload);
  return `${Buffer.from(text).toString('base64url')}.${key.sign('permit', text)}`;
}

/**
 * Reads a permit without judging it: whether it counts is for the server that issued it to say.
 * @returns null for anything that is not exactly as a server writes it
 */
export function readPermit(text: string): Permit | null {
  const trimmed = text.trim();
  const [body = '', signature, ...rest] = trimmed.split('.');
  if (trimmed.length > PERMIT_LENGTH_MAX || signature === undefined || rest.length > 0) return null;
  try {
    const json = Buffer.from(body, 'base64url').toString('utf8');
    const payload: unknown = JSON.parse(json);
    if (!isPermitPayload(payload) || canonicalJson(payload) !== json) return null;
    return Buffer.from(json).toString('base64url') === body ? { ...payload, text: trimmed } : null;
  } catch {
    return null;
  }
}

/** The server's side. @returns the permit when this key signed it for this address, expired or not */
export function ownPermit(key: SigningKey, audience: string, text: string): Permit | null {
  const permit = readPermit(text);
  if (permit === null || permit.audience !== audience || permit.key !== key.fingerprint)
    return null;
  const [body = '', signature = ''] = permit.text.split('.');
  const signed = Buffer.from(body, 'base64url').toString('utf8');
  return signatureHolds('permit', signed, signature, key.publicKey) ? permit : null;
}

export function boundsOf(permit: Permit): Bounds {
  const { listeners, joinsPerS, seconds, disturb } = permit;
  return { listeners, joinsPerS, seconds, disturb };
}

/** Why this permit does not allow a rehearsal at this address, in a sentence; null when it may be asked. */
export function objectionToPermit(permit: Permit, url: string, nowMs: number): string | null {
  const origin = URL.canParse(url) ? new URL(url).origin : null;
  if (origin !== permit.audience) return `The permit is for ${permit.audience}, not for ${url}.`;
  return nowMs >= permit.expiresAtMs ? 'The permit has expired.' : null;
}

/** As much of `fetch` as is needed. */
export type Ask = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'error'; signal: AbortSignal },
) => Promise<Response>;

/** `silent`: no word at all, which may be a lost packet. */
type Word = 'valid' | 'silent' | { readonly refused: string };

/** The server's word on a permit, asked once. */
export async function askOf(permit: Permit, ask: Ask = fetch): Promise<Word> {
  let standing: { id?: unknown; state?: unknown };
  let status: number;
  try {
    const response = await ask(`${permit.audience}/api/rehearsals/permits/${permit.id}`, {
      headers: { authorization: `Bearer ${permit.text}` },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    status = response.status;
    const text = await response.text();
    standing = text.length > STATUS_BYTES_MAX ? {} : ((JSON.parse(text) ?? {}) as object);
  } catch {
    return 'silent';
  }
  if (status === 429 || status >= 500) return 'silent';
  if (status !== 200 || standing.id !== permit.id)
    return { refused: 'The server does not know this permit.' };
  if (standing.state === 'valid') return 'valid';
  return {
    refused:
      standing.state === 'revoked'
        ? 'The owner has taken the permit back.'
        : 'The permit has expired.',
  };
}

/** Pending calls; the server's `Timers` port fits. */
export interface WatchTimers {
  every(intervalMs: number, task: () => void): { cancel(): void };
}

export interface WatchOptions {
  readonly permit: Permit;
  readonly timers: WatchTimers;
  /** Milliseconds that never step. */
  readonly nowMs: () => number;
  /** Called once, with a sentence, when the rehearsal must stop at once. */
  readonly stop: (reason: string) => void;
  readonly ask?: Ask;
}

export interface PermitWatch {
  close(): void;
}

/** Asks every second until it is closed or the permit counts no more. `askOf` has said `valid` before. */
export function watchPermit(options: WatchOptions): PermitWatch {
  const { permit, timers, nowMs, stop, ask } = options;
  let heardMs = nowMs();
  let asking = false;
  let over = false;
  const end = (reason: string | null): void => {
    if (over) return;
    over = true;
    timer.cancel();
    if (reason !== null) stop(reason);
  };
  const look = async (): Promise<void> => {
    asking = true;
    const word = await askOf(permit, ask);
    asking = false;
    if (word === 'valid') heardMs = nowMs();
    else if (word !== 'silent') end(word.refused);
  };
  const timer = timers.every(ASK_EVERY_MS, () => {
    if (nowMs() - heardMs > SILENCE_MS_MAX)
      end('The server has not confirmed the permit for ten seconds.');
    else if (!asking && !over) void look();
  });
  return { close: () => end(null) };
}
