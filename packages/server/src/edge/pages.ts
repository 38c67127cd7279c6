/**
 * The built web app: hashed assets for ever, pages never from a cache, under a strict content policy.
 * All of it is read into memory at the start: what is asked for is looked up by its exact path among what
 * was found then, so that no path leads out of the folder and no change of the folder reaches a request.
 * Ranges are passed over, which is a server's right (RFC 9110 §14.2). Where nothing has been built, a plain
 * page says so.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { RESERVED_SPACE_IDS, SPACE_ID } from '@parterre/protocol';
import { listsEtag } from './etag.ts';
import { refuse } from './refuse.ts';

const CONTENT_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' ws: wss:",
  "media-src 'self' blob:",
  "worker-src 'self' blob:",
  "img-src 'self' data:",
  "style-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_FIELDS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-cache',
  'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
  'cross-origin-opener-policy': 'same-origin',
};

type PageName = 'index.html' | 'studio.html' | 'listen.html';
const PAGE_NAMES: ReadonlySet<string> = new Set<PageName>([
  'index.html',
  'studio.html',
  'listen.html',
]);

/** What stands for the title in the page of a space, in `<title>` and for whoever shows the link. */
const TITLE_MARK = 'Parterre: listen live';

const NOT_BUILT = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Parterre</title>' +
    '<p>Parterre is running, but its pages have not been built. Run <code>npm run build</code> and start it again.</p></html>\n',
);

/** More than this is not a build of the pages. */
const BUILD_BYTES_MAX = 64 * 1024 * 1024;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

interface BuiltFile {
  readonly body: Buffer;
  readonly fields: Readonly<Record<string, string | number>>;
}

export class Pages {
  readonly #pages = new Map<string, Buffer>();
  readonly #files = new Map<string, BuiltFile>();
  /** The page of a space, cut at its title. */
  #listenParts: readonly string[] = [];
  readonly #policy: string = CONTENT_POLICY;

  /**
   * @param folder what the web build made; it need not exist
   * @param cache where the pages may have the programme from besides
   * @throws Error when it is larger than any build is
   */
  constructor(folder: string, cache = '') {
    if (cache !== '') this.#policy = CONTENT_POLICY.replace(' ws:', ` ${cache} ws:`);
    if (!existsSync(folder)) return;
    let bytes = 0;
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      const path = join(entry.parentPath, entry.name);
      const body = readFileSync(path);
      bytes += body.length;
      if (bytes > BUILD_BYTES_MAX)
        throw new Error(`${folder} holds more than ${BUILD_BYTES_MAX} bytes.`);
      const name = relative(folder, path).replaceAll(sep, '/');
      if (name === 'listen.html') this.#listenParts = body.toString().split(TITLE_MARK);
      if (PAGE_NAMES.has(name)) this.#pages.set(name, body);
      else this.#files.set(`/${name}`, { body, fields: fieldsOf(name, body) });
    }
  }

  get built(): boolean {
    return this.#pages.size > 0;
  }

  /**
   * Answers a GET or HEAD for a page or a file of the build.
   * @param titleOf the title of a space, for its page; null: there is none; undefined: nobody knows yet
   */
  serve(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    titleOf: (spaceId: string) => string | null | undefined,
  ): void {
    const page = pageAt(path);
    if (page !== null) {
      const title = page === 'listen.html' ? titleOf(path.slice(1)) : undefined;
      this.#page(page, title, request, response);
      return;
    }
    const file = this.built ? this.#files.get(path) : undefined;
    if (file === undefined) {
      refuse(request, response, 'unknown_path');
      return;
    }
    const { body, fields } = file;
    if (listsEtag(request.headers['if-none-match'], String(fields.etag))) {
      response.writeHead(304, fields).end();
      return;
    }
    response.writeHead(200, { ...fields, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #page(
    name: PageName,
    title: string | null | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const body = this.built ? this.#built(name, title ?? undefined) : NOT_BUILT;
    if (body === undefined) {
      refuse(request, response, 'unknown_path');
      return;
    }
    // The page itself says what is wrong, to people; the status says it to everybody else.
    const status = !this.built ? 503 : title === null ? 404 : 200;
    const own = { 'content-security-policy': this.#policy, 'content-length': body.length };
    response.writeHead(status, { ...PAGE_FIELDS, ...own });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  #built(name: PageName, title: string | undefined): Buffer | undefined {
    if (title === undefined) return this.#pages.get(name);
    return Buffer.from(this.#listenParts.join(`${escaped(title)} · Parterre`));
  }
}

/** A title as HTML may hold it, in text and in an attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function fieldsOf(name: string, body: Buffer): BuiltFile['fields'] {
  return {
    'content-type': CONTENT_TYPES[extname(name)] ?? 'application/octet-stream',
    'cache-control': name.startsWith('assets/')
      ? 'public, max-age=31536000, immutable'
      : 'no-cache',
    'content-security-policy': CONTENT_POLICY,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`,
  };
}

/** The page that answers a path; null when it is not a page's. */
export function pageAt(path: string): PageName | null {
  if (path === '/' || path === '/owner') return 'index.html';
  if (path === '/invite') return 'studio.html';
  if (path === '/studio' || path.startsWith('/studio/')) {
    const id = path.slice('/studio/'.length);
    return id === '' || SPACE_ID.test(id) ? 'studio.html' : null;
  }
  const id = path.slice(1);
  return SPACE_ID.test(id) && !RESERVED_SPACE_IDS.has(id) ? 'listen.html' : null;
}
