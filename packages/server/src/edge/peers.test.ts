import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, expect, test, vi } from 'vitest';
import { Peers } from './peers.ts';

describe('peers', () => {
  test('one that was introduced is known by that address until its connection ends', async () => {
    const peers = new Peers();
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [socket] = (await once(server, 'connection')) as [Socket];
    expect(peers.of(socket)).toBe('127.0.0.1');
    peers.introduce(socket, '192.0.2.7');
    expect(peers.of(socket)).toBe('192.0.2.7');
    client.destroy();
    socket.resume();
    await vi.waitFor(() => expect(peers.size).toBe(0));
    server.close();
  });

  test('also when the connection was secured in between', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'peers-'));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    execFileSync('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=a', '-keyout', key, '-out', cert],
    ]);
    const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) });
    rmSync(folder, { recursive: true });
    const peers = new Peers();
    const server = createServer((raw) => {
      peers.introduce(raw, '192.0.2.7');
      tls.emit('connection', raw);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
    client.on('error', () => {});
    const [secured] = (await once(tls, 'secureConnection')) as [Socket];
    expect(peers.of(secured)).toBe('192.0.2.7');
    secured.destroy();
    await vi.waitFor(() => expect(peers.size).toBe(0));
    server.close();
  });
});
