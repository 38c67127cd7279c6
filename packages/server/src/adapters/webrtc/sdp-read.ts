/**
 * Session descriptions of the other side (RFC 8866, RFC 8829), read into the few checked fields the stage
 * uses. Reading is total: any text gives a description or `sdp_invalid`, and nothing of the text itself
 * goes further. Refused is what exceeds the limits, has no ICE credentials, fingerprint or bundle, or no
 * usable media section.
 */
import { ParterreError } from '@parterre/protocol';
import { CANDIDATE_LENGTH_MAX, checkedCandidate } from './candidate.ts';

export type MediaDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';
export type Setup = 'active' | 'passive' | 'actpass';

export interface MediaSection {
  readonly kind: string;
  readonly mid: string;
  readonly rejected: boolean;
  readonly protocol: string;
  /** The payload types as offered, for an answer that rejects the section. */
  readonly formats: string;
  readonly direction: MediaDirection;
  /** Payload type of Opus at 48 kHz, or null. */
  readonly opus: number | null;
  /** Identifier of the audio level (RFC 6464) in header extensions, or null. */
  readonly audioLevelId: number | null;
  readonly ssrcs: readonly number[];
}

export interface RemoteDescription {
  readonly ufrag: string;
  readonly pwd: string;
  readonly fingerprint: { readonly algorithm: string; readonly value: string };
  readonly setup: Setup;
  readonly sections: readonly MediaSection[];
  /** Checked lines for the native library. */
  readonly candidates: readonly string[];
}

export const SDP_LENGTH_MAX = 64 * 1024;
export const SDP_LINES_MAX = 2_000;
export const SDP_LINE_LENGTH_MAX = 2_048;
export const SECTIONS_MAX = 16;
export const CANDIDATES_MAX = 32;
const SSRCS_MAX = 8;

const MEDIA = /^m=([a-z]{1,16}) (\d{1,5}) ([A-Z/]{1,32}) ([0-9A-Za-z\- ]{1,512})$/;
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}$/;
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PWD = /^[A-Za-z0-9+/]{22,256}$/;
const FINGERPRINT = /^(sha-(?:256|384|512)) ((?:[0-9A-F]{2}:){31,63}[0-9A-F]{2})$/i;
const DIGEST_BYTES: Readonly<Record<string, number>> = {
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
};
const OPUS = /^(\d{1,3}) opus\/48000\/2$/i;
const EXTMAP = /^(\d{1,3})(?:\/[a-z]{1,8})? (\S{1,256})$/;
const SSRC = /^(\d{1,10}) /;
const AUDIO_LEVEL = 'urn:ietf:params:rtp-hdrext:ssrc-audio-level';
const DIRECTIONS: ReadonlySet<string> = new Set(['sendrecv', 'sendonly', 'recvonly', 'inactive']);

interface Draft {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: string;
  readonly attributes: Map<string, string[]>;
}

export function refuseSdp(rule: string): ParterreError {
  return new ParterreError('sdp_invalid', rule);
}

/** @throws ParterreError `sdp_invalid` naming the rule, never the text */
export function readDescription(sdp: string): RemoteDescription {
  const [session, media] = split(sdp);
  if (media.length === 0) throw refuseSdp('There is no media section.');
  const sections = media.map(sectionOf);
  const mids = new Set(sections.map((section) => section.mid));
  if (mids.size !== sections.length) throw refuseSdp('Two sections have the same mid.');
  const carrier = media.find((draft) => draft.port !== 0 && draft.kind === 'audio') ?? media[0]!;
  const one = (name: string): string => first(carrier, name) ?? first(session, name) ?? '';
  const ufrag = one('ice-ufrag');
  const pwd = one('ice-pwd');
  if (!UFRAG.test(ufrag) || !PWD.test(pwd)) throw refuseSdp('The ICE credentials are not valid.');
  const setup = one('setup');
  if (setup !== 'active' && setup !== 'passive' && setup !== 'actpass') {
    throw refuseSdp('The setup attribute is not valid.');
  }
  const candidates = media
    .flatMap((draft) => draft.attributes.get('candidate') ?? [])
    .filter((text) => text.length < CANDIDATE_LENGTH_MAX)
    .map((text) => checkedCandidate(`candidate:${text}`))
    .filter((line) => line !== null)
    .slice(0, CANDIDATES_MAX);
  return {
    ufrag,
    pwd,
    fingerprint: fingerprintOf(one('fingerprint')),
    setup,
    sections,
    candidates,
  };
}

