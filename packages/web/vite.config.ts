/**
 * Builds the three pages into `dist`, hashed files under `/assets`. Nothing is inlined: the pages run
 * under a Content-Security-Policy without inline scripts, styles or data URLs. `--mode mock` puts a
 * make-believe server and SDK behind the pages, for work on their looks alone.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { mockServer } from './dev/mock-server.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/**
 * `src/design/first-paint.js` runs before the first paint, so that a chosen theme and language do not
 * flash: a classic script of its own, since a module would run too late and an inline one is forbidden.
 */
function firstPaint(): Plugin {
  const source = readFileSync(here('src/design/first-paint.js'), 'utf8');
  const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8);
  const fileName = `assets/first-paint-${hash}.js`;
  return {
    name: 'parterre-first-paint',
    configureServer(server) {
      server.middlewares.use(`/${fileName}`, (_request, response) => {
        response.setHeader('Content-Type', 'text/javascript').end(source);
      });
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName, source });
    },
    transformIndexHtml: () => [
      { tag: 'script', attrs: { src: `/${fileName}` }, injectTo: 'head-prepend' },
    ],
  };
}

/**
 * What fetches a lazy part's scripts and styles beside it: Vite's own is three times as long, and every
 * visitor loads it. A style that does not come fails the part, which may then be asked for again.
 */
const PRELOAD = `export const __vitePreload = (load, files = []) => Promise.all(files.map((file) => {
  const href = '/' + file;
  if (document.querySelector('link[href="' + href + '"]')) return;
  const link = document.createElement('link');
  const style = href.endsWith('.css');
  link.rel = style ? 'stylesheet' : 'modulepreload';
  link.href = href;
  document.head.append(link);
  return style && new Promise((done, failed) => {
    link.onload = done;
    link.onerror = () => { link.remove(); failed(new Error(href)); };
  });
})).then(load);`;

function shortPreload(): Plugin {
  return {
    name: 'parterre-short-preload',
    enforce: 'pre',
    apply: 'build',
    load: (id) => (id.endsWith('vite/preload-helper.js') ? PRELOAD : null),
  };
}

const BASE =
  /preload-helper|\/web\/src\/(?:ui\/(?:dom|look|shapes|shell|time)|api\/space-|i18n\/(?:language|shell-words))|\/client\/src\/(?:waiting\/ticket|listen\/(?:backoff|return-token))/;

export default defineConfig(({ mode }) => ({
  root: here('.'),
  appType: 'mpa',
  plugins: [firstPaint(), shortPreload(), ...(mode === 'mock' ? [mockServer()] : [])],
  resolve: {
    alias:
      mode === 'mock'
        ? [{ find: /^@parterre\/client$/, replacement: here('dev/mock-client.ts') }]
        : [],
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // The SDK and the protocol only define: what a page does not use it does not load.
      treeshake: {
        moduleSideEffects: [{ test: /packages\/(client|protocol)\/src/, sideEffects: false }],
      },
      // What every page begins with is one file: small ones compress badly.
      output: { codeSplitting: { groups: [{ name: 'base', test: BASE }] } },
      input: { home: here('index.html'), listen: here('listen.html'), studio: here('studio.html') },
    },
  },
}));
