/**
 * Answers as bytes, for the path that has no HTTP library in it, and the header fields that both paths
 * share. Every answer of the lanes may be read by any page (CORS); none may be stored or changed on the
 * way.
 */
import { ERRORS, type ErrorCode, errorBody, LANE_HEADER } from '@parterre/protocol';

/** Header fields by lower-case name. */
export type Fields = Readonly<Record<string, string>>;

/** For a public resource without credentials (Fetch §3.2). */
export const CORS_FIELDS: Fields = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Content-Length, Content-Range, ETag, Retry-After, Date, Parterre-Return, Parterre-Lane',
};

export const PREFLIGHT_FIELDS: Fields = {
  ...CORS_FIELDS,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Range, If-Range, If-None-Match',
  'access-control-max-age': '86400',
};

/** What is sent as a stream: the listeners of a cohort are told the same. */
export interface Stream {
  readonly word: string;
  readonly source: { readonly format: { readonly contentType: string } };
}

/**
 * A stream without an end: not stored, not transformed, not gathered by a proxy, ended by closing.
 * @param returnToken lets the listener come back without waiting
 */
export function streamFields({ word, source }: Stream, returnToken: string | null): Fields {
  return {
    ...(returnToken === null ? {} : { 'parterre-return': returnToken }),
    [LANE_HEADER]: word,
    'content-type': source.format.contentType,
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    ...CORS_FIELDS,
    connection: 'close',
  };
}

/** Why there is no sound for a request, when to ask again, and where there is some. */
export interface Refusal {
  readonly refusal: ErrorCode;
  readonly detail?: string | undefined;
  readonly retryAfterS?: number | undefined;
  readonly location?: string | undefined;
}

/** Fields of a refusal; the body is `errorBody(code, detail)`. */
export function refusalFields({ retryAfterS, location }: Partial<Refusal>): Record<string, string> {
  const fields: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...CORS_FIELDS,
  };
  if (retryAfterS !== undefined) fields['retry-after'] = String(retryAfterS);
  if (location !== undefined) fields.location = location;
  return fields;
}

export function refusalBody(code: ErrorCode, detail: string | undefined): Buffer {
  return Buffer.from(JSON.stringify(errorBody(code, detail)));
}

interface Refused {
  readonly refused: Refusal;
  readonly keptS: number;
  readonly headOnly: boolean;
  readonly second: number;
  readonly bytes: Buffer;
}

/** A crowd is refused in so many words, at most, that they are found at once. */
const REFUSED_MAX = 16;

/** Heads of the fast path, made once a second because of `Date` (RFC 9110 §6.6.1). */
export class FastAnswers {
  readonly #heads = new Map<string, Buffer>();
  #second = -1;
  /** Of the last who joined; in a stampede the next one's as well. */
  #last: { word: string; returnToken: string | null; second: number; bytes: Buffer } | null = null;
  /** Of those refused last, as they were asked for; the same objects again for thousands. */
  readonly #refused: Refused[] = [];

  /** The head of a stream; the same for all who come within a second. */
  streamHead(stream: Stream, wallMs: number, returnToken: string | null): Buffer {
    const { word } = stream;
    const last = this.#last;
    const second = Math.floor(wallMs / 1_000);
    if (last?.second === second && last.word === word)
      if (last.returnToken === returnToken) return last.bytes;
    const bytes = this.#kept(`${word} ${returnToken ?? ''}`, wallMs, (date) =>
      head(200, { ...streamFields(stream, returnToken), date }),
    );
    this.#last = { word, returnToken, second, bytes };
    return bytes;
  }

  /**
   * A whole refusal, head and body, or the head alone.
   * @param keptS for so long the connection is kept for a next request; 0 closes it
   */
  refusal(refused: Refusal, headOnly: boolean, wallMs: number, keptS = 0): Buffer {
    const second = Math.floor(wallMs / 1_000);
    for (const last of this.#refused)
      if (last.refused === refused && last.keptS === keptS && last.headOnly === headOnly)
        if (last.second === second) return last.bytes;
    const bytes = this.#refusal(refused, headOnly, wallMs, keptS);
    if (this.#refused[0]?.second !== second || this.#refused.length >= REFUSED_MAX)
      this.#refused.length = 0;
    this.#refused.push({ refused, keptS, headOnly, second, bytes });
    return bytes;
  }

  #refusal(refused: Refusal, headOnly: boolean, wallMs: number, keptS: number): Buffer {
    const { refusal: code, detail = '', retryAfterS = '', location = '' } = refused;
    const name = `${code} ${retryAfterS} ${headOnly} ${keptS} ${detail} ${location}`;
    return this.#kept(name, wallMs, (date) => {
      const body = refusalBody(code, refused.detail);
      const fields = {
        ...refusalFields(refused),
        'content-length': String(body.length),
        date,
        ...connectionFields(keptS),
      };
      const start = head(ERRORS[code].status, fields);
      return headOnly ? start : Buffer.concat([start, body]);
    });
  }

  #kept(name: string, wallMs: number, make: (date: string) => Buffer): Buffer {
    const second = Math.floor(wallMs / 1_000);
    if (second !== this.#second || this.#heads.size >= HEADS_MAX) {
      this.#heads.clear();
      this.#second = second;
    }
    let bytes = this.#heads.get(name);
    if (bytes === undefined) {
      bytes = make(new Date(second * 1_000).toUTCString());
      this.#heads.set(name, bytes);
    }
    return bytes;
  }
}

/** @param keptS 0: it is closed */
export function connectionFields(keptS: number): Fields {
  if (keptS === 0) return { connection: 'close' };
  return { connection: 'keep-alive', 'keep-alive': `timeout=${keptS}` };
}

const HEADS_MAX = 256;

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  307: 'Temporary Redirect',
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
};

/** Status line and fields, with the blank line. */
export function head(status: number, fields: Fields): Buffer {
  let out = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n`;
  for (const [name, value] of Object.entries(fields)) out += `${name}: ${value}\r\n`;
  return Buffer.from(`${out}\r\n`, 'latin1');
}
