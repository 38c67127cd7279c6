/**
 * The page of a visitor who waits, in a real browser on a real server: for doors, for a place, with the api
 * and the stage away; and that one press is all it takes to hear it in the end.
 */
import { createHash, randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { type NowServing, solveWork, type WorkChallenge } from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, openContext } from './support/browser.ts';
import { TestServer, until } from './support/server.ts';

/** The least that there is. */
const CAPACITY = 100;
const DOORS_IN_MS = 14_000;
const MINUTE_MS = 60_000;
/** Zero bits of the challenge: the most that is ever asked for, 65,536 tries on average. */
const WORK_BITS = 16;
/** So many in a row have to pay: whichever edge the page comes to, it does too. */
const DEAR = 20;
/** Who stands in line for the sake of the line comes back so seldom. */
const LOOKS_A_TICKET = 20;

describe.skipIf(!hasChromium)('the page of who waits', () => {
  let server: TestServer;
  let browser: Browser;
  const inside = new Set<Socket>();

  beforeAll(async () => {
    server = await TestServer.start(['--demo', '--capacity', String(CAPACITY)]);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
    browser = await launch();
  });

  afterEach(async () => {
    for (const socket of inside) socket.destroy();
    inside.clear();
    for (const context of browser.contexts()) await context.close();
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const open = async (path: string): Promise<Page> => {
    const page = await (await openContext(browser)).newPage();
    await page.goto(server.url + path);
    return page;
  };

  /** A space whose doors open soon, known to the edge. */
  const announced = async (id: string): Promise<void> => {
    const startsAtMs = Date.now() + DOORS_IN_MS + MINUTE_MS;
    await server.createSpace({ id, title: `Evening ${id}`, startsAtMs, doorsMinutes: 1 });
    await until(async () => (await server.space(id))?.state === 'scheduled', `${id} is known`);
  };

  /** Every place of the demo is taken, and there is a line. Places just left are kept for a while first. */
  const fillDemo = async (): Promise<void> => {
    let looks = 0;
    const lined = async (): Promise<boolean> => {
      for (;;) {
        const socket = await listenTo(server.url, 'demo');
        if (socket === null) break;
        inside.add(socket);
      }
      const { key } = chance();
      if (looks++ % LOOKS_A_TICKET === 0)
        await fetch(`${server.url}/gate/demo/tickets?key=${key}`, { method: 'POST' });
      const gate = (await (await fetch(`${server.url}/gate/demo`)).json()) as NowServing;
      return gate.open;
    };
    await until(lined, 'the house is full and there is a line');
  };

  test('[P2] before doors: expected, also after a reload, and heard at the opening without another press', async () => {
    await announced('opening');
    const page = await open('/opening');
    await page.getByText('Starts in').waitFor();
    await page.getByRole('button', { name: 'I’ll be there' }).click();
    await page.getByText('You are expected').waitFor();
    await page.locator('.line-word', { hasText: 'You are in the draw' }).waitFor();
    const ticketOf = () => page.evaluate(() => localStorage.getItem('parterre ticket opening'));
    await until(async () => (await ticketOf()) !== null, 'there is a ticket');
    const ticket = await ticketOf();
    await page.reload();
    await page.getByText('Your place is kept').waitFor();
    await page.getByRole('button', { name: 'Listen' }).click();
    await page.getByText('You are expected').waitFor();
    expect(await ticketOf()).toBe(ticket);
    await until(() => hears(page), 'it is heard');
    expect((await server.space('opening'))?.state).toBe('doors');
    await page.getByText('You are in. Holding sound plays').waitFor();
    expect(await elementsOf(page)).toBe(1);
  });

  test('[P2] a turn is heard without another press, in the element that the press unlocked', async () => {
    await fillDemo();
    const page = await (await openContext(browser)).newPage();
    await standInLine(page, `${server.url}/demo`);
    await page.getByRole('heading', { name: 'On stage' }).waitFor();
    expect(await page.title()).toMatch(/^\d+ · /);
    for (const socket of inside) socket.destroy();
    await until(() => hears(page), 'the turn is heard');
    await page.getByRole('button', { name: 'Stop', exact: true }).waitFor();
    expect(await elementsOf(page)).toBe(1);
    expect(await page.evaluate(() => localStorage.getItem('parterre ticket demo'))).toBeNull();
  });

  test('[P2] serves, counts down and plays while the api and the stage stand still', async () => {
    const away = [server.pid('api'), server.pid('stage')];
    for (const pid of away) process.kill(pid, 'SIGSTOP');
    try {
      const page = await open('/demo');
      await page.getByRole('button', { name: 'Listen' }).click();
      await until(() => hears(page), 'it is heard');
    } finally {
      for (const pid of away) process.kill(pid, 'SIGCONT');
    }
  });

  test('[P2] does the work that a place costs, beside the page', async () => {
    await fillDemo();
    const page = await (await openContext(browser)).newPage();
    const text = 'v1.sealed/challenge+text';
    const paid: URL[] = [];
    await page.route('**/gate/demo/tickets*', async (route) => {
      const url = new URL(route.request().url());
      if (url.searchParams.has('work')) {
        paid.push(url);
        return route.continue();
      }
      const challenge = { text, bits: WORK_BITS };
      const error = { code: 'work_needed', message: '', remedy: '' };
      return route.fulfill({ status: 428, json: { error, challenge } });
    });
    await standInLine(page, `${server.url}/demo`);
    expect(paid).toHaveLength(1);
    expect(paid[0]!.searchParams.get('challenge')).toBe(text);
    const solution = `${text}:${paid[0]!.searchParams.get('work')}`;
    const digest = createHash('sha256').update(solution).digest();
    expect(digest.readUInt32BE() >>> (32 - WORK_BITS)).toBe(0);
  });

  test('[P2] nobody waits whom the house sends on to a cache', async () => {
    await fillDemo();
    const page = await (await openContext(browser)).newPage();
    await page.route('**/live/demo*', (route) => {
      if (route.request().method() !== 'HEAD') return route.continue();
      return route.fulfill({ status: 307, headers: { location: '/hls/demo/index.m3u8' } });
    });
    const gate = page.waitForResponse((response) => response.url().includes('/gate/'));
    await page.goto(`${server.url}/demo`);
    await gate;
    const live = page.waitForRequest((request) => {
      return request.method() === 'GET' && request.url().includes('/live/demo');
    });
    await page.getByRole('button', { name: 'Listen' }).click();
    const { searchParams } = new URL((await live).url());
    expect(searchParams.has('ticket')).toBe(false);
    expect(searchParams.has('return')).toBe(false);
  });

  test('[P2] nothing moves when the auditorium takes over', async () => {
    const page = await open('/demo');
    await page.getByRole('button', { name: 'Listen' }).waitFor();
    await page.locator('.house canvas').waitFor();
    const before = await boxesOf(page);
    await page.getByRole('button', { name: 'Listen' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('slider', { name: 'Volume' }).waitFor();
    const after = await boxesOf(page);
    for (const [name, box] of Object.entries(after))
      for (const [side, at] of Object.entries(box))
        expect(Math.abs(at - before[name]![side]!), `${name} ${side}`).toBeLessThanOrEqual(1);
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('listen-button');
  });

  test('[P2] pays what the server really asks for while very many come', async () => {
    await announced('dear');
    const path = '/gate/dear/tickets';
    let wanted = true;
    let dear = 0;
    const crowd = (async () => {
      while (wanted) {
        const prices = await Promise.all(Array.from({ length: 40 }, () => buy(server.url + path)));
        for (const bits of prices) dear = bits > 0 ? dear + 1 : 0;
      }
    })();
    await until(() => dear > DEAR, 'a place costs work wherever one asks');
    const page = await (await openContext(browser)).newPage();
    const answers: { status: number; atMs: number; bits: number }[] = [];
    page.on('response', async (response) => {
      if (!response.url().includes(path)) return;
      const atMs = performance.now();
      const body = (await response.json()) as { challenge?: WorkChallenge };
      answers.push({ status: response.status(), atMs, bits: body.challenge?.bits ?? 0 });
    });
    await page.goto(`${server.url}/dear`);
    await page.getByRole('button', { name: 'I’ll be there' }).click();
    await page.locator('.line-word', { hasText: 'You are in the draw' }).waitFor();
    wanted = false;
    await crowd;
    await until(() => answers.length > 1, 'both answers are read');
    expect(answers.map(({ status }) => status)).toEqual([428, 201]);
    const [asked, paid] = answers;
    expect(asked!.bits).toBeGreaterThan(0);
    console.info(`${asked!.bits} bits: a place ${Math.round(paid!.atMs - asked!.atMs)} ms later`);
  });

  test('a link to a kept seat leaves the address and comes along with the listener', async () => {
    const page = await (await openContext(browser)).newPage();
    const seat = 'seat-token_0123456789';
    const live = page.waitForRequest((request) => request.url().includes('/live/demo'));
    await page.goto(`${server.url}/demo?seat=${seat}`);
    await page.getByRole('button', { name: 'Listen' }).click();
    expect(new URL((await live).url()).searchParams.get('pass')).toBe(seat);
    expect(new URL(page.url()).search).toBe('');
    await page.reload();
    const again = page.waitForRequest((request) => request.url().includes('/live/demo'));
    await page.getByRole('button', { name: 'Listen' }).click();
    expect(new URL((await again).url()).searchParams.get('pass')).toBe(seat);
  });
});

/** Presses Listen once the page knows that there is a line; resolves when it shows a place. */
async function standInLine(page: Page, url: string): Promise<void> {
  const gate = page.waitForResponse((response) => response.url().includes('/gate/'));
  await page.goto(url);
  await gate;
  await page.getByRole('button', { name: 'Listen' }).click();
  await page.locator('.line-figure').waitFor();
}

/** Sound of the programme: longer than the silence and the gong that come before it. */
function hears(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1);
    return media !== undefined && !media.paused && media.currentTime > 0 && media.duration > 1e6;
  });
}

function elementsOf(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { heard: HTMLMediaElement[] }).heard.length);
}

