import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { FragmentReader, OggReader } from '@parterre/media';
import { afterEach, describe, expect, test } from 'vitest';
import { aSpace, liveRequest, RawClient, type RunningEdge, runEdge } from './edge.fixture.ts';

let running: RunningEdge | null = null;
afterEach(async () => {
  await running?.close();
  running = null;
});

async function anEdge(change: Parameters<typeof runEdge>[0] = {}): Promise<RunningEdge> {
  running = await runEdge(change);
  running.feed.space(aSpace());
  running.feed.chunks(100, 120);
  return running;
}

function sequences(body: Uint8Array): number[] {
  return new FragmentReader()
    .push(body)
    .flatMap((part) => (part.kind === 'fragment' ? [part.seq] : []));
}

const holds = (count: number) => (bytes: Buffer) =>
  sequences(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4)).length >= count;

describe('the live lane', () => {
  test('answers a live request with the head, the buffer, and what comes', async () => {
    const { port, feed, edge } = await anEdge();
    const client = new RawClient(port, liveRequest());
    await client.until(holds(4));
    feed.chunks(120, 125);
    await client.until(holds(9));
    const head = client.text.slice(0, client.text.indexOf('\r\n\r\n')).toLowerCase();
    expect(head).toContain('http/1.1 200 ok');
    expect(head).toContain('content-type: audio/mp4; codecs="opus"');
    expect(head).toContain('cache-control: no-store, no-transform');
    expect(head).toContain('x-accel-buffering: no');
    expect(head).toContain('access-control-allow-origin: *');
    expect(head).toContain('connection: close');
    expect(head).not.toContain('transfer-encoding');
    expect(sequences(client.body)).toEqual([116, 117, 118, 119, 120, 121, 122, 123, 124]);
    expect(edge.counters.fastAnswers).toBe(1);
    client.socket.destroy();
  });

  test('gives the same bytes by the full parser', async () => {
    const { port, feed, edge } = await anEdge();
    const fast = new RawClient(port, liveRequest());
    const slow = new RawClient(port, liveRequest().replace('Accept: */*', 'TE: trailers'));
    await Promise.all([fast.until(holds(4)), slow.until(holds(4))]);
    feed.chunks(120, 123);
    await Promise.all([fast.until(holds(7)), slow.until(holds(7))]);
    expect(slow.body.equals(fast.body)).toBe(true);
    expect(slow.text.toLowerCase()).not.toContain('transfer-encoding');
    expect(edge.counters.fastAnswers).toBe(1);
    fast.socket.destroy();
    slow.socket.destroy();
  });

  test('answers on a connection that was kept from an earlier request', async () => {
    const { port, feed } = await anEdge();
    const client = new RawClient(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((bytes) => bytes.includes('ok\n'));
    const before = client.bytes.length;
    client.socket.write(liveRequest());
    feed.chunks(120, 122);
    const later = (bytes: Buffer): Buffer => bytes.subarray(bytes.indexOf('\r\n\r\n', before) + 4);
    await client.until(
      (bytes) => bytes.indexOf('\r\n\r\n', before) > 0 && sequences(later(bytes)).length >= 4,
    );
    expect(later(client.bytes).subarray(4, 8).toString()).toBe('ftyp');
    client.socket.destroy();
  });

  test('answers HTTP/1.0, as an old proxy asks', async () => {
    const { port } = await anEdge();
    const client = new RawClient(port, 'GET /live/evening HTTP/1.0\r\n\r\n');
    await client.until(holds(4));
    expect(client.text.toLowerCase()).not.toContain('transfer-encoding');
    client.socket.destroy();
  });

  test('[P1] resumes at the sequence asked for', async () => {
    const { port } = await anEdge();
    const client = new RawClient(port, liveRequest('/live/evening?from=105'));
    await client.until(holds(15));
    expect(sequences(client.body)[0]).toBe(105);
    client.socket.destroy();
  });

  test('ends the answer after the last chunk when the space ends', async () => {
    const { port, feed } = await anEdge();
    const client = new RawClient(port, liveRequest());
    await client.until(holds(4));
    feed.chunks(120, 122);
    feed.space(aSpace({ state: 'ended' }));
    await client.closed;
    expect(sequences(client.body).at(-1)).toBe(121);
  });

  test('never writes anything else into the programme, whatever the listener sends', async () => {
    const { port } = await anEdge();
    const client = new RawClient(port, liveRequest().replace('Accept: */*', 'TE: trailers'));
    await client.until(holds(4));
    client.socket.write('nonsense\r\n\r\n');
    await client.closed;
    expect(client.text.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(sequences(client.body)).toEqual([116, 117, 118, 119]);
  });

  test('cuts off a listener that goes on talking', async () => {
    const { port, edge } = await anEdge();
    const client = new RawClient(port, liveRequest());
    await client.until(holds(4));
    client.socket.write('x'.repeat(10_000));
    await client.closed;
    expect(edge.counters.drops.chatter).toBe(1);
    expect(edge.census().every(({ listeners }) => listeners === 0)).toBe(true);
  });
});

describe.each([
  ['the fast path', 'Host: a\r\n'],
  ['the full parser', 'Host: a\r\nTE: trailers\r\n'],
])('%s', (_name, header) => {
  async function ask(line: string): Promise<{ status: number; head: string; body: string }> {
    const client = new RawClient(
      running!.port,
      `${line} HTTP/1.1\r\n${header}Connection: close\r\n\r\n`,
    );
    await client.closed;
    const [head, body] = client.text.split('\r\n\r\n', 2) as [string, string];
    return { status: Number(head.slice(9, 12)), head: head.toLowerCase(), body };
  }

  test('answers HEAD with the head alone', async () => {
    await anEdge();
    const { status, head, body } = await ask('HEAD /live/evening');
    expect(status).toBe(200);
    expect(head).toContain('audio/mp4');
    expect(body).toBe('');
  });

  test.each([
    ['scheduled', 409, 'not_open'],
    ['ended', 410, 'ended'],
  ] as const)('says that a space is %s', async (state, status, code) => {
    const { feed } = await anEdge();
    feed.space(aSpace({ state, doorsAtMs: Date.now() + 5_000 }));
    const answer = await ask('GET /live/evening');
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).error.code).toBe(code);
    expect(answer.head).toContain('access-control-allow-origin: *');
    expect(answer.head).toContain('content-type: application/json; charset=utf-8');
    expect(answer.head).toContain(`content-length: ${Buffer.byteLength(answer.body, 'latin1')}`);
    expect(answer.head.includes('retry-after: ')).toBe(state === 'scheduled');
    const head = await ask('HEAD /live/evening');
    expect([head.status, head.body]).toEqual([status, '']);
  });

  test('says that there is no such space, and that a place is beyond the programme', async () => {
    await anEdge();
    expect((await ask('GET /live/elsewhere')).status).toBe(404);
    const beyond = await ask('GET /live/evening?from=99999');
    expect([beyond.status, JSON.parse(beyond.body).error.code]).toEqual([400, 'bad_request']);
  });
});

