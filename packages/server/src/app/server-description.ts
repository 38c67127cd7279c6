/**
 * What decides this server's capacity, as a certificate names it [P8]: the program's files, the keys of
 * the configuration that bear on it, the machine, and how many edges share the work. Nothing here is
 * secret or names a person, a path or an address.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ServerDescription } from '@parterre/protocol/rehearsal';
import { packageRoot, pagesRoot } from './assets.ts';
import type { Config } from './config.ts';
import { machine } from './this-machine.ts';
import { version } from './version.ts';

/** Whether capacity depends on a key. A new key does not compile until somebody has thought about it. */
const BEARING: Readonly<Record<keyof Config, boolean>> = {
  host: false,
  port: false,
  data: false,
  publicUrl: false,
  tlsCert: false, // told as topology.tls
  tlsKey: false,
  edges: true,
  listenersMax: false, // told as topology.edges
  capacity: false, // made from what is certified
  rtcPort: false,
  rtcAddresses: false,
  iceServers: false,
  trustProxy: true,
  proxyProtocol: true,
  spacesMax: true,
  speakersMax: true,
  idleEndMinutes: false,
  retentionDays: false,
  hls: true,
  hlsBase: false,
  egressBpsMax: true,
  hlsAac: true,
  logLevel: true,
  store: true,
  demo: false, // two more voices on stage; a server that is rehearsed by itself has them
};
/** Not part of what runs. */
const ASIDE = /\.(test|contract|fixture|browser\.test)\.tsx?$|\.map$/;
const FILES_MAX = 5_000;

/** @param edges processes that serve; @param connectionsMaxPerEdge connections each of them takes */
export function describeServer(
  config: Config,
  edges: number,
  connectionsMaxPerEdge: number,
): ServerDescription {
  return {
    build: { version: version(), digest: buildDigest() },
    configuration: configurationOf(config),
    machine: machine(),
    topology: { edges, connectionsMaxPerEdge, tls: config.tlsCert !== '' },
  };
}

function configurationOf(config: Config): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [key, bears] of Object.entries(BEARING))
    if (bears) set[key] = String(config[key as keyof Config]);
  // The address of a database may hold its password.
  return { ...set, store: config.store === '' ? 'sqlite' : 'postgres' };
}

/** SHA-256 over the names and contents of all that runs: program, packages it is made of, pages. */
function buildDigest(): string {
  const root = packageRoot();
  const compiled = import.meta.filename.endsWith('.js');
  const folders = compiled
    ? [join(root, 'dist')]
    : [
        ...['protocol', 'media', 'server', 'rehearsal', 'client'].map((name) =>
          join(root, '..', name, 'src'),
        ),
        pagesRoot(),
      ];
  const files = [join(root, 'package.json'), ...folders.flatMap(filesUnder)].sort();
  if (files.length > FILES_MAX) throw new Error('The program has more files than it can have.');
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(file);
    const name = relative(root, file);
    hash.update(`${name.length} ${name} ${bytes.length} `).update(bytes);
  }
  return hash.digest('hex');
}

function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !ASIDE.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}
