/**
 * A real edge in a process of its own that speaks TLS with a new P-256 certificate, for the benches, fed by
 * a clock of its own. Tells its port, and what it has used and done whenever it is asked.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TlsFiles } from '../packages/server/src/edge/index.ts';
import { benchEdge, ClockFeed } from './fanout-edge.ts';

export interface TlsSample {
  readonly cpuUs: number;
  readonly rssBytes: number;
  readonly connections: number;
  readonly writes: number;
  readonly handshakes: { readonly full: number; readonly resumed: number };
}

async function run(): Promise<void> {
  const feed = new ClockFeed();
  const tls = process.argv[2] === 'plain' ? null : certificate();
  const edge = benchEdge(feed, tls, randomBytes(48));
  const { port } = await edge.open({ host: '127.0.0.1', port: 0 });
  feed.go();
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const sample: TlsSample = {
      cpuUs: user + system,
      rssBytes: process.memoryUsage.rss(),
      connections: edge.connections,
      writes: edge.counters.writes,
      handshakes: { ...edge.counters.handshakes },
    };
    process.send!(sample);
  });
  process.on('disconnect', () => process.exit(0));
  process.send!({ port });
}

function certificate(): TlsFiles {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const files = ['-keyout', key, '-out', cert];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-days', '2', '-subj', '/CN=bench', ...files],
    { stdio: 'ignore' },
  );
  const read = { key: readFileSync(key), cert: readFileSync(cert) };
  rmSync(folder, { recursive: true });
  return read;
}

if (process.argv[1] === import.meta.filename) await run();
