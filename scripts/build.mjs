/**
 * `npm run build`: builds the pages. With `--package` also compiles the program and puts the pages beside
 * it, which is what `npm pack` in packages/server takes.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildNative, buildPages, fail, install, pinnedNode, root, runSync } from './pinned.mjs';

install();
buildPages();
buildNative();
if (process.argv.includes('--package')) {
  const server = join(root, 'packages', 'server');
  rmSync(join(server, 'dist'), { recursive: true, force: true });
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  if (runSync(pinnedNode(), [vite, 'build', '--logLevel', 'warn'], { cwd: server }) !== 0)
    fail('The program could not be compiled; the message is above.');
  cpSync(join(root, 'packages', 'web', 'dist'), join(server, 'dist', 'web'), { recursive: true });
  cpSync(join(root, 'LICENSE'), join(server, 'LICENSE'));
}
