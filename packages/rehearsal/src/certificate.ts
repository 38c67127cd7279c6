/**
 * The capacity certificate: what a rehearsal held, signed by the server that was rehearsed [P8].
 * Invariants: only a rehearsal that held every promise is certified; the signature covers every value
 * and the key's fingerprint; a certificate has one spelling, and any other is refused. It claims what
 * was heard and nothing beyond: what it is worth today is `checkCertificate`'s to say.
 */
import { createHash } from 'node:crypto';
import {
  type Certificate,
  type CertificatePayload,
  type CertificateState,
  isCertificate,
} from '@parterre/protocol/certificate';
import type { RehearsalResult, ServerDescription } from '@parterre/protocol/rehearsal';
import { canonicalJson } from './canonical.ts';
import { fingerprintOf, type SigningKey, signatureHolds } from './signing.ts';

/** How long a certificate counts, ms. */
export const CERTIFICATE_MS = 30 * 86_400_000;
/** Longest text that is looked at, characters. */
const CERTIFICATE_LENGTH_MAX = 65_536;

export interface IssueOptions {
  readonly key: SigningKey;
  readonly result: RehearsalResult;
  /** The server's own word on itself. */
  readonly server: ServerDescription;
  /** 16 of a–z and 0–9, not used before. */
  readonly id: string;
  readonly issuer: string;
  readonly broughtBy: CertificatePayload['broughtBy'];
  readonly nowMs: number;
}

/**
 * Signs. The caller has seen to it that the result may be certified (`objectionTo`).
 * @returns the certificate
 */
export function issueCertificate(options: IssueOptions): Certificate {
  const { key, result, server, id, issuer, broughtBy, nowMs } = options;
  const { scenario, generator, exercised, promises, saturated } = result;
  const payload: CertificatePayload = {
    v: 1,
    id,
    issuedAtMs: nowMs,
    expiresAtMs: nowMs + CERTIFICATE_MS,
    issuer,
    key: key.fingerprint,
    broughtBy,
    outcome: 'held',
    capacity: { listeners: exercised.listeners, joinsPerS: exercised.joinsPer10S },
    server,
    rehearsal: {
      id: result.id,
      beganAtMs: result.beganAtMs,
      endedAtMs: result.endedAtMs,
      digest: digestOfResult(result),
      scenario: scenario.name,
      scale: scenario.scale,
      speed: scenario.speed,
      profile: result.target.profile,
      generator: {
        machine: generator.machine,
        processes: generator.processes,
        sameMachine: generator.sameMachine,
      },
    },
    exercised,
    promises,
    saturated,
    latencyMs: result.latencyMs,
    joinMs: result.joinMs,
    resumeMs: result.resumeMs,
    cost: result.cost,
  };
  return {
    payload,
    publicKey: key.publicKey,
    signature: key.sign('certificate', canonicalJson(payload)),
  };
}

/** SHA-256 of a result's canonical JSON, hexadecimal: ties a certificate to the document it speaks of. */
export function digestOfResult(result: RehearsalResult): string {
  return createHash('sha256').update(canonicalJson(result)).digest('hex');
}

/** Why a result cannot be certified, in a sentence; null when it can. */
export function objectionTo(result: RehearsalResult): string | null {
  if (result.outcome !== 'held') return `Its outcome is "${result.outcome}": ${result.reason}`;
  if (result.promises.length === 0) return 'It looked at no promise.';
  const broken = result.promises.find(({ held, measured, limit }) => !held || measured > limit);
  if (broken !== undefined)
    return `${broken.measure} was ${broken.measured}, and may be ${broken.limit} at most.`;
  if (result.totals.gaps + result.totals.dry + result.totals.wrongBytes > 0)
    return 'Somebody heard a gap.';
  if (result.exercised.listeners === 0) return 'Nobody listened.';
  return null;
}

/** The only spelling of a certificate: canonical JSON and a line's end. */
export function certificateText(certificate: Certificate): string {
  return `${canonicalJson(certificate)}\n`;
}

/** A certificate from its text; null for anything that is not exactly as a server writes it. */
export function readCertificate(text: string): Certificate | null {
  if (text.length > CERTIFICATE_LENGTH_MAX) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isCertificate(value) && `${text.replace(/\n$/, '')}\n` === certificateText(value)
      ? value
      : null;
  } catch {
    return null;
  }
}

export interface Standing {
  readonly state: CertificateState;
  /** What differs from the server now, as dotted names; empty when nothing does or it is not known. */
  readonly differs: readonly string[];
  /** The same in plain words. */
  readonly words: string;
}

/**
 * What a certificate is worth now.
 * @param publicKey of the server it should be from, base64url; null to ask only whether it is whole
 * @param description of the server as it is now; null when that is not known
 */
export function checkCertificate(
  certificate: Certificate,
  publicKey: string | null,
  nowMs: number,
  description: ServerDescription | null,
): Standing {
  const { payload, signature } = certificate;
  const forged = (words: string): Standing => ({ state: 'forged', differs: [], words });
  if (publicKey !== null && certificate.publicKey !== publicKey)
    return forged('It was signed with another key than this server’s.');
  if (fingerprintOf(certificate.publicKey) !== payload.key)
    return forged('It names another key than the one it was signed with.');
  if (!signatureHolds('certificate', canonicalJson(payload), signature, certificate.publicKey))
    return forged('Its signature does not fit: something in it was changed.');
  const differs = description === null ? [] : differences(payload.server, description);
  if (nowMs >= payload.expiresAtMs)
    return { state: 'expired', differs, words: `It expired on ${dayOf(payload.expiresAtMs)}.` };
  if (differs.length > 0) {
    const words = `The server has changed since it was rehearsed: ${differs.join(', ')}.`;
    return { state: 'stale', differs, words };
  }
  const until = `It counts until ${dayOf(payload.expiresAtMs)}.`;
  const words =
    description === null ? `${until} Whether the server is still the same was not asked.` : until;
  return { state: 'valid', differs, words };
}

/** Names of what is not the same in two descriptions, sorted: `build.digest`, `configuration.edges`. */
export function differences(before: ServerDescription, now: ServerDescription): readonly string[] {
  const parts = ['build', 'configuration', 'machine', 'topology'] as const;
  return parts.flatMap((part) => {
    const [a, b]: readonly Record<string, unknown>[] = [before[part], now[part]];
    const names = [...new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})])].sort();
    return names.filter((name) => a?.[name] !== b?.[name]).map((name) => `${part}.${name}`);
  });
}

function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
