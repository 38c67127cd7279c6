/**
 * The strict fast path's parser: is this packet exactly one well-formed request for the live lane, or for
 * how a space's line stands?
 * A function of the bytes of a connection's first packet alone (RFC 9112 §2–5). Whatever it does not
 * recognise to the last byte it refuses with `null`, never with an error: the full HTTP parser then
 * answers. It reads no byte beyond the packet, and no packet beyond `FAST_HEAD_BYTES_MAX`. What nearly all
 * ask for is the same, and was read before: the last space's plain requests are kept, so that who asks for
 * no more than that costs no allocation.
 */
import { PROFILES, type ProfileId, type RenditionId, SPACE_ID } from '@parterre/protocol';
import type { SessionName } from '../gate/index.ts';
import { sessionAt } from './sessions.ts';

/** Larger first packets go to the full parser, which has its own limit. */
export const FAST_HEAD_BYTES_MAX = 4_096;
const HEADER_LINES_MAX = 64;
/** 15 decimal digits stay below 2^53. */
const FROM_DIGITS_MAX = 15;

export interface LiveRequest {
  /** The answer is its head alone (RFC 9110 §9.3.2). */
  readonly headOnly: boolean;
  readonly spaceId: string;
  /** The first sequence wanted; null begins at the profile's buffer. */
  readonly from: number | null;
  /** null takes the space's own. */
  readonly profile: ProfileId | null;
  /** One who comes back asks for what they had; null takes the space's own. */
  readonly rendition: RenditionId | null;
  /** What lets one who was in come back. */
  readonly pass: string | null;
  /** The connection may have a next request, when this one is refused. */
  readonly kept: boolean;
  /** A group's link. */
  readonly link: string | null;
  readonly session: SessionName | null;
}

const CR = 13;
const LF = 10;
const SPACE = 32;
const TAB = 9;
const AMPERSAND = 38;
const COLON = 58;
const QUESTION = 63;
const DELETE = 127;

/** Where a byte may stand. */
const IN_NAME = 1;
const IN_VALUE = 2;
const IN_QUERY = 4;
const IN_PATH = 8;
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => kindOf(byte));

const GET = ascii('GET /live/');
const HEAD = ascii('HEAD /live/');
const VERSION = ascii(' HTTP/1.1\r\n');
const HOST = ascii('host');
const CONNECTION = ascii('connection');
const KEEP_ALIVE = ascii('keep-alive');
/** What a header may be: not for here, or plain, and then whether the connection may have a next request. */
const FOREIGN = 0;
const LAST = 1;
const KEPT = 2;
/** Fields whose presence changes how a connection is read; the full parser knows how. */
const FOREIGN_NAMES = [
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
].map(ascii);
/** The fields that are looked at, by the length of their names. */
const NAMES = Array.from({ length: 18 }, (_, length) =>
  [HOST, CONNECTION, ...FOREIGN_NAMES].filter((name) => name.length === length),
);
const NONE: readonly Uint8Array[] = [];

/**
 * @param bytes the packet, and maybe more
 * @param end of the packet
 * @returns null when the full parser must answer
 */
export function parseLiveRequest(bytes: Buffer, end = bytes.length): LiveRequest | null {
  if (end > FAST_HEAD_BYTES_MAX || !endsHead(bytes, end)) return null;
  const headOnly = bytes[0] === HEAD[0];
  const prefix = headOnly ? HEAD : GET;
  if (!matchesAt(bytes, 0, end, prefix)) return null;

  const pathEnd = endOf(IN_PATH, bytes, prefix.length, end);
  const space = spaceAt(bytes, prefix.length, pathEnd);
  if (space === null) return null;

  let lineEnd = pathEnd;
  let query = NO_QUERY;
  if (bytes[pathEnd] === QUESTION) {
    // Stops at the first byte that may not stand in a query unescaped; percent-escapes are not for here.
    lineEnd = endOf(IN_QUERY, bytes, pathEnd + 1, end);
    const parsed = parseLiveQuery(bytes, pathEnd + 1, lineEnd);
    // A ticket has to be asked about, which takes its time.
    if (parsed === null || parsed.ticket !== null) return null;
    query = parsed;
  }
  if (!matchesAt(bytes, lineEnd, end, VERSION)) return null;
  const header = headerOf(bytes, lineEnd + VERSION.length, end);
  if (header === FOREIGN) return null;
  const kept = header === KEPT;
  if (query !== NO_QUERY) return requestOf(space.id, query, headOnly, kept);
  const plain = (headOnly ? 2 : 0) + (kept ? 1 : 0);
  space.plain[plain] ??= requestOf(space.id, NO_QUERY, headOnly, kept);
  return space.plain[plain];
}

