/**
 * A server's signing key: Ed25519 (RFC 8032). What is signed begins with its purpose, so that a
 * signature made for one kind of document is worth nothing under another. Invariant: one signature has
 * one spelling; base64url with stray bits in its last letter is refused.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

export const SEED_BYTES = 32;
const PUBLIC_BYTES = 32;
const SIGNATURE_BYTES = 64;
/** What stands before a raw key in PKCS#8 and in SubjectPublicKeyInfo (RFC 8410 §4, §7). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');

export type SignedKind = 'certificate' | 'permit';

export interface SigningKey {
  /** Raw public key, base64url. */
  readonly publicKey: string;
  /** SHA-256 of the raw public key, hexadecimal. */
  readonly fingerprint: string;
  /** @param text canonical JSON. @returns the signature, base64url */
  sign(kind: SignedKind, text: string): string;
}

/** @param seed 32 secret bytes; it is not kept, the key made from it is */
export function signingKey(seed: Uint8Array): SigningKey {
  if (seed.length !== SEED_BYTES) throw new RangeError(`A seed has ${SEED_BYTES} bytes.`);
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const raw = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(SPKI.length);
  return {
    publicKey: raw.toString('base64url'),
    fingerprint: fingerprintOfRaw(raw),
    sign: (kind, text) => sign(null, signedBytes(kind, text), key).toString('base64url'),
  };
}

/** SHA-256 of a public key given in base64url, hexadecimal; null when it is none. */
export function fingerprintOf(publicKey: string): string | null {
  const raw = exactBytes(publicKey, PUBLIC_BYTES);
  return raw === null ? null : fingerprintOfRaw(raw);
}

/** Whether this key signed this text for this purpose. Never throws. */
export function signatureHolds(
  kind: SignedKind,
  text: string,
  signature: string,
  publicKey: string,
): boolean {
  const bytes = exactBytes(signature, SIGNATURE_BYTES);
  const key = publicKeyOf(publicKey);
  return bytes !== null && key !== null && verify(null, signedBytes(kind, text), key, bytes);
}

function publicKeyOf(publicKey: string): KeyObject | null {
  const raw = exactBytes(publicKey, PUBLIC_BYTES);
  if (raw === null) return null;
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

function fingerprintOfRaw(raw: Uint8Array): string {
  return createHash('sha256').update(raw).digest('hex');
}

function signedBytes(kind: SignedKind, text: string): Buffer {
  return Buffer.from(`parterre ${kind} 1\n${text}`, 'utf8');
}

/** The bytes of a base64url text of exactly this length in its only spelling, else null. */
function exactBytes(text: string, length: number): Buffer | null {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.length === length && bytes.toString('base64url') === text ? bytes : null;
}
