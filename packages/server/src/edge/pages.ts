/**
 * The built web app: hashed assets for ever, pages never from a cache, under a strict content policy.
 * Files are looked up among those found at the start, so that no path leads out of the folder. Where
 * nothing has been built, a plain page says so.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { RESERVED_SPACE_IDS, SPACE_ID } from '@parterre/protocol';
import sirv from 'sirv';
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
  'content-security-policy': CONTENT_POLICY,
  'permissions-policy': 'microphone=(self), camera=(), geolocation=()',
  'cross-origin-opener-policy': 'same-origin',
};

type PageName = 'index.html' | 'studio.html' | 'listen.html';
const PAGE_NAMES: readonly PageName[] = ['index.html', 'studio.html', 'listen.html'];

const NOT_BUILT = Buffer.from(
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Parterre</title>' +
    '<p>Parterre is running, but its pages have not been built. Run <code>npm run build</code> and start it again.</p></html>\n',
);

export class Pages {
  readonly #pages = new Map<PageName, Buffer>();
  readonly #files: ReturnType<typeof sirv> | null;

  /** @param folder what the web build made; it need not exist */
  constructor(folder: string) {
    for (const name of PAGE_NAMES) {
      const path = join(folder, name);
      if (existsSync(path)) this.#pages.set(name, readFileSync(path));
    }
    this.#files =
      this.#pages.size === 0
        ? null
        : sirv(folder, {
            dev: false,
            etag: true,
            gzip: true,
            brotli: true,
            extensions: [],
            setHeaders: (response, path) => {
              const kept = path.startsWith('/assets/');
              response.setHeader(
                'cache-control',
                kept ? 'public, max-age=31536000, immutable' : 'no-cache',
              );
              response.setHeader('content-security-policy', CONTENT_POLICY);
            },
          });
  }

  get built(): boolean {
    return this.#files !== null;
  }

  /** Answers a GET or HEAD for a page or a file of the build. */
  serve(request: IncomingMessage, response: ServerResponse, path: string): void {
    const page = pageAt(path);
    if (page !== null) {
      this.#page(page, request, response);
      return;
    }
    const unknown = (): void => refuse(request, response, 'unknown_path');
    if (this.#files === null || path.endsWith('.html')) {
      unknown();
      return;
    }
    this.#files(request, response, unknown);
  }

  #page(name: PageName, request: IncomingMessage, response: ServerResponse): void {
    const body = this.built ? this.#pages.get(name) : NOT_BUILT;
    if (body === undefined) {
      refuse(request, response, 'unknown_path');
      return;
    }
    response.writeHead(this.built ? 200 : 503, { ...PAGE_FIELDS, 'content-length': body.length });
    response.end(request.method === 'HEAD' ? undefined : body);
  }
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