describe('the HTTP server', () => {
  test('answers a preflight, and says which methods there are', async () => {
    const { url } = await anEdge();
    const preflight = await fetch(`${url}/live/evening`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toBe('GET, HEAD, OPTIONS');
    const post = await fetch(`${url}/live/evening`, { method: 'POST' });
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test('tells of a space and of its own time', async () => {
    const { url } = await anEdge();
    const answer = await fetch(`${url}/spaces/evening.json`);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=1');
    const told = (await answer.json()) as { nowMs: number };
    expect(told).toMatchObject(aSpace());
    expect(Math.abs(told.nowMs - Date.now())).toBeLessThan(60_000);
    expect((await fetch(`${url}/spaces/elsewhere.json`)).status).toBe(404);
  });

  test.each([
    ['a bad profile', '/live/evening?profile=deep', 400],
    ['a bad place', '/live/evening?from=soon', 400],
    ['a long address', `/x${'y'.repeat(5_000)}`, 414],
    ['a large header', '/healthz', 431],
  ])('refuses %s with its own code', async (_name, target, status) => {
    const { port } = await anEdge();
    const padding = status === 431 ? `X: ${'y'.repeat(20_000)}\r\n` : '';
    const client = new RawClient(
      port,
      `GET ${target} HTTP/1.1\r\nHost: a\r\n${padding}Connection: close\r\n\r\n`,
    );
    await client.closed;
    expect(client.text).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(client.body.toString()).error.message).toBeTruthy();
  });

  test('answers nonsense with a plain refusal', async () => {
    const { port, edge } = await anEdge();
    const client = new RawClient(port, '\x16\x03\x01nonsense\r\n\r\n');
    await client.closed;
    expect(client.text).toMatch(/^HTTP\/1.1 400 /);
    expect(edge.counters.refusals.header).toBe(1);
  });

  test('is ready once it knows the programme', async () => {
    const { url } = await anEdge();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
  });
});

describe('bounds', () => {
  test.each([
    ['nothing', ''],
    ['half a request', 'GET /live/evening HTTP/1.1\r\nHost'],
  ])('gives up a connection that says %s', async (_name, said) => {
    const { port, edge } = await anEdge({ firstRequestMsMax: 50 });
    const client = new RawClient(port, said);
    await client.closed;
    expect(edge.counters.refusals.idle).toBe(1);
  });

  test('gives up a later request that never ends', async () => {
    const { port, edge } = await anEdge({ firstRequestMsMax: 50 });
    const client = new RawClient(port, 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await client.until((bytes) => bytes.includes('ok\n'));
    client.socket.write('GET /healthz HTTP/1.1\r\nHost');
    await client.closed;
    expect(client.text.match(/HTTP\/1.1 /g)).toHaveLength(1);
    expect(edge.counters.refusals.idle).toBe(1);
  });

  test('refuses a connection too many with one plain answer', async () => {
    const { port, edge } = await anEdge({ connectionsMax: 2 });
    const clients = [new RawClient(port, liveRequest()), new RawClient(port, liveRequest())];
    await Promise.all(clients.map((client) => client.until(holds(4))));
    const third = new RawClient(port, liveRequest());
    await third.closed;
    expect(third.text).toMatch(/^HTTP\/1.1 503 /);
    expect(third.text.toLowerCase()).toContain('retry-after: ');
    expect(JSON.parse(third.body.toString()).error.code).toBe('house_full');
    expect(edge.counters.refusals.connections).toBe(1);
    for (const client of clients) client.socket.destroy();
  });
});

test('[P1] closing moves the listeners on a chunk boundary and finishes', async () => {
  const { port, edge } = await anEdge();
  const clients = Array.from({ length: 20 }, () => new RawClient(port, liveRequest()));
  await Promise.all(clients.map((client) => client.until(holds(4))));
  await edge.close();
  await Promise.all(clients.map((client) => client.closed));
  for (const client of clients) {
    const reader = new FragmentReader();
    reader.push(client.body);
    expect(reader.atBoundary).toBe(true);
  }
  expect(edge.counters.drops.moved).toBe(20);
});

test('the radio lane: pages numbered without a break, granule on the clock', async () => {
  const { port } = await anEdge();
  const client = new RawClient(port, liveRequest('/radio/evening.ogg'));
  const pages = (bytes: Buffer) => {
    const body = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
    return new OggReader().push(body).filter((part) => part.kind === 'page');
  };
  await client.until((bytes) => pages(bytes).length >= 18);
  expect(client.text).toContain('audio/ogg; codecs="opus"');
  expect(pages(client.bytes).map(({ granule }) => Number(granule))).toEqual(
    Array.from({ length: 18 }, (_, i) => (102 + i + 1) * 9_600),
  );
  expect(client.body.readUInt32LE(18)).toBe(102);
  client.socket.destroy();
});

describe('ffmpeg', () => {
  const present = (() => {
    try {
      execFileSync('ffmpeg', ['-version'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  })();

  test.skipIf(!present).each(['live/evening', 'radio/evening.ogg'])(
    'decodes /%s without a warning',
    async (path) => {
      const { url, feed } = await anEdge();
      let seq = 120;
      const pushing = setInterval(() => feed.chunks(seq, ++seq), 50);
      const child = spawn('ffmpeg', [
        '-v',
        'warning',
        '-i',
        `${url}/${path}`,
        '-t',
        '4',
        '-f',
        'null',
        '-',
      ]);
      let said = '';
      child.stderr.on('data', (text) => {
        said += String(text);
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      clearInterval(pushing);
      expect([code, said]).toEqual([0, '']);
    },
  );
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'edge-tls-'));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('the live lane over HTTPS, and a certificate renewed while it runs', async () => {
    const make = (name: string): { cert: Buffer; key: Buffer } => {
      const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
      const words = [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '2',
      ];
      execFileSync('openssl', [...words, '-keyout', key, '-out', cert, '-subj', `/CN=${name}`], {
        stdio: 'ignore',
      });
      return { cert: readFileSync(cert), key: readFileSync(key) };
    };
    const { port, edge } = await anEdge({ tls: make('first') });
    const join_ = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({
          port,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ALPNProtocols: ['h2', 'http/1.1'],
        });
        socket.on('secureConnect', () => socket.write(liveRequest()));
        socket.on('error', reject);
        socket.once('data', () => {
          const { subject } = socket.getPeerCertificate();
          const { alpnProtocol } = socket;
          socket.destroy();
          resolve(`${String(subject.CN)} ${String(alpnProtocol)}`);
        });
      });
    expect(await join_()).toBe('first http/1.1');
    edge.renewTls(make('second'));
    expect(await join_()).toBe('second http/1.1');
    expect(edge.counters.fastAnswers).toBe(2);
  });
});
