/**
 * Answers as bytes, for the path that has no HTTP library in it, and the header fields that both paths
 * share. Every answer of the lanes may be read by any page (CORS); none may be stored or changed on the
 * way.
 */
import { ERRORS, type ErrorCode, errorBody } from '@parterre/protocol';

/** Header fields by lower-case name. */
export type Fields = Readonly<Record<string, string>>;

/** For a public resource without credentials (Fetch §3.2). */
export const CORS_FIELDS: Fields = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Content-Length, Content-Range, ETag, Retry-After, Date, Parterre-Return',
};

export const PREFLIGHT_FIELDS: Fields = {
  ...CORS_FIELDS,
  'access-control-allow-methods': 'GET, HEAD, OPTIONS',
  'access-control-allow-headers': 'Range, If-Range, If-None-Match',
  'access-control-max-age': '86400',
};

/**
 * A stream without an end: not stored, not transformed, not gathered by a proxy, ended by closing.
 * @param returnToken lets the listener come back without waiting
 */
export function streamFields(contentType: string, returnToken: string | null): Fields {
  return {
    ...(returnToken === null ? {} : { 'parterre-return': returnToken }),
    'content-type': contentType,
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
    ...CORS_FIELDS,
    connection: 'close',
  };
}

/** Fields of a refusal; the body is `errorBody(code, detail)`. */
export function refusalFields(retryAfterS: number | undefined): Record<string, string> {
  const fields: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...CORS_FIELDS,
  };
  if (retryAfterS !== undefined) fields['retry-after'] = String(retryAfterS);
  return fields;
}

export function refusalBody(code: ErrorCode, detail: string | undefined): Buffer {
  return Buffer.from(JSON.stringify(errorBody(code, detail)));
}

/** Heads of the fast path, made once a second because of `Date` (RFC 9110 §6.6.1). */
export class FastAnswers {
  readonly #heads = new Map<string, Buffer>();
  #second = -1;
  /** Of the last who joined; in a stampede the next one's as well. */
  #last: { contentType: string; returnToken: string | null; second: number; bytes: Buffer } | null =
    null;

  /** The head of a stream; the same for all who come within a second. */
  streamHead(contentType: string, wallMs: number, returnToken: string | null): Buffer {
    const last = this.#last;
    const second = Math.floor(wallMs / 1_000);
    if (last?.second === second && last.contentType === contentType)
      if (last.returnToken === returnToken) return last.bytes;
    const bytes = this.#kept(`${contentType} ${returnToken ?? ''}`, wallMs, (date) =>
      head(200, { ...streamFields(contentType, returnToken), date }),
    );
    this.#last = { contentType, returnToken, second, bytes };
    return bytes;
  }

  /**
   * A whole refusal, head and body, or the head alone.
   * @param keptS for so long the connection is kept for a next request; 0 closes it
   */
  refusal(
    code: ErrorCode,
    detail: string | undefined,
    retryAfterS: number | undefined,
    headOnly: boolean,
    wallMs: number,
    keptS = 0,
  ): Buffer {
    const name = `${code} ${retryAfterS ?? ''} ${headOnly} ${keptS} ${detail ?? ''}`;
    return this.#kept(name, wallMs, (date) => {
      const body = refusalBody(code, detail);
      const fields = {
        ...refusalFields(retryAfterS),
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
