/**
 * What people carry: the pass that opens the stage, the resume token that finds a seat again, the owner's
 * one-time link and the owner's session. All are sealed (`seal.ts`), each for its own purpose, all
 * expire. Refused, always with null and never with a reason: a forged, altered, expired or foreign token.
 */
import type { Place, Role } from '@parterre/protocol';
import { keyedId, type Purpose, seal, unseal } from './seal.ts';

/** How long a pass opens the stage, ms. */
export const PASS_MS = 12 * 60 * 60_000;
/** How long an owner link may be used, ms. */
export const OWNER_LINK_MS = 24 * 60 * 60_000;
/** How long the owner stays signed in, ms. */
export const OWNER_SESSION_MS = 30 * 24 * 60 * 60_000;

export interface Pass {
  readonly spaceId: string;
  /** The same for every pass of one invitation, and for every pass of the owner, in one space. */
  readonly personId: string;
  /** The invitation it was made from; empty for the owner's. */
  readonly inviteId: string;
  readonly role: Role;
  /** The name the person gave, at most 60 characters. */
  readonly name: string;
  readonly expiresAtMs: number;
}

export interface ResumeToken {
  readonly spaceId: string;
  readonly seatId: string;
  readonly personId: string;
  /** Where the seat was, so that a new stage process puts it there again. */
  readonly place: Place;
  readonly muted: boolean;
  readonly expiresAtMs: number;
}

export interface OwnerToken {
  /** What is spent when a link is used; unpredictable. */
  readonly id: string;
  readonly expiresAtMs: number;
}

const ROLES: ReadonlySet<string> = new Set<Role>(['host', 'cohost', 'speaker']);
const DECIMAL = /^(0|[1-9]\d{0,15})$/;

/** @param key the server's `passKey` */
export function signPass(key: Uint8Array, pass: Pass): string {
  const { spaceId, personId, inviteId, role, name, expiresAtMs } = pass;
  return seal(key, 'pass', [spaceId, personId, inviteId, role, name, String(expiresAtMs)]);
}

/** @returns the pass, or null when it was not signed with this key or is over at `nowMs` */
export function verifyPass(key: Uint8Array, token: string, nowMs: number): Pass | null {
  const opened = open(key, 'pass', token, 5, nowMs);
  if (opened === null) return null;
  const [spaceId = '', personId = '', inviteId = '', role = '', name = ''] = opened.fields;
  if (!ROLES.has(role)) return null;
  return { spaceId, personId, inviteId, role: role as Role, name, expiresAtMs: opened.expiresAtMs };
}

/** @param key the server's `passKey` */
export function signResume(key: Uint8Array, token: ResumeToken): string {
  const { spaceId, seatId, personId, place, muted, expiresAtMs } = token;
  const heard = muted ? 'muted' : 'open';
  return seal(key, 'resume', [spaceId, seatId, personId, place, heard, String(expiresAtMs)]);
}

export function verifyResume(key: Uint8Array, token: string, nowMs: number): ResumeToken | null {
  const opened = open(key, 'resume', token, 5, nowMs);
  if (opened === null) return null;
  const [spaceId = '', seatId = '', personId = '', where = '', heard = ''] = opened.fields;
  const place = where === 'stage' ? 'stage' : 'green';
  return {
    spaceId,
    seatId,
    personId,
    place,
    muted: heard === 'muted',
    expiresAtMs: opened.expiresAtMs,
  };
}

/** The token of a one-time owner link. @param ownerKey the server's `ownerKey` */
export function signOwnerLink(ownerKey: Uint8Array, token: OwnerToken): string {
  return seal(ownerKey, 'owner-link', [token.id, String(token.expiresAtMs)]);
}

/** Whether the link was already used is for the store to say (`spendToken`). */
export function verifyOwnerLink(
  ownerKey: Uint8Array,
  token: string,
  nowMs: number,
): OwnerToken | null {
  return openOwner(ownerKey, 'owner-link', token, nowMs);
}

/** The value of the owner's session cookie. */
export function signOwnerSession(ownerKey: Uint8Array, token: OwnerToken): string {
  return seal(ownerKey, 'owner-session', [token.id, String(token.expiresAtMs)]);
}

export function verifyOwnerSession(
  ownerKey: Uint8Array,
  token: string,
  nowMs: number,
): OwnerToken | null {
  return openOwner(ownerKey, 'owner-session', token, nowMs);
}

/** Who somebody is in a space: the same for all passes of one invitation; without one, the owner. */
export function personIdOf(key: Uint8Array, spaceId: string, inviteId: string): string {
  const source = inviteId === '' ? 'owner' : `invite ${inviteId}`;
  return keyedId(key, 'person', [spaceId, source]);
}

function openOwner(
  key: Uint8Array,
  purpose: Purpose,
  token: string,
  nowMs: number,
): OwnerToken | null {
  const opened = open(key, purpose, token, 1, nowMs);
  return opened === null ? null : { id: opened.fields[0] ?? '', expiresAtMs: opened.expiresAtMs };
}

/** Every token ends with its expiry, after `count` other fields. */
function open(
  key: Uint8Array,
  purpose: Purpose,
  token: string,
  count: number,
  nowMs: number,
): { readonly fields: readonly string[]; readonly expiresAtMs: number } | null {
  const fields = unseal(key, purpose, token);
  const expiry = fields?.[count];
  if (fields?.length !== count + 1 || expiry === undefined || !DECIMAL.test(expiry)) return null;
  const expiresAtMs = Number(expiry);
  return nowMs < expiresAtMs ? { fields: fields.slice(0, count), expiresAtMs } : null;
}
