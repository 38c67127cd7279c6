/** The recipe of docs/operate/https.md, run with Debian's nginx. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { selfSigned } from './support/certificate.ts';
import { freePort } from './support/free-port.ts';
import { TestServer, until } from './support/server.ts';

const NGINX = '/usr/sbin/nginx';
const RECIPE = join(import.meta.dirname, '../../packaging/nginx.conf');

describe.skipIf(!existsSync(NGINX))('[P1] behind nginx', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-nginx-'));
  let server: TestServer;
  let nginx: ReturnType<typeof spawn>;
  let port: number;

  beforeAll(async () => {
    server = await TestServer.start(['--trust-proxy']);
    port = await freePort();
    const { certificate, key } = selfSigned(folder);
    const site = readFileSync(RECIPE, 'utf8')
      .replace('127.0.0.1:8040', new URL(server.url).host)
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace(/\/etc\/ssl\/live\.example\.org\.pem/, certificate)
      .replace(/\/etc\/ssl\/live\.example\.org\.key/, key);
    const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n');
    writeFileSync(
      join(folder, 'nginx.conf'),
      `daemon off; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp { access_log off; ${scratch}\n${site}\n}`,
    );
    nginx = spawn(NGINX, ['-c', join(folder, 'nginx.conf'), '-p', folder], { stdio: 'inherit' });
    await until(async () => (await get('/healthz')).status === 200, 'nginx answers');
    await server.createSpace({ id: 'proxied', title: 'Behind a proxy' });
    await server.start('proxied');
    await until(async () => (await server.space('proxied'))?.state === 'live', 'the space is live');
  });

  afterAll(async () => {
    nginx?.kill('SIGTERM');
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the live lane comes as it is made, not in bursts', async () => {
    const arrivals = await new Promise<number[]>((resolve, reject) => {
      const times: number[] = [];
      const call = request(
        { port, host: '127.0.0.1', path: '/live/proxied?profile=near', rejectUnauthorized: false },
        (answer) => {
          expect(answer.statusCode).toBe(200);
          answer.on('data', () => {
            times.push(performance.now());
            if (times.length < 25) return;
            call.destroy();
            resolve(times);
          });
        },
      );
      call.on('error', (error) => (times.length < 25 ? reject(error) : undefined));
      call.end();
    });
    // 200 ms chunks of about 900 bytes: a buffering proxy would hold back 4 KiB, which is a second.
    const gaps = arrivals.slice(1).map((time, index) => time - arrivals[index]!);
    const median = gaps.toSorted((a, b) => a - b)[gaps.length >> 1]!;
    expect(median).toBeLessThan(600);
  });

  test('pages, the api and the stage’s WebSocket pass', async () => {
    expect((await get('/')).status).toBe(200);
    expect((await get('/api/spaces/proxied')).status).toBe(200);
    const socket = new WebSocket(`wss://127.0.0.1:${port}/stage/proxied?pass=forged`, {
      rejectUnauthorized: false,
    });
    // What counts is that the stage itself answers: it refuses the forged pass in its own words.
    const answer = await new Promise<string>((resolve) => {
      socket.on('message', (data) => resolve(String(data)));
      socket.on('unexpected-response', (_request, response) =>
        resolve(`status ${response.statusCode}`),
      );
      socket.on('error', (error) => resolve(error.message));
      socket.on('close', (code) => resolve(`closed ${code}`));
    });
    expect(answer).toMatch(/pass_invalid|bad_request|status 401|closed 4\d\d\d/);
  });

  test('nobody chooses their own address', async () => {
    const claim = { host: 'localhost', 'x-forwarded-host': 'localhost' };
    const local = { ...claim, 'x-forwarded-for': '127.0.0.1' };
    expect((await get('/metrics', local)).status).toBe(403);
    const asked = Array.from({ length: 40 }, (_, at) =>
      signIn({ 'x-forwarded-for': `192.0.2.${at}` }),
    );
    const statuses = new Set((await Promise.all(asked)).map(({ status }) => status));
    expect([...statuses].toSorted()).toEqual([401, 429]);
  });

  type Answer = Promise<{ status: number; body: string }>;

  const get = (path: string, headers = {}): Answer => ask('GET', path, headers, '');

  const signIn = (headers: object): Answer =>
    ask(
      'POST',
      '/api/session',
      { 'content-type': 'application/json', ...headers },
      '{"token":"forged"}',
    );

  function ask(method: string, path: string, headers: object, body: string): Answer {
    return new Promise((resolve) => {
      const call = request(
        {
          port,
          host: '127.0.0.1',
          method,
          path,
          headers: { ...headers },
          rejectUnauthorized: false,
        },
        (answer) => {
          let text = '';
          answer.on('data', (piece) => {
            text += piece;
          });
          answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
        },
      );
      call.on('error', () => resolve({ status: 0, body: '' }));
      call.end(body);
    });
  }
});
