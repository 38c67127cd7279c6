import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build, type Rolldown } from 'vite';
import { describe, expect, it } from 'vitest';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What an application gets that imports `names`: the entry chunk and what it always loads. */
async function built(
  names: string,
): Promise<{ readonly bytes: number; readonly lazy: readonly string[] }> {
  const id = '\0entry';
  const outcome = (await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (source) => (source.endsWith('sdk-entry') ? id : null),
        load: (source) =>
          source === id ? `export { ${names} } from ${JSON.stringify(here('./index.ts'))}` : null,
      },
    ],
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      modulePreload: false,
      lib: { entry: 'sdk-entry', formats: ['es'] },
      rolldownOptions: { output: { minify: true } },
    },
  })) as Rolldown.RolldownOutput[];
  const chunks = outcome[0]!.output.filter((file) => file.type === 'chunk');
  const entry = chunks.find(({ isEntry }) => isEntry)!;
  const always = [entry, ...chunks.filter(({ fileName }) => entry.imports.includes(fileName))];
  const bytes = gzipSync(always.map(({ code }) => code).join('\n'), { level: 9 }).byteLength;
  return { bytes, lazy: chunks.filter((chunk) => !always.includes(chunk)).map(({ name }) => name) };
}

describe('size of the SDK', () => {
  it('is under 20 KB gzipped as a whole, the WebAssembly decoder apart', async () => {
    const { bytes, lazy } = await built('listen, speak');
    console.info(`listen and speak: ${bytes} bytes gzipped`);
    expect(bytes).toBeLessThan(20 * 1024);
    expect(lazy).toContain('wasm');
  });

  it('leaves the stage out for an application that only listens', async () => {
    const [whole, listener, speaker] = await Promise.all([
      built('listen, speak'),
      built('listen'),
      built('speak'),
    ]);
    console.info(`listen: ${listener.bytes}, speak: ${speaker.bytes} bytes gzipped`);
    expect(listener.bytes).toBeLessThan(whole.bytes - 4_000);
    expect(speaker.bytes).toBeLessThan(whole.bytes - 4_000);
  });
});