type Box = Record<string, number>;

function boxesOf(page: Page): Promise<Record<string, Box>> {
  return page.evaluate(() =>
    Object.fromEntries(
      ['.marquee h1', '.house-frame', '.house canvas', '.controls', '.listen-button'].map(
        (name) => {
          const { x, y, width, height } = document.querySelector(name)!.getBoundingClientRect();
          return [name, { x, y, width, height }];
        },
      ),
    ),
  );
}

/** What a browser that is none says it is. */
function chance(): { key: string; nonce: string } {
  return {
    key: randomBytes(16).toString('base64url'),
    nonce: randomBytes(16).toString('base64url'),
  };
}

/** Takes a place as a browser would. @returns the zero bits that it cost */
async function buy(url: string): Promise<number> {
  const query = new URLSearchParams(chance());
  const asked = await post(`${url}?${query}`);
  const { challenge } = JSON.parse(asked) as { challenge?: WorkChallenge };
  if (challenge === undefined) return 0;
  const work = solveWork(challenge, (bytes) => createHash('sha256').update(bytes).digest());
  query.set('challenge', challenge.text);
  query.set('work', String(work));
  await post(`${url}?${query}`);
  return challenge.bits;
}

/** On a connection of its own, so that every edge has some. @returns the answer */
function post(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent: false }, (answer) => {
      answer.toArray().then((parts) => resolve(Buffer.concat(parts).toString()), reject);
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** @returns the listener's connection; null when it was refused */
function listenTo(url: string, space: string): Promise<Socket | null> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(`GET /live/${space} HTTP/1.1\r\nHost: a\r\n\r\n`);
    });
    socket.once('data', (bytes: Buffer) => {
      const isIn = bytes.toString('latin1').startsWith('HTTP/1.1 200');
      socket.resume();
      if (!isIn) socket.destroy();
      resolve(isIn ? socket : null);
    });
    socket.on('error', reject);
  });
}