function fingerprintOf(text: string): RemoteDescription['fingerprint'] {
  const match = FINGERPRINT.exec(text);
  const algorithm = match?.[1]?.toLowerCase() ?? '';
  const value = match?.[2]?.toUpperCase() ?? '';
  if (match === null || (value.length + 1) / 3 !== DIGEST_BYTES[algorithm]) {
    throw refuseSdp('The fingerprint is not a SHA-2 digest.');
  }
  return { algorithm, value };
}

function split(sdp: string): [Draft, Draft[]] {
  if (sdp.length > SDP_LENGTH_MAX) throw refuseSdp(`More than ${SDP_LENGTH_MAX} characters.`);
  const lines = sdp.split(/\r?\n/, SDP_LINES_MAX + 1);
  if (lines.length > SDP_LINES_MAX) throw refuseSdp(`More than ${SDP_LINES_MAX} lines.`);
  if (lines[0] !== 'v=0') throw refuseSdp('It does not begin with v=0.');
  const session: Draft = { kind: '', port: 0, protocol: '', formats: '', attributes: new Map() };
  const media: Draft[] = [];
  let current = session;
  for (const line of lines) {
    if (line.length > SDP_LINE_LENGTH_MAX) throw refuseSdp('A line is too long.');
    if (line.startsWith('m=')) {
      current = mediaOf(line);
      media.push(current);
      if (media.length > SECTIONS_MAX) throw refuseSdp(`More than ${SECTIONS_MAX} sections.`);
    } else if (line.startsWith('a=')) {
      attribute(current, line);
    }
  }
  return [session, media];
}

function mediaOf(line: string): Draft {
  const match = MEDIA.exec(line);
  if (match === null) throw refuseSdp('A media line is not valid.');
  const [, kind = '', port, protocol = '', formats = ''] = match;
  return { kind, port: Number(port), protocol, formats, attributes: new Map() };
}

function attribute(draft: Draft, line: string): void {
  const colon = line.indexOf(':');
  const name = colon === -1 ? line.slice(2) : line.slice(2, colon);
  const value = colon === -1 ? '' : line.slice(colon + 1);
  const values = draft.attributes.get(name);
  if (values === undefined) draft.attributes.set(name, [value]);
  else values.push(value);
}

function first(draft: Draft, name: string): string | undefined {
  return draft.attributes.get(name)?.[0];
}

function sectionOf(draft: Draft): MediaSection {
  const mid = first(draft, 'mid') ?? '';
  if (!TOKEN.test(mid)) throw refuseSdp('A section has no valid mid.');
  const directions = [...draft.attributes.keys()].filter((name) => DIRECTIONS.has(name));
  return {
    kind: draft.kind,
    mid,
    rejected: draft.port === 0 && !draft.attributes.has('bundle-only'),
    protocol: draft.protocol,
    formats: draft.formats,
    direction: (directions[0] ?? 'sendrecv') as MediaDirection,
    opus: opusOf(draft),
    audioLevelId: audioLevelOf(draft),
    ssrcs: ssrcsOf(draft),
  };
}

function opusOf(draft: Draft): number | null {
  const offered = new Set(draft.formats.split(' '));
  for (const value of draft.attributes.get('rtpmap') ?? []) {
    const payloadType = OPUS.exec(value)?.[1];
    if (payloadType !== undefined && offered.has(payloadType) && Number(payloadType) < 128) {
      return Number(payloadType);
    }
  }
  return null;
}

function audioLevelOf(draft: Draft): number | null {
  for (const value of draft.attributes.get('extmap') ?? []) {
    const match = EXTMAP.exec(value);
    const id = Number(match?.[1]);
    if (match?.[2] === AUDIO_LEVEL && id >= 1 && id <= 14) return id;
  }
  return null;
}

function ssrcsOf(draft: Draft): number[] {
  const ssrcs = new Set<number>();
  for (const value of draft.attributes.get('ssrc') ?? []) {
    const ssrc = Number(SSRC.exec(value)?.[1] ?? Number.NaN);
    if (Number.isInteger(ssrc) && ssrc > 0 && ssrc < 2 ** 32) ssrcs.add(ssrc);
    if (ssrcs.size === SSRCS_MAX) break;
  }
  return [...ssrcs];
}