function requestOf(
  spaceId: string,
  { from, profile, rendition, pass, link, session }: LiveQuery,
  headOnly: boolean,
  kept: boolean,
): LiveRequest {
  return { headOnly, spaceId, from, profile, rendition, pass, link, session, kept };
}

const WAITING = ascii('GET /gate/');

/**
 * Is this packet exactly one request for how a space's line stands, on a connection that is to be kept?
 * @param bytes the packet, and maybe more
 * @param end of the packet
 * @returns the space; null when the full parser must answer
 */
export function parseWaitingRequest(bytes: Buffer, end = bytes.length): string | null {
  if (end > FAST_HEAD_BYTES_MAX || !endsHead(bytes, end)) return null;
  if (!matchesAt(bytes, 0, end, WAITING)) return null;
  const pathEnd = endOf(IN_PATH, bytes, WAITING.length, end);
  if (!matchesAt(bytes, pathEnd, end, VERSION)) return null;
  const space = spaceAt(bytes, WAITING.length, pathEnd);
  if (space === null) return null;
  return headerOf(bytes, pathEnd + VERSION.length, end) === KEPT ? space.id : null;
}

/** The space that was asked for last. */
interface Asked {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** Its requests without a query: of the answer's head alone or not, of a kept connection or not. */
  readonly plain: (LiveRequest | undefined)[];
}
let asked: Asked = { id: '', bytes: new Uint8Array(0), plain: [] };

/** @returns null where that is no space's id */
function spaceAt(bytes: Buffer, from: number, end: number): Asked | null {
  if (end - from === asked.bytes.length && matchesAt(bytes, from, end, asked.bytes))
    return end === from ? null : asked;
  const id = text(bytes, from, end);
  if (!SPACE_ID.test(id)) return null;
  asked = { id, bytes: ascii(id), plain: [] };
  return asked;
}

export interface LiveQuery {
  readonly from: number | null;
  readonly profile: ProfileId | null;
  readonly rendition: RenditionId | null;
  /** `return=`: what lets one who was in come back. */
  readonly pass: string | null;
  /** `ticket=`: a place in line. */
  readonly ticket: string | null;
  /** `pass=`: the link of a group that has seats kept. */
  readonly link: string | null;
  /** `session=`: which player this is, and which of its connections (`sessions.ts`). */
  readonly session: SessionName | null;
}

const NO_QUERY: LiveQuery = {
  from: null,
  profile: null,
  rendition: null,
  pass: null,
  ticket: null,
  link: null,
  session: null,
};

/**
 * The query of a live request. Unknown parameters are tolerated; `from` and `profile` are not
 * tolerated twice or malformed, nor is a malformed `session`.
 * @returns null when the request is not valid
 */
