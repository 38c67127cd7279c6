/**
 * Recordings, and the entrants of a lottery, as files: one range at a time (RFC 9110 §14), validators, downloads. The name has been
 * matched against the three that exist and the space against its pattern, so that no path can lead
 * anywhere else. A recording is renamed into place and never changes: size and time are its identity.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import type { ErrorCode } from '@parterre/protocol';
import { CORS_FIELDS } from './answers.ts';
import { listsEtag } from './etag.ts';

export interface ReplayWish {
  readonly spaceId: string;
  readonly file: string;
  readonly download: boolean;
  readonly title: string | undefined;
}

type Refuse = (code: ErrorCode, detail?: string) => void;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  mp4: 'audio/mp4; codecs="opus"',
  ogg: 'audio/ogg; codecs="opus"',
  json: 'application/json; charset=utf-8',
};

/** Answers a GET or HEAD for one file of a recording. */
export function serveReplay(
  dataDir: string,
  wish: ReplayWish,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: Refuse,
): void {
  const path = join(dataDir, 'spaces', wish.spaceId, wish.file);
  open(path).then(
    (handle) => {
      send(handle, wish, request, response, refuse).catch(() => {
        handle.close().catch(() => {});
        refuse('internal');
      });
    },
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') refuse('internal');
      else refuse('unknown_path', 'There is no recording of this space, or not yet.');
    },
  );
}

async function send(
  handle: FileHandle,
  wish: ReplayWish,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: Refuse,
): Promise<void> {
  const { size, mtimeMs } = await handle.stat();
  const etag = `"${size.toString(36)}-${Math.floor(mtimeMs).toString(36)}"`;
  const extension = wish.file.slice(wish.file.lastIndexOf('.') + 1);
  const fields: Record<string, string> = { 'content-type': CONTENT_TYPES[extension]! };
  if (wish.download) fields['content-disposition'] = disposition(wish, extension);
  await sendPart(handle, { from: 0, length: size, etag, fields }, request, response, refuse);
}

/**
 * Answers a GET or HEAD for a part of a file of records that grows at its end; the part never changes.
 * @param part where it begins and how long it is, bytes
 */
export function serveRecords(
  path: string,
  part: { readonly from: number; readonly length: number },
  etag: string,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: Refuse,
): void {
  const fields = { 'content-type': 'application/octet-stream' };
  open(path).then(
    (handle) => {
      sendPart(handle, { ...part, etag, fields }, request, response, refuse).catch(() => {
        handle.close().catch(() => {});
        refuse('internal');
      });
    },
    () => refuse('internal'),
  );
}

interface Part {
  readonly from: number;
  readonly length: number;
  readonly etag: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** @param handle closed here, unless this throws */
async function sendPart(
  handle: FileHandle,
  { from, length, etag, fields: own }: Part,
  request: IncomingMessage,
  response: ServerResponse,
  refuse: Refuse,
): Promise<void> {
  const fields: Record<string, string> = {
    ...CORS_FIELDS,
    'accept-ranges': 'bytes',
    'cache-control': 'public, max-age=300, no-transform',
    etag,
    ...own,
  };
  if (listsEtag(request.headers['if-none-match'], etag)) {
    await handle.close();
    response.writeHead(304, fields).end();
    return;
  }
  const range = rangeOf(request, length, etag);
  if (range === 'unsatisfiable') {
    await handle.close();
    response.setHeader('content-range', `bytes */${length}`);
    return refuse('range_not_satisfiable');
  }
  const { start, end } = range ?? { start: 0, end: length - 1 };
  fields['content-length'] = String(end - start + 1);
  if (range !== null) fields['content-range'] = `bytes ${start}-${end}/${length}`;
  response.writeHead(range === null ? 200 : 206, fields);
  if (request.method === 'HEAD' || length === 0) {
    await handle.close();
    response.end();
    return;
  }
  const bytes = createReadStream('', { fd: handle, start: from + start, end: from + end });
  pipeline(bytes, response, () => {});
}

export interface ByteRange {
  readonly start: number;
  /** Inclusive. */
  readonly end: number;
}

/** @returns null for the whole file: no range, one that is not understood, several, or an outdated `If-Range` */
function rangeOf(
  request: IncomingMessage,
  size: number,
  etag: string,
): ByteRange | null | 'unsatisfiable' {
  const { range } = request.headers;
  const condition = request.headers['if-range'];
  if (range === undefined || (condition !== undefined && condition !== etag)) return null;
  return parseRange(range, size);
}

/** One `bytes` range of a file of `size` bytes (RFC 9110 §14.1.2). */
export function parseRange(range: string, size: number): ByteRange | null | 'unsatisfiable' {
  const parts = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim());
  if (parts === null) return null;
  const [, first, last] = parts;
  if (first === '' && last === '') return null;
  if (first === '') {
    const suffix = Number(last);
    return suffix === 0 || size === 0
      ? 'unsatisfiable'
      : { start: Math.max(0, size - suffix), end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(size - 1, Number(last)) };
}

/** A download named after the space's title (RFC 6266 §4.3, RFC 8187). */
function disposition(wish: ReplayWish, extension: string): string {
  const plain = `${wish.spaceId}.${extension}`;
  if (wish.title === undefined) return `attachment; filename="${plain}"`;
  const encoded = encodeURIComponent(
    `${wish.title}.${extension}`.replaceAll('/', '-').toWellFormed(),
  ).replace(/['()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
