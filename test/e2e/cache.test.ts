/** The recipe of docs/operate/cache.md, run with Debian's nginx. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from './support/free-port.ts';
import { HlsPuller } from './support/hls-puller.ts';
import { TestServer, until } from './support/server.ts';

const NGINX = '/usr/sbin/nginx';
const RECIPE = join(import.meta.dirname, '../../packaging/nginx-cache.conf');
const FEW = 15;
const MANY = 10 * FEW;
/** Parts each listener takes: about as many seconds. */
const PARTS = 12;
/** What a listener of this lane has in hand when it plays: PART-HOLD-BACK. */
const BUFFER_MS = 3_200;

describe.skipIf(!existsSync(NGINX))('the hls lane behind a cache', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-cache-'));
  const agent = new Agent({ keepAlive: true });
  let server: TestServer;
  let nginx: ChildProcess;
  let url: string;

  beforeAll(async () => {
    server = await TestServer.start(['--demo', '--hls', 'cached']);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const site = readFileSync(RECIPE, 'utf8')
      .replace('127.0.0.1:8040', new URL(server.url).host)
      .replace('listen 8080', `listen 127.0.0.1:${port}`)
      .replace('/var/cache/nginx/parterre', `${folder}/cache`);
    const scratch = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map((name) => `${name}_temp_path ${folder}/${name};`)
      .join('\n');
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    writeFileSync(
      join(folder, 'nginx.conf'),
      `${user} daemon off; pid ${folder}/pid; error_log ${folder}/error.log;\nevents {}\nhttp { log_format cache $upstream_cache_status; access_log ${folder}/access.log cache; ${scratch}\n${site}\n}`,
    );
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
    await startNginx();
  });

  afterAll(async () => {
    agent.destroy();
    nginx?.kill('SIGTERM');
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test('[P1] ten times the listeners cost the origin no more', async () => {
    const few = await crowd(FEW);
    const many = await crowd(MANY);
    console.info(
      `origin: ${few.rate.toFixed(2)} requests a second for ${FEW} listeners, ${many.rate.toFixed(2)} for ${MANY}; hits ${few.hits.toFixed(3)} and ${many.hits.toFixed(3)}`,
    );
    // Flat but for what a busy machine sends late; listeners grew tenfold.
    expect(many.rate).toBeLessThan(2 * few.rate);
    expect(many.hits).toBeGreaterThan(0.95);
    expect(many.retries).toBe(0);
  });

  test('[P1] a cache that is lost in mid-event, with all it had, is gone on with', async () => {
    const pullers = Array.from({ length: 50 }, () => new HlsPuller(list(), agent));
    const running = pullers.map((puller) => puller.run());
    await until(() => pullers.every(({ parts }) => parts > 3), 'all listen');
    const ended = new Promise((resolve) => nginx.once('exit', resolve));
    process.kill(-nginx.pid!, 'SIGKILL'); // its workers as well
    await ended;
    rmSync(join(folder, 'cache'), { recursive: true, force: true });
    await startNginx();
    const before = pullers.map(({ parts }) => parts);
    await until(() => pullers.every(({ parts }, at) => parts > before[at]! + 5), 'all go on');
    for (const puller of pullers) puller.stop();
    await Promise.all(running);
    const gapMs = Math.max(...pullers.map((puller) => puller.gapMs));
    console.info(`cache lost: longest wait for a part ${Math.round(gapMs)} ms`);
    expect(gapMs).toBeLessThan(BUFFER_MS);
  });

  test('keeps a segment once, whatever is appended to its address', async () => {
    const text = await (await fetch(list())).text();
    const [, path] = /^(.+\/\d+\.m4s)$/m.exec(text)!;
    const segment = new URL(path!, list()).href;
    const first = await fetch(segment);
    const again = await fetch(`${segment}?evade=${Math.random()}`);
    expect(again.headers.get('x-cache')).toBe('HIT');
    expect(Buffer.from(await again.arrayBuffer())).toEqual(Buffer.from(await first.arrayBuffer()));
    expect(again.headers.get('cache-control')).toContain('immutable');
  });

  const list = (): string => `${url}/hls/demo/opus/index.m3u8`;

  async function startNginx(): Promise<void> {
    const options = ['-c', join(folder, 'nginx.conf'), '-p', folder];
    nginx = spawn(NGINX, options, { stdio: 'inherit', detached: true });
    await until(
      () =>
        fetch(list()).then(
          ({ ok }) => ok,
          () => false,
        ),
      'the cache answers',
    );
  }

  /** So many listen for PARTS seconds. */
  async function crowd(count: number): Promise<{ rate: number; hits: number; retries: number }> {
    const [asked, logged] = [await requestsAtOrigin(), statuses().length];
    const startMs = performance.now();
    const pullers = Array.from({ length: count }, () => new HlsPuller(list(), agent));
    const running = pullers.map((puller) => puller.run());
    await until(() => pullers.every(({ parts }) => parts >= PARTS), `${count} have listened`);
    for (const puller of pullers) puller.stop();
    await Promise.all(running);
    const requests = (await requestsAtOrigin()) - asked;
    const seconds = (performance.now() - startMs) / 1_000;
    const seen = statuses().slice(logged);
    const hits = seen.filter((status) => status !== 'MISS' && status !== 'EXPIRED').length;
    const retries = pullers.reduce((sum, puller) => sum + puller.retries, 0);
    return { rate: requests / seconds, hits: hits / seen.length, retries };
  }

  function statuses(): string[] {
    return readFileSync(join(folder, 'access.log'), 'utf8').split('\n').filter(Boolean);
  }

  async function requestsAtOrigin(): Promise<number> {
    const text = await (await server.fetch('/metrics')).text();
    const rows = text.matchAll(/^parterre_edge_hls_requests_total\{[^}]*\} (\d+)/gm);
    return [...rows].reduce((sum, [, count]) => sum + Number(count), 0);
  }
});
