/**
 * Sealed tokens: a few short fields and an HMAC-SHA-256 (RFC 2104) over them, in base64url. The code
 * covers the purpose and every field, each behind its length, so that no two lists of fields have the
 * same bytes and a token made for one purpose is worth nothing for another. Invariant: exactly one text
 * exists per purpose, fields and key; any other spelling of it is refused. Sealed is not secret: whoever
 * holds a token can read its fields.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Longest sealed token that is looked at, characters. */
export const TOKEN_LENGTH_MAX = 1024;
const FIELDS_MAX = 8;
const MAC_BYTES = 32;
const TOKEN = /^[A-Za-z0-9_-]{4,}$/;

/** What a token is for; part of what is signed. */
export type Purpose =
  | 'pass'
  | 'resume'
  | 'owner-link'
  | 'owner-session'
  | 'person'
  | 'ticket'
  | 'ticket-id'
  | 'work'
  | 'lottery'
  | 'return'
  | 'seat';

/** @throws RangeError when the fields do not fit a token; the caller bounds them. */
export function seal(key: Uint8Array, purpose: Purpose, fields: readonly string[]): string {
  const body = pack(fields);
  const token = Buffer.concat([body, mac(key, purpose, body)]).toString('base64url');
  if (fields.length > FIELDS_MAX || token.length > TOKEN_LENGTH_MAX) {
    throw new RangeError(
      `a token holds ${FIELDS_MAX} fields and ${TOKEN_LENGTH_MAX} characters at most`,
    );
  }
  return token;
}

/** The fields of a token sealed with this key for this purpose; null for anything else. */
export function unseal(key: Uint8Array, purpose: Purpose, token: string): readonly string[] | null {
  const parts = partsOf(token);
  if (parts === null) return null;
  const { body, given } = parts;
  return timingSafeEqual(given, mac(key, purpose, body)) ? unpack(body) : null;
}

/** What stands in a token, whoever made it and for whatever: to be shown, never to be relied on. */
export function peek(token: string): readonly string[] | null {
  const parts = partsOf(token);
  return parts === null ? null : unpack(parts.body);
}

function partsOf(token: string): { readonly body: Buffer; readonly given: Buffer } | null {
  if (token.length > TOKEN_LENGTH_MAX || !TOKEN.test(token)) return null;
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length < MAC_BYTES || bytes.toString('base64url') !== token) return null;
  const end = bytes.length - MAC_BYTES;
  return { body: bytes.subarray(0, end), given: bytes.subarray(end) };
}

/** A keyed digest of fields, for identifiers that must be stable and not guessable; base64url. */
export function keyedId(key: Uint8Array, purpose: Purpose, fields: readonly string[]): string {
  return keyedDigest(key, purpose, fields).subarray(0, 16).toString('base64url');
}

/** The whole of it, 32 bytes. */
export function keyedDigest(key: Uint8Array, purpose: Purpose, fields: readonly string[]): Buffer {
  return mac(key, purpose, pack(fields));
}

function mac(key: Uint8Array, purpose: Purpose, body: Uint8Array): Buffer {
  return createHmac('sha256', key)
    .update(pack([purpose]))
    .update(body)
    .digest();
}

function pack(fields: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  for (const field of fields) {
    const text = Buffer.from(field, 'utf8');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(text.length);
    parts.push(length, text);
  }
  return Buffer.concat(parts);
}

function unpack(body: Buffer): readonly string[] | null {
  const fields: string[] = [];
  let at = 0;
  while (at < body.length) {
    if (at + 2 > body.length || fields.length === FIELDS_MAX) return null;
    const end = at + 2 + body.readUInt16BE(at);
    if (end > body.length) return null;
    fields.push(body.toString('utf8', at + 2, end));
    at = end;
  }
  return fields;
}
