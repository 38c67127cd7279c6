import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

const configFile = fileURLToPath(new URL('../../vite.config.ts', import.meta.url));
const BYTES_MAX = 40 * 1024;

describe('the listener page', () => {
  it('loads at most 40 KB of scripts and styles, gzipped, and inlines neither', async () => {
    const { output } = (await build({
      configFile,
      mode: 'production',
      logLevel: 'error',
      build: { write: false },
    })) as Rolldown.RolldownOutput;
    const text = (fileName: string): string => {
      const file = output.find((candidate) => candidate.fileName === fileName);
      if (file === undefined) throw new Error(`The build has no ${fileName}.`);
      return file.type === 'chunk' ? file.code : String(file.source);
    };
    const html = text('listen.html');
    const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(
      ([, name]) => name!,
    );
    expect(first.length).toBeGreaterThan(2);
    const bytes = first.reduce(
      (sum, name) => sum + gzipSync(text(name), { level: 9 }).byteLength,
      0,
    );
    expect(bytes).toBeLessThan(BYTES_MAX);
    expect(html).not.toMatch(/<style|style="|<script(?![^>]*\ssrc=)/);
  });
});
