import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import WebSocket, { WebSocketServer } from 'ws';
import { RawClient, type RunningEdge, runEdge } from './edge.fixture.ts';
import type { EdgeOptions } from './edge.ts';
import { BODY_BYTES_MAX } from './proxy.ts';

let folder = '';
let running: RunningEdge;
let part: Server;

async function setUp(
  trustProxy: boolean,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  change: Partial<EdgeOptions> = {},
): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'proxy-'));
  part = createServer(answer);
  await new Promise<void>((resolve) => part.listen(join(folder, 'a.sock'), resolve));
  const sockets = { api: join(folder, 'a.sock'), stage: join(folder, 'a.sock') };
  running = await runEdge({ sockets, trustProxy, ...change });
}

async function stopPart(): Promise<void> {
  part.closeAllConnections();
  await new Promise((resolve) => part.close(resolve));
}

afterEach(async () => {
  await running.close();
  if (part.listening) await stopPart();
  rmSync(folder, { recursive: true, force: true });
});

const echo = (request: IncomingMessage, response: ServerResponse): void => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.writeHead(201, { 'x-part': 'here', 'set-cookie': ['a=1', 'b=2'] });
    response.end(
      JSON.stringify({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  });
};

interface Echo {
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string;
}

describe('a request for another part', () => {
  test('reaches it as it was sent, and the answer comes back', async () => {
    await setUp(false, echo);
    const answer = await fetch(`${running.url}/api/spaces?limit=2`, {
      method: 'POST',
      body: '{"title":"x"}',
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('x-part')).toBe('here');
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await answer.json()).toMatchObject({
      method: 'POST',
      url: '/api/spaces?limit=2',
      body: '{"title":"x"}',
    });
  });

  test.each([
    [false, '127.0.0.1', 'http'],
    [true, '6.6.6.6, 127.0.0.1', 'https'],
  ])('with trustProxy %s the client’s address is %s', async (trust, address, scheme) => {
    await setUp(trust, echo);
    const answer = await fetch(`${running.url}/api/x`, {
      headers: {
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'https',
        forwarded: 'for=6.6.6.6',
        'x-real-ip': '6.6.6.6',
      },
    });
    const { headers } = (await answer.json()) as Echo;
    expect(headers['x-forwarded-for']).toBe(address);
    expect(headers['x-forwarded-proto']).toBe(scheme);
    expect(headers.forwarded).toBe('for=unknown');
    expect(headers['x-real-ip']).toBeUndefined();
  });

  test.each([
    ['for=192.0.2.7;proto=https', undefined, '192.0.2.7, 127.0.0.1', 'https'],
    ['for=6.6.6.6, for="[2001:db8::7]:99"', undefined, '2001:db8::7, 127.0.0.1', 'http'],
    ['for=unknown', undefined, '127.0.0.1', 'http'],
    ['nonsense', undefined, '127.0.0.1', 'http'],
    ['for=192.0.2.7', '192.0.2.7', '192.0.2.7, 127.0.0.1', 'http'],
    ['for=6.6.6.6', '192.0.2.7', '127.0.0.1', 'http'],
  ])(
    'behind a proxy that says Forwarded: %s, X-Forwarded-For: %s, the client is %s',
    async (forwarded, older, address, scheme) => {
      await setUp(true, echo);
      const headers: Record<string, string> = { forwarded };
      if (older !== undefined) headers['x-forwarded-for'] = older;
      const answer = await fetch(`${running.url}/api/x`, { headers });
      const heard = ((await answer.json()) as Echo).headers;
      expect([heard['x-forwarded-for'], heard['x-forwarded-proto']]).toEqual([address, scheme]);
    },
  );

  test('is refused when its body is too large, said or not', async () => {
    await setUp(false, echo);
    const body = new Uint8Array(BODY_BYTES_MAX + 1);
    expect((await fetch(`${running.url}/whip/evening`, { method: 'POST', body })).status).toBe(413);
    const stream = new Blob([body]).stream();
    const unsaid = await fetch(`${running.url}/whip/evening`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
    } as RequestInit);
    expect(unsaid.status).toBe(413);
    const largest = new Uint8Array(BODY_BYTES_MAX);
    const taken = await fetch(`${running.url}/whip/evening`, { method: 'POST', body: largest });
    expect(taken.status).toBe(201);
    await taken.arrayBuffer();
  });

  test.each([
    ['a trailer announced without a body', 'GET', 'Trailer: x\r\n\r\n', ''],
    [
      'a trailer announced beside a length',
      'POST',
      'Trailer: x\r\nContent-Length: 2\r\n\r\nhi',
      'hi',
    ],
    [
      'chunks and a trailer',
      'DELETE',
      'Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx: y\r\n\r\n',
      'hi',
    ],
    [
      'an upgrade that is not for here',
      'GET',
      'Connection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      '',
    ],
  ])('is framed anew: %s', async (_what, method, rest, body) => {
    await setUp(false, echo);
    const client = new RawClient(running.port, `${method} /api/x HTTP/1.1\r\nHost: a\r\n${rest}`);
    await client.until((bytes) => bytes.includes('"body"'));
    expect(client.text).toMatch(/^HTTP\/1.1 201 /);
    expect(client.text).not.toMatch(/^keep-alive:/im);
    const heard = JSON.parse(/\{.*\}/.exec(client.text)![0]) as Echo;
    expect(heard.body).toBe(body);
    for (const name of ['trailer', 'transfer-encoding', 'upgrade', 'te'])
      expect(heard.headers[name]).toBeUndefined();
    client.socket.end();
    await client.closed;
  });

  test('takes nothing of the part before it is whole', async () => {
    let heard = 0;
    await setUp(false, (request, response) => {
      heard++;
      echo(request, response);
    });
    const head =
      'POST /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n';
    const slow = new RawClient(running.port, `${head}12`);
    const whole = new RawClient(running.port, `${head}1234`);
    await whole.closed;
    expect(heard).toBe(1);
    slow.socket.write('34');
    await slow.closed;
    expect([heard, slow.text.slice(0, 12)]).toEqual([2, 'HTTP/1.1 201']);
  });

  test('is asked to come again while too much is held of others', async () => {
    let asked = 0;
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      if (++asked > 1) echo(request, response);
    };
    await setUp(false, answer, { heldBytesMax: 10 });
    const head = 'POST /api/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
    const post = () => new RawClient(running.port, `${head}Content-Length: 8\r\n\r\n12345678`);
    const status = async (): Promise<string> => {
      const client = post();
      await client.closed;
      return client.text.slice(9, 12);
    };
    const first = post();
    await vi.waitFor(() => expect(asked).toBe(1));
    expect(await status()).toBe('503');
    first.socket.destroy();
    await vi.waitFor(async () => expect(await status()).toBe('201'));
    await vi.waitFor(() => expect(running.edge.connections).toBe(0));
  });

  test('is answered plainly while the part is away, and again when it is back', async () => {
    await setUp(false, echo);
    expect((await fetch(`${running.url}/api/x`)).status).toBe(201);
    await stopPart();
    const away = await fetch(`${running.url}/api/x`);
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '1']);
    expect(((await away.json()) as { error: { code: string } }).error.code).toBe('part_away');
    part = createServer(echo);
    await new Promise<void>((resolve) => part.listen(join(folder, 'a.sock'), resolve));
    expect((await fetch(`${running.url}/api/x`)).status).toBe(201);
  });

  test('that dies with its part in the middle is not left hanging', async () => {
    await setUp(false, (_request, response) => response.destroy());
    expect((await fetch(`${running.url}/api/x`)).status).toBe(503);
  });
});

