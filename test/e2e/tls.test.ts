/** HTTPS by the edges themselves: a session begun at one goes on at whichever takes the connection next. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { TestServer } from './support/server.ts';

describe('HTTPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-tls-'));
  let server: TestServer;
  let session: Buffer;

  beforeAll(async () => {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ]);
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    server = await TestServer.start(['--tls-cert', cert, '--tls-key', key, '--edges', '2']);
    ({ session } = await ask());
  });

  afterAll(async () => {
    await server?.stop();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  test('[P1] a session goes on after every edge was killed', async () => {
    await server.kill('edge-0');
    await server.kill('edge-1');
    expect(await ask(session)).toMatchObject({ status: '200', resumed: true });
  });

  test('[P1] and after a deploy', async () => {
    await server.deploy();
    for (let i = 0; i < 8; i += 1)
      expect(await ask(session)).toMatchObject({ status: '200', resumed: true });
  });

  /** Asks over a connection of its own. */
  function ask(resume?: Buffer) {
    const port = Number(new URL(server.url).port);
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
    const socket = connect(resume === undefined ? options : { ...options, session: resume });
    return new Promise<{ status: string; resumed: boolean; session: Buffer }>((resolve, reject) => {
      let text = '';
      let ticket = Buffer.alloc(0);
      let resumed = false;
      socket.on('secureConnect', () => {
        resumed = socket.isSessionReused();
      });
      socket.write('GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      socket.on('session', (fresh) => {
        ticket = fresh;
      });
      socket.on('data', (bytes) => {
        text += bytes.toString('latin1');
      });
      socket.on('error', reject);
      socket.on('close', () =>
        resolve({
          status: /^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'none',
          resumed,
          session: ticket,
        }),
      );
    });
  }
});
