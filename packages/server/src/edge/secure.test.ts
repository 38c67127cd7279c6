import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectPlain, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { aSpace, liveRequest, RawClient, type RunningEdge, runEdge } from './edge.fixture.ts';
import type { EdgeOptions } from './edge.ts';
import type { TlsFiles } from './secure.ts';

const PROXY_V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc0000207cb007105ea6001bb', 'hex');

let folder = '';
let files: TlsFiles;
let others: TlsFiles;
const running: RunningEdge[] = [];
const clients: Socket[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'secure-'));
  files = aCertificate('one');
  others = aCertificate('two');
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await Promise.all(running.splice(0).map((edge) => edge.close()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function aCertificate(name: string): TlsFiles {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  execFileSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert],
  ]);
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

async function anEdge(change: Partial<EdgeOptions> = {}): Promise<RunningEdge> {
  const edge = await runEdge({ tls: files, ...change });
  running.push(edge);
  edge.feed.space(aSpace());
  edge.feed.chunks(0, 20);
  return edge;
}

/** A secured connection, and the last ticket it was given once it has heard something. */
async function listenAt(port: number, options: ConnectionOptions = {}) {
  let session: Buffer | undefined;
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ALPNProtocols: ['h2', 'http/1.1'],
    ...options,
  });
  clients.push(socket);
  socket.on('session', (ticket) => {
    session = ticket;
  });
  socket.on('error', () => {});
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('close', () => reject(new Error('closed')));
  });
  socket.write(liveRequest());
  const head = await new Promise<string>((resolve) =>
    socket.once('data', (bytes: Buffer) => resolve(bytes.toString('latin1'))),
  );
  return { socket, head, ticket: () => session };
}

describe('TLS', () => {
  test('speaks 1.3 with an ECDSA certificate and HTTP/1.1 alone, and 1.2 to those who know no better', async () => {
    const { port, edge } = await anEdge();
    const newer = await listenAt(port);
    expect(newer.head).toMatch(/^HTTP\/1\.1 200 /);
    expect([newer.socket.getProtocol(), newer.socket.alpnProtocol]).toEqual([
      'TLSv1.3',
      'http/1.1',
    ]);
    const older = await listenAt(port, { maxVersion: 'TLSv1.2' });
    expect(older.socket.getProtocol()).toBe('TLSv1.2');
    await expect(listenAt(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).rejects.toThrow();
    expect(edge.counters.handshakes).toEqual({ full: 2, resumed: 0 });
  });

  test.each(['TLSv1.3', 'TLSv1.2'] as const)(
    '[P1] a session begun at one edge is resumed at another (%s)',
    async (maxVersion) => {
      const ticketKeys = randomBytes(48);
      const first = await anEdge({ ticketKeys });
      const { ticket, socket } = await listenAt(first.port, { maxVersion });
      await vi.waitFor(() => expect(ticket()).toBeDefined());
      socket.destroy();
      await first.close();
      running.splice(0);
      const second = await anEdge({ ticketKeys });
      const again = await listenAt(second.port, { maxVersion, session: ticket()! });
      expect(again.socket.isSessionReused()).toBe(true);
      expect(again.head).toMatch(/^HTTP\/1\.1 200 /);
      expect(second.edge.counters.handshakes.resumed).toBe(1);
    },
  );

  test('new keys end the old sessions, and seal new ones', async () => {
    const { port, edge } = await anEdge({ ticketKeys: randomBytes(48) });
    const { ticket } = await listenAt(port);
    await vi.waitFor(() => expect(ticket()).toBeDefined());
    edge.renewTicketKeys(randomBytes(48));
    const full = await listenAt(port, { session: ticket()! });
    expect(full.socket.isSessionReused()).toBe(false);
    await vi.waitFor(() => expect(full.ticket()).toBeDefined());
    const resumed = await listenAt(port, { session: full.ticket()! });
    expect(resumed.socket.isSessionReused()).toBe(true);
  });

  test('a renewed certificate is shown from the next handshake on, and sessions go on', async () => {
    const { port, edge } = await anEdge({ ticketKeys: randomBytes(48) });
    const before = await listenAt(port);
    await vi.waitFor(() => expect(before.ticket()).toBeDefined());
    edge.renewTls(others);
    const after = await listenAt(port);
    expect(after.socket.getPeerCertificate().subject.CN).toBe('two');
    const resumed = await listenAt(port, { session: before.ticket()! });
    expect(resumed.socket.isSessionReused()).toBe(true);
  });

  test('[P2] bounds the handshakes that are in progress', async () => {
    const { port, edge } = await anEdge({ handshakesMax: 3 });
    // The beginning of a hello, and no more.
    const slow = Array.from({ length: 3 }, () => connectPlain(port, '127.0.0.1'));
    clients.push(...slow);
    for (const socket of slow) socket.write(Buffer.from('1603010200', 'hex'));
    const idle = connectPlain(port, '127.0.0.1');
    clients.push(idle);
    // The kernel keeps one that says nothing to itself for a second or two.
    await vi.waitFor(() => expect(edge.connections).toBe(4), { timeout: 10_000 });
    await vi.waitFor(() => expect(edge.handshakes).toBe(3));
    idle.destroy();
    await expect(listenAt(port)).rejects.toThrow();
    expect(edge.counters.refusals.handshakes).toBe(1);
    for (const socket of slow) socket.resetAndDestroy();
    await vi.waitFor(() => expect(edge.connections).toBe(0));
    expect((await listenAt(port)).head).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('comes after a PROXY header, in one packet with it or not', async () => {
    const { port } = await anEdge({ proxyProtocol: true });
    const raw = connectPlain(port, '127.0.0.1');
    clients.push(raw);
    raw.write(PROXY_V2);
    expect((await listenAt(port, { socket: raw })).head).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('the PROXY protocol', () => {
  test('a connection that begins with a header is served, and asks as the client it names', async () => {
    const api = join(folder, 'api.sock');
    const part = createServer((request, response) =>
      response.end(`from ${request.headers['x-forwarded-for']}\n`),
    );
    await new Promise<void>((resolve) => part.listen(api, resolve));
    const { port, edge } = await anEdge({
      tls: null,
      proxyProtocol: true,
      sockets: { api, stage: api },
    });
    const listener = new RawClient(port, '');
    clients.push(listener.socket);
    listener.socket.write(Buffer.concat([PROXY_V2, Buffer.from(liveRequest())]));
    await listener.until((bytes) => bytes.includes('200 OK'));
    const asker = new RawClient(port, '');
    clients.push(asker.socket);
    asker.socket.write(PROXY_V2.subarray(0, 7));
    await vi.waitFor(() => expect(edge.connections).toBe(2));
    asker.socket.write(PROXY_V2.subarray(7));
    asker.socket.write('GET /api/x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n');
    await asker.until((bytes) => bytes.includes('from 192.0.2.7\n'));
    part.closeAllConnections();
    await new Promise((resolve) => part.close(resolve));
  });

  test('[P2] one that begins otherwise is closed without an answer', async () => {
    const { port, edge } = await anEdge({ tls: null, proxyProtocol: true });
    for (const bytes of [liveRequest(), 'PROXY TCP4 192.0.2.7 203.0.113.5 60000 443\r\n']) {
      const client = new RawClient(port, bytes);
      await client.closed;
      expect(client.bytes.length).toBe(0);
    }
    expect(edge.counters.refusals.proxy).toBe(2);
    expect(edge.connections).toBe(0);
  });
});
