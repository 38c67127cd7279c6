import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { aSpace, RawClient, type RunningEdge, runEdge } from './edge.fixture.ts';
import { parseRange } from './files.ts';
import { pageAt } from './pages.ts';

let folder = '';
let running: RunningEdge;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pages-'));
  mkdirSync(join(folder, 'pages', 'assets'), { recursive: true });
  for (const name of ['index', 'studio', 'listen']) {
    writeFileSync(join(folder, 'pages', `${name}.html`), `<!doctype html><title>${name}</title>`);
  }
  writeFileSync(join(folder, 'pages', 'assets', 'app-1a2b.js'), 'export {};');
  writeFileSync(join(folder, 'secrets.json'), 'secret');
  mkdirSync(join(folder, 'spaces', 'evening'), { recursive: true });
  writeFileSync(join(folder, 'spaces', 'evening', 'replay.ogg'), '0123456789');
  writeFileSync(join(folder, 'spaces', 'evening', 'plan.json'), 'secret');
  running = await runEdge({ dataDir: folder, pagesDir: join(folder, 'pages') });
});
afterEach(async () => {
  await running.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Asks with the target as it is, which `fetch` would normalise. */
async function askRaw(target: string): Promise<string> {
  const client = new RawClient(
    running.port,
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
  );
  await client.closed;
  return client.text;
}

describe('pages', () => {
  test.each([
    ['/', 'index.html'],
    ['/owner', 'index.html'],
    ['/invite', 'studio.html'],
    ['/studio/evening', 'studio.html'],
    ['/evening', 'listen.html'],
    ['/live', null],
    ['/api', null],
    ['/Evening', null],
    ['/evening/x', null],
    ['/studio/..', null],
  ])('%s is %s', (path, page) => {
    expect(pageAt(path)).toBe(page);
  });

  test('come under a strict content policy, never from a cache', async () => {
    const page = await fetch(`${running.url}/evening`);
    expect(await page.text()).toContain('<title>listen</title>');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
    expect(policy).not.toContain('unsafe-inline');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('permissions-policy')).toContain('microphone=(self)');
    expect(page.headers.get('strict-transport-security')).toBeNull();
  });

  test('may have the programme from a cache at another address, when there is one', async () => {
    const hlsBase = 'https://cache.example.org';
    const overflow = { has: new Set<never>(), egress: () => 0, hlsBase };
    const other = await runEdge({ pagesDir: join(folder, 'pages'), overflow });
    const page = await fetch(`${other.url}/evening`);
    expect(page.headers.get('content-security-policy')).toContain(
      `connect-src 'self' ${hlsBase} ws: wss:`,
    );
    await other.close();
  });

  test('the page of a space carries its title for whoever shows the link, as text and never as markup', async () => {
    const mark = 'Parterre: listen live';
    const head = `<meta property="og:title" content="${mark}" /><title>${mark}</title>`;
    writeFileSync(join(folder, 'pages', 'listen.html'), head);
    const other = await runEdge({ dataDir: folder, pagesDir: join(folder, 'pages') });
    expect(await (await fetch(`${other.url}/evening`)).text()).toBe(head);
    other.feed.space(aSpace({ title: `L’été <b>& "$&' co` }));
    const page = await fetch(`${other.url}/evening`);
    const title = 'L’été &#60;b&#62;&#38; &#34;$&#38;&#39; co · Parterre';
    const told = `<meta property="og:title" content="${title}" /><title>${title}</title>`;
    expect(await page.text()).toBe(told);
    expect(page.headers.get('content-length')).toBe(String(Buffer.byteLength(told)));
    const elsewhere = await fetch(`${other.url}/elsewhere`);
    expect([elsewhere.status, await elsewhere.text()]).toEqual([404, head]);
    await other.close();
  });

  test('the built page of a space has the words its title takes the place of', () => {
    const source = new URL('../../../web/listen.html', import.meta.url);
    expect(readFileSync(source, 'utf8').split('Parterre: listen live')).toHaveLength(3);
  });

  test('assets are kept for ever', async () => {
    const asset = await fetch(`${running.url}/assets/app-1a2b.js`);
    expect(asset.status).toBe(200);
    expect(asset.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    const gone = await fetch(`${running.url}/assets/app-0000.js`);
    expect(gone.status).toBe(404);
    expect(((await gone.json()) as { error: { code: string } }).error.code).toBe('unknown_path');
  });

  test.each(['bytes=5-2', 'bytes=0-99999999999999999999999', 'bytes=3-4'])(
    'an asset comes whole, whatever range of it is asked for: %s',
    async (range) => {
      const asset = await fetch(`${running.url}/assets/app-1a2b.js`, { headers: { range } });
      expect([asset.status, await asset.text()]).toEqual([200, 'export {};']);
    },
  );

  test('an asset outlives its file, and is not sent to one who has it', async () => {
    rmSync(join(folder, 'pages'), { recursive: true });
    const asset = await fetch(`${running.url}/assets/app-1a2b.js`);
    expect(await asset.text()).toBe('export {};');
    const headers = { 'if-none-match': asset.headers.get('etag')! };
    expect((await fetch(`${running.url}/assets/app-1a2b.js`, { headers })).status).toBe(304);
    const head = await fetch(`${running.url}/assets/app-1a2b.js`, { method: 'HEAD' });
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['10', '']);
  });

  test('no path leads out of the folders', async () => {
    const targets = [
      '/../secrets.json',
      '/assets/../../secrets.json',
      '/assets/..%2f..%2fsecrets.json',
      '/%2e%2e/secrets.json',
      '/assets/..\\..\\secrets.json',
      '//etc/passwd',
      '/spaces/../secrets.json',
      '/spaces/evening/plan.json',
      '/spaces/%2e%2e/replay.json',
      '/spaces/evening/replay.ogg/../plan.json',
      '/spaces/..%2fevening/replay.ogg',
    ];
    for (const target of targets) {
      const answer = await askRaw(target);
      expect(answer, target).toMatch(/^HTTP\/1.1 4/);
      expect(answer).not.toContain('secret"');
      expect(answer).not.toMatch(/\r\n\r\nsecret/);
    }
  });

  test('say that they have not been built', async () => {
    const bare = await runEdge();
    const page = await fetch(`${bare.url}/`);
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('npm run build');
    await bare.close();
  });
});

describe('recordings', () => {
  const ask = (headers: Record<string, string> = {}, query = '', method = 'GET') =>
    fetch(`${running.url}/spaces/evening/replay.ogg${query}`, { headers, method });

  test('whole, with length, type and validators', async () => {
    const whole = await ask();
    expect(await whole.text()).toBe('0123456789');
    expect(whole.headers.get('content-length')).toBe('10');
    expect(whole.headers.get('accept-ranges')).toBe('bytes');
    expect(whole.headers.get('content-type')).toBe('audio/ogg; codecs="opus"');
    const etag = whole.headers.get('etag')!;
    expect((await ask({ 'if-none-match': etag })).status).toBe(304);
    const head = await ask({}, '', 'HEAD');
    expect([head.headers.get('content-length'), await head.text()]).toEqual(['10', '']);
  });

  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=0-99', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['seconds=0-1', 200, '0123456789', null],
  ])('the range %s', async (range, status, body, contentRange) => {
    const part = await ask({ range });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
      status,
      body,
      contentRange,
    ]);
  });

  test('a range beyond the end is refused, an outdated one ignored', async () => {
    const beyond = await ask({ range: 'bytes=10-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const outdated = await ask({ range: 'bytes=0-1', 'if-range': '"old"' });
    expect(outdated.status).toBe(200);
  });

  test('as a download under the title of the space', async () => {
    running.feed.space(aSpace({ state: 'ended', title: 'L’été à "Paris"/Lyon' }));
    const download = await ask({}, '?download');
    const named = download.headers.get('content-disposition')!;
    expect(named).toMatch(/^attachment; filename="evening.ogg"; filename\*=UTF-8''/);
    expect(decodeURIComponent(named.split("''")[1]!)).toBe('L’été à "Paris"-Lyon.ogg');
  });

  test('are not held open for one who does not take them', async () => {
    await running.close();
    writeFileSync(join(folder, 'spaces', 'evening', 'replay.mp4'), Buffer.alloc(32_000_000));
    const pagesDir = join(folder, 'pages');
    running = await runEdge({ dataDir: folder, pagesDir, stallMsMax: 100 });
    const request = 'GET /spaces/evening/replay.mp4 HTTP/1.1\r\nHost: a\r\n\r\n';
    const client = new RawClient(running.port, request);
    client.socket.once('data', () => client.socket.pause());
    await client.until((bytes) => bytes.length > 0);
    await vi.waitFor(() => expect(running.edge.connections).toBe(0), 20_000);
    client.socket.destroy();
  });

  test('that are not there are unknown', async () => {
    expect((await fetch(`${running.url}/spaces/evening/replay.mp4`)).status).toBe(404);
    expect((await fetch(`${running.url}/spaces/elsewhere/replay.ogg`)).status).toBe(404);
  });

  test('a range lies within the file, whatever is asked', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^bytes=\d{0,4}-\d{0,4}$/)),
        fc.nat(2_000),
        (range, size) => {
          const parsed = parseRange(range, size);
          if (parsed === null || parsed === 'unsatisfiable') return;
          expect(parsed.start).toBeGreaterThanOrEqual(0);
          expect(parsed.start).toBeLessThanOrEqual(parsed.end);
          expect(parsed.end).toBeLessThan(size);
        },
      ),
    );
  });
});