export function parseLiveQuery(bytes: Buffer, from: number, end: number): LiveQuery | null {
  if (from === end) return NO_QUERY;
  const query: Writable<LiveQuery> = { ...NO_QUERY };
  for (let at = from; at <= end; ) {
    let next = at;
    while (next < end && bytes[next] !== AMPERSAND) next++;
    if (matchesAt(bytes, at, next, SESSION)) {
      query.session = sessionAt(bytes, at + SESSION.length, next);
      if (query.session === null) return null;
    } else if (!readParameter(query, text(bytes, at, next))) return null;
    at = next + 1;
  }
  return query;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
/** What nearly every player gives, and often nothing else: read without a string. */
const SESSION = ascii('session=');

/** @returns whether it may be so */
function readParameter(query: Writable<LiveQuery>, parameter: string): boolean {
  if (parameter.startsWith('from=')) {
    const digits = parameter.slice(5);
    if (query.from !== null || digits.length > FROM_DIGITS_MAX || !/^\d+$/.test(digits))
      return false;
    query.from = Number(digits);
  } else if (parameter.startsWith('profile=')) {
    const id = parameter.slice(8);
    if (query.profile !== null || !Object.hasOwn(PROFILES, id)) return false;
    query.profile = id as ProfileId;
  } else if (parameter === 'rendition=voice24') {
    query.rendition = 'voice24';
  } else if (parameter.startsWith('return=')) {
    query.pass = parameter.slice(7);
  } else if (parameter.startsWith('ticket=')) {
    query.ticket = parameter.slice(7);
  } else if (parameter.startsWith('pass=')) {
    query.link = parameter.slice(5);
  }
  return true;
}

/** The first blank line is the packet's end: one whole request, nothing after it. */
function endsHead(bytes: Uint8Array, end: number): boolean {
  return (
    end >= 4 &&
    bytes[end - 4] === CR &&
    bytes[end - 3] === LF &&
    bytes[end - 2] === CR &&
    bytes[end - 1] === LF
  );
}

/** Behind the last byte of a kind. */
function endOf(kind: number, bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  while (at < end && (KINDS[bytes[at]!]! & kind) !== 0) at++;
  return at;
}

function kindOf(byte: number): number {
  const letter = String.fromCharCode(byte);
  const name = /[A-Za-z0-9_-]/.test(letter) ? IN_NAME : 0;
  const value = (byte >= SPACE || byte === TAB) && byte !== DELETE ? IN_VALUE : 0;
  const query = /[A-Za-z0-9._=&-]/.test(letter) ? IN_QUERY : 0;
  const path = byte !== SPACE && byte !== QUESTION && byte !== CR ? IN_PATH : 0;
  return name | value | query | path;
}

/**
 * FOREIGN unless every line is `name: value`, none is folded or foreign, `Host` stands exactly once and the
 * last is blank; then LAST where the client says of the connection anything but `keep-alive`.
 */
function headerOf(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  let hosts = 0;
  let plain = KEPT;
  for (let lines = 0; lines <= HEADER_LINES_MAX; lines++) {
    if (bytes[at] === CR) {
      const whole = at + 2 === end && bytes[at + 1] === LF && hosts === 1;
      return whole ? plain : FOREIGN;
    }
    const nameEnd = endOf(IN_NAME, bytes, at, end);
    if (nameEnd === at || bytes[nameEnd] !== COLON) return FOREIGN;
    const valueEnd = endOf(IN_VALUE, bytes, nameEnd + 1, end);
    if (bytes[valueEnd] !== CR || bytes[valueEnd + 1] !== LF) return FOREIGN;
    const name = nameAt(bytes, at, nameEnd);
    if (name === HOST) hosts++;
    else if (name === CONNECTION) {
      if (!saysKeepAlive(bytes, nameEnd + 1, valueEnd)) plain = LAST;
    } else if (name !== null) return FOREIGN;
    at = valueEnd + 2;
  }
  return FOREIGN;
}

/** Which of the fields that are looked at; null for any other. */
function nameAt(bytes: Uint8Array, from: number, end: number): Uint8Array | null {
  for (const name of NAMES[end - from] ?? NONE) if (isName(bytes, from, end, name)) return name;
  return null;
}

function saysKeepAlive(bytes: Uint8Array, from: number, end: number): boolean {
  const at = bytes[from] === SPACE ? from + 1 : from;
  return isName(bytes, at, end, KEEP_ALIVE);
}

function isName(bytes: Uint8Array, from: number, end: number, lower: Uint8Array): boolean {
  if (end - from !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const byte = bytes[from + i]!;
    const folded = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (folded !== lower[i]) return false;
  }
  return true;
}

function matchesAt(bytes: Uint8Array, at: number, end: number, expected: Uint8Array): boolean {
  if (at + expected.length > end) return false;
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function text(bytes: Buffer, from: number, end: number): string {
  return bytes.toString('latin1', from, end);
}

function ascii(value: string): Uint8Array {
  return Uint8Array.from(value, (letter) => letter.charCodeAt(0));
}
