/**
 * Tickets of the waiting room and the tokens of those who come back: sealed, self-contained, and worth
 * nothing for another space or another purpose. The server keeps nothing of one that waits.
 */
import { NONCE, RANKS, SPACE_ID } from '@parterre/protocol';
import { peek, seal, unseal } from '../spaces/index.ts';

/** How long one may wait with a ticket, ms. */
export const TICKET_MS = 12 * 3_600_000;
/** The same of one from before doors, ms since the doors as they were announced: they may be moved. */
export const ENTRANT_MS = 30 * 24 * 3_600_000;
/** How long a listener may come back without waiting, ms since they were let in. */
const RETURN_MS = 12 * 3_600_000;
/** What a browser calls itself: of its own choosing, random, not an address. */
export const CLIENT_KEY = /^[A-Za-z0-9_-]{16,43}$/;
const ID = /^[A-Za-z0-9_-]{22}$/;
const NUMBER = /^(?:0|[1-9]\d{0,15})$/;

export interface Ticket {
  readonly space: string;
  /** Of arrival; of the doors, as they were announced, where the rank is drawn. */
  readonly second: number;
  /** Null for one who came before doors: it is drawn. */
  readonly rank: number | null;
  /** 16 random bytes, base64url. */
  readonly id: string;
  readonly client: string;
  /** What its holder gave to the draw; null for one who came later. */
  readonly nonce: string | null;
  readonly expiresAtMs: number;
}

export function sealTicket(key: Uint8Array, ticket: Ticket): string {
  const { space, second, rank, id, client, nonce, expiresAtMs } = ticket;
  const place = [`${second}`, rank === null ? '' : `${rank}`];
  return seal(key, 'ticket', [space, ...place, id, client, nonce ?? '', `${expiresAtMs}`]);
}

/** @returns null for anything but a ticket of this server for this space, in force now */
export function openTicket(
  key: Uint8Array,
  space: string,
  text: string,
  wallMs: number,
): Ticket | null {
  const ticket = ticketOf(unseal(key, 'ticket', text));
  return ticket?.space === space && ticket.expiresAtMs > wallMs ? ticket : null;
}

/** What a ticket says of itself, for whoever holds it; its seal is not looked at. */
export function readTicket(text: string): Ticket | null {
  return ticketOf(peek(text));
}

function ticketOf(fields: readonly string[] | null): Ticket | null {
  if (fields === null || fields.length !== 7) return null;
  const [space, second, rank, id, client, nonce, expires] = fields as Seven;
  if (!SPACE_ID.test(space) || !NUMBER.test(second) || !NUMBER.test(expires)) return null;
  if (!ID.test(id) || !CLIENT_KEY.test(client)) return null;
  const isDrawn = rank === '' && NONCE.test(nonce);
  const isLate = NUMBER.test(rank) && Number(rank) < RANKS && nonce === '';
  if (!isDrawn && !isLate) return null;
  return {
    space,
    second: Number(second),
    rank: isDrawn ? null : Number(rank),
    id,
    client,
    nonce: isDrawn ? nonce : null,
    expiresAtMs: Number(expires),
  };
}

type Seven = readonly [string, string, string, string, string, string, string];

/** The token of everybody who was let into this space in this second. */
export function sealReturn(key: Uint8Array, space: string, wallMs: number): string {
  return seal(key, 'return', [space, `${Math.floor(wallMs / 1_000)}`]);
}

/** Whether this token was given to somebody who was let into this space, not too long ago. */
export function mayReturn(key: Uint8Array, space: string, text: string, wallMs: number): boolean {
  return letInMs(key, space, text, wallMs) !== null;
}

/** When the holder of this token was let into this space; null when that is not so, or too long ago. */
export function letInMs(
  key: Uint8Array,
  space: string,
  text: string,
  wallMs: number,
): number | null {
  const fields = unseal(key, 'return', text);
  if (fields === null || fields.length !== 2 || fields[0] !== space) return null;
  if (!NUMBER.test(fields[1]!)) return null;
  const atMs = Number(fields[1]) * 1_000;
  const agoMs = wallMs - atMs;
  return agoMs >= -60_000 && agoMs < RETURN_MS ? atMs : null;
}
