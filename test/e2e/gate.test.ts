/**
 * A house with fewer places than people want: never one listener too many, everybody else in line with a
 * place and a time, a page that gets its turn and plays, and listeners of an edge that is killed who come
 * back past the line.
 */
import { connect, type Socket } from 'node:net';
import type { NowServing } from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, openContext } from './support/browser.ts';
import { TestServer, until } from './support/server.ts';

const CAPACITY = 200;
const CROWD = 600;
/** So many, one every 50 ms: longer than it takes to give places out anew. */
const REFUSED_IN_A_ROW = 30;

interface Comer {
  readonly socket: Socket;
  readonly status: number;
  readonly head: string;
}

describe.skipIf(!hasChromium)('a house with a line', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;
  const inside = new Set<Comer>();

  beforeAll(async () => {
    const flags = ['--demo', '--edges', '2', '--capacity', String(CAPACITY)];
    server = await TestServer.start(flags);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
    browser = await launch();
  });

  afterAll(async () => {
    await browser?.close();
    for (const { socket } of inside) socket.destroy();
    await server?.stop();
  });

  const come = async (query = ''): Promise<Comer> => {
    const comer = await ask(server.url, query);
    if (comer.status !== 200) return comer;
    inside.add(comer);
    comer.socket.on('close', () => inside.delete(comer));
    return comer;
  };
  /** An edge whose share is taken refuses while another still has places, until they are given out anew. */
  const fill = async (): Promise<void> => {
    let refused = 0;
    await until(async () => {
      refused = (await come()).status === 200 ? 0 : refused + 1;
      return refused === REFUSED_IN_A_ROW;
    }, 'the house is full');
  };
  const nowServing = async (): Promise<NowServing> =>
    (await (await fetch(`${server.url}/gate/demo`)).json()) as NowServing;

  test('[P2] takes in no more than it has places for, of a crowd that comes at once', async () => {
    const comers = await Promise.all(Array.from({ length: CROWD }, () => come()));
    const refused = comers.filter(({ status }) => status !== 200);
    expect(inside.size).toBeLessThanOrEqual(CAPACITY);
    await fill();
    expect(inside.size).toBeLessThanOrEqual(CAPACITY);
    expect(inside.size).toBeGreaterThan(CAPACITY * 0.8);
    for (const { head } of refused) {
      expect(head).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: \d+\r\n/i);
      expect(head).toContain('"waiting"');
    }
    const waits = new Set(refused.map(({ head }) => /retry-after: (\d+)/i.exec(head)?.[1]));
    expect(waits.size).toBeGreaterThan(1);
  });

  test('[P2] gives a page a place in line', async () => {
    await fill();
    page = await (await openContext(browser)).newPage();
    await page.goto(`${server.url}/demo`);
    await page.getByRole('button', { name: /^Listen/ }).click();
    await page.locator('.line-figure', { hasText: 'before you' }).waitFor();
    expect((await nowServing()).open).toBe(true);
  });

  test('[P1] lets the listeners of a killed edge back past the line', async () => {
    const cut: Comer[] = [];
    for (const comer of inside) comer.socket.on('close', () => cut.push(comer));
    // Nobody waits for the next one: there is room where the others are.
    process.kill(server.pid('edge-0'), 'SIGKILL');
    await until(() => cut.length > 0, 'connections are cut');
    expect((await come()).status).toBe(503);
    const back = async ({ head }: Comer): Promise<void> => {
      const token = /parterre-return: (\S+)/i.exec(head)?.[1];
      await until(async () => (await come(`?return=${token}`)).status === 200, 'one is back');
    };
    await Promise.all(cut.map(back));
    expect(inside.size).toBeLessThanOrEqual(CAPACITY);
    expect((await come()).status).toBe(503);
  });

  test('[P2] plays at that page when it is its turn, and a ticket is good once', async () => {
    const stored = await page.evaluate(() => localStorage.getItem('parterre ticket demo'));
    const { ticket } = JSON.parse(stored!) as { ticket: string };
    for (const { socket } of [...inside].slice(0, 40)) socket.destroy();
    const plays = (): Promise<boolean> =>
      page.evaluate(() => {
        const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1);
        // A gong has an end, the programme has none.
        return media !== undefined && !media.paused && media.duration === Infinity;
      });
    await until(plays, 'the page plays');
    const forged = await come(`?ticket=${ticket.slice(0, -2)}AA`);
    expect(forged.status).toBe(403);
    const reloaded = page.evaluate(() => sessionStorage.getItem('parterre return demo'));
    expect(await reloaded).not.toBeNull();
  });
});

function ask(url: string, query: string): Promise<Comer> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(`GET /live/demo${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
    });
    const done = (): void => {
      const end = text.indexOf('\r\n\r\n');
      const status = Number(text.slice(9, 12));
      if (end === -1 || status === 0) return;
      if (status === 200) resolve({ socket, status, head: text.slice(0, end) });
      else if (text.endsWith('}')) resolve({ socket, status, head: text });
      else return;
      socket.off('data', read);
      socket.resume();
    };
    const read = (bytes: Buffer): void => {
      text += bytes.toString('latin1');
      done();
    };
    socket.on('data', read);
    socket.on('error', reject);
  });
}
