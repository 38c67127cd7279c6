/** Builds the page the SDK is tried on, as the web app is built: hashed assets, nothing inlined. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** @returns the folder that was built; the caller removes it */
export async function buildPage(): Promise<string> {
  const outDir = mkdtempSync(join(tmpdir(), 'parterre-client-'));
  await build({
    configFile: false,
    logLevel: 'error',
    root: fileURLToPath(new URL('./page', import.meta.url)),
    build: {
      outDir,
      emptyOutDir: true,
      assetsInlineLimit: 0,
      target: 'es2022',
      modulePreload: false,
    },
  });
  return outDir;
}