describe('a WebSocket of the stage', () => {
  test('passes both ways, and ends when the part does', async () => {
    await setUp(false, echo);
    const stage = new WebSocketServer({ server: part });
    stage.on('connection', (socket, request) => {
      socket.send(`${request.url} ${request.headers['x-forwarded-for']}`);
      socket.on('message', (data) => socket.send(`heard ${String(data)}`));
    });
    const client = new WebSocket(`ws://127.0.0.1:${running.port}/stage/evening?pass=1`, {
      headers: { 'x-forwarded-for': '6.6.6.6' },
    });
    const heard: string[] = [];
    const messages = (count: number): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (heard.length >= count) resolve();
        };
        client.on('message', (data) => {
          heard.push(String(data));
          look();
        });
      });
    client.on('open', () => client.send('hello'));
    await messages(2);
    expect(heard).toEqual(['/stage/evening?pass=1 127.0.0.1', 'heard hello']);
    const ended = new Promise((resolve) => client.on('close', resolve));
    for (const socket of stage.clients) socket.terminate();
    await ended;
  });

  test('is refused plainly while the part is away', async () => {
    await setUp(false, echo);
    await stopPart();
    const client = new WebSocket(`ws://127.0.0.1:${running.port}/stage/evening`);
    const status = await new Promise((resolve) => {
      client.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      client.on('error', (error) => resolve(error.message));
    });
    expect(status).toBe(503);
  });

  test('that is refused costs no connection, even of a client that does not close', async () => {
    await setUp(false, echo);
    await stopPart();
    const socket = connect({ port: running.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.resume();
    const answered = new Promise((resolve) => socket.on('end', resolve));
    const upgrade = 'Connection: upgrade\r\nUpgrade: websocket\r\n';
    socket.write(`GET /stage/evening HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
    await answered;
    await vi.waitFor(() => expect(running.edge.connections).toBe(0), 20_000);
    socket.destroy();
  });

  test('elsewhere there is none', async () => {
    await setUp(false, echo);
    const client = new WebSocket(`ws://127.0.0.1:${running.port}/no/where`);
    const status = await new Promise((resolve) => {
      client.on('unexpected-response', (_request, response) => resolve(response.statusCode));
      client.on('error', (error) => resolve(error.message));
    });
    expect(status).toBe(404);
  });
});
