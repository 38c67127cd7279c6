/** What a visitor loads before anybody hears sound, and what comes behind it. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { beforeAll, describe, expect, it } from 'vitest';

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
/** The page, all that it names, and all that this names. */
const FIRST_BYTES_MAX = 15 * 1024;
/** What is fetched behind it by who waits in line. */
const LINE_BYTES_MAX = 9 * 1024;
/** What is fetched behind it for the sound: the player and the auditorium. */
const SECOND_BYTES_MAX = 34 * 1024;

let output: Rolldown.RolldownOutput['output'];
beforeAll(async () => {
  const built = (await build({
    configFile,
    mode: 'production',
    logLevel: 'error',
    build: { write: false },
  })) as Rolldown.RolldownOutput;
  ({ output } = built);
});

function text(fileName: string): string {
  const file = output.find((candidate) => candidate.fileName === fileName);
  if (file === undefined) throw new Error(`The build has no ${fileName}.`);
  return file.type === 'chunk' ? file.code : String(file.source);
}

const gzipped = (fileName: string): number => gzipSync(text(fileName), { level: 9 }).byteLength;

function sumOf(names: Iterable<string>): number {
  let bytes = 0;
  for (const name of names) bytes += gzipped(name);
  return bytes;
}

/** Scripts and styles that come with a script, whether anybody asks for them or not. */
function withImports(fileName: string, found: Set<string>): Set<string> {
  const file = output.find((candidate) => candidate.fileName === fileName);
  if (file === undefined || found.has(fileName)) return found;
  found.add(fileName);
  if (file.type !== 'chunk') return found;
  for (const name of [...file.imports, ...(file.viteMetadata?.importedCss ?? [])])
    withImports(name, found);
  return found;
}

function first(): Set<string> {
  const html = text('listen.html');
  const found = new Set(['listen.html']);
  for (const [, name] of html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g))
    withImports(name!, found);
  return found;
}

describe('the listener page', () => {
  it('[P2] is at most 15 KB gzipped until there is sound, and inlines neither script nor style', () => {
    const names = first();
    expect(names.size).toBeGreaterThan(4);
    const bytes = sumOf(names);
    console.info(
      `first: ${bytes} bytes gzipped`,
      [...names].map((name) => `${name} ${gzipped(name)}`),
    );
    expect(bytes).toBeLessThanOrEqual(FIRST_BYTES_MAX);
    expect(text('listen.html')).not.toMatch(/<style|style="|<script(?![^>]*\ssrc=)/);
  });

  it('has its workers as scripts that a browser runs', () => {
    const workers = output.filter(({ fileName }) => fileName.includes('.worker-'));
    expect(workers.map(({ fileName }) => fileName.split('.').at(-1))).toEqual(['js', 'js']);
  });

  it('fetches as little for a place in line, and for the sound', () => {
    const behind = (name: string): number => {
      const early = first();
      const chunk = output.find((file) => file.type === 'chunk' && file.name === name);
      const bytes = sumOf(withImports(chunk!.fileName, new Set(early))) - sumOf(early);
      console.info(`then ${name}: ${bytes} bytes gzipped`);
      return bytes;
    };
    expect(behind('waiting')).toBeLessThan(LINE_BYTES_MAX);
    expect(behind('door')).toBeLessThan(SECOND_BYTES_MAX);
  });
});
