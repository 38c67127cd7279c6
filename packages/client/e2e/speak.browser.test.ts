import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../test/e2e/support/server.ts';
import type { SpeakOptions } from '../src/index.ts';
import { buildPage } from './build-page.ts';
import { hasChromium, openChromium } from './chromium.ts';

const SPACE = 'talk';

describe.skipIf(!hasChromium)('speak() in Chromium, on a real stage', () => {
  let browser: Browser;
  let folder: string;
  let server: TestServer;

  beforeAll(async () => {
    folder = await buildPage();
    server = await TestServer.start();
    await server.createSpace({ title: 'Talk', id: SPACE });
    await server.start(SPACE);
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
  });

  async function passOf(role: 'host' | 'speaker', name: string): Promise<string> {
    const { path } = await server.call<{ path: string }>('POST', `/api/spaces/${SPACE}/invites`, {
      role,
    });
    const invite = path.slice(path.indexOf('#') + 1);
    const { pass } = await server.call<{ pass: string }>('POST', `/api/spaces/${SPACE}/pass`, {
      invite,
      name,
    });
    return pass;
  }

  /** A page of the server's own origin with a speaker on it that has tried to join. */
  async function speaker(options: Omit<SpeakOptions, 'space'>, from?: Page): Promise<Page> {
    const context = from?.context() ?? (await browser.newContext());
    const page = await context.newPage();
    await context.route(/\/(sdk\/|assets\/)/, (route) => {
      const { pathname } = new URL(route.request().url());
      return route.fulfill({ path: join(folder, pathname === '/sdk/' ? 'index.html' : pathname) });
    });
    await page.goto(`${server.url}/sdk/`);
    await goOn(page, options);
    return page;
  }

  const goOn = (page: Page, options: Omit<SpeakOptions, 'space'>) =>
    page.evaluate(
      (given) => {
        const onEvent = (event: unknown): void => void window.events.push(event);
        window.speaking = window.client.speak({ ...given, onEvent });
        return window.speaking.join();
      },
      { space: SPACE, ...options },
    );

  const state = (page: Page) => page.evaluate(() => window.speaking.state);
  const phase = async (page: Page) => (await state(page)).phase;

  it('goes on stage, is heard there, hears others, and measures it', async () => {
    const ada = await speaker({ pass: await passOf('host', 'Ada'), name: 'Ada' });
    expect(await state(ada)).toMatchObject({ phase: 'connected' });
    const bob = await speaker({ pass: await passOf('speaker', 'Bob'), name: 'Bob' });
    await ada.evaluate(() => {
      for (const { id } of window.speaking.roster) window.speaking.place(id, 'stage');
    });
    await expect.poll(() => state(bob)).toEqual({ phase: 'connected', place: 'stage' });
    await expect
      .poll(() => ada.evaluate(() => window.speaking.levels[window.speaking.seat!] ?? 0))
      .toBeGreaterThan(0);
    const bobsSeat = await bob.evaluate(() => window.speaking.seat);
    await expect.poll(() => ada.evaluate(() => window.speaking.slots)).toContain(bobsSeat);
    await expect
      .poll(() => ada.evaluate(() => window.speaking.quality.verdict))
      .not.toBe('unknown');
    const report = await ada.evaluate(() => window.speaking.selfTest());
    expect(report).toMatchObject({ udp: 'ok', media: 'flowing', verdict: 'ok', advice: [] });

    await ada.evaluate(() => {
      const bob = window.speaking.roster.find(({ name }) => name === 'Bob');
      window.speaking.silence(bob!.id);
    });
    await expect
      .poll(() => bob.evaluate(() => [window.speaking.muted, window.speaking.silenced]))
      .toEqual([true, true]);
    await bob.evaluate(() => window.speaking.setMuted(false));
    await expect
      .poll(() =>
        ada.evaluate(() => window.speaking.roster.find(({ name }) => name === 'Bob')?.muted),
      )
      .toBe(false);
  });

  it('tells a STUN server that sees no other address from one that does not answer', async () => {
    const page = await speaker({ pass: await passOf('speaker', 'Bea'), name: 'Bea' });
    const test = (stun: Socket) =>
      page.evaluate(
        async ({ space, port }) => {
          const iceServers = [{ urls: [`stun:127.0.0.1:${port}`] }];
          const other = window.client.speak({ space, pass: '', name: '', iceServers });
          return (await other.selfTest()).stun;
        },
        { space: SPACE, port: stun.address().port },
      );
    const answering = await udp((stun) =>
      stun.on('message', (request, { port, address }) =>
        stun.send(bindingResponse(request, port, address), port, address),
      ),
    );
    const silent = await udp(() => {});
    expect(await test(answering)).toBe('ok');
    expect(await test(silent)).toBe('failed');
    answering.close();
    silent.close();
  });

  it('checks its own sound and plays a file on air', async () => {
    const page = await speaker({ pass: await passOf('speaker', 'Cleo'), name: 'Cleo' });
    const check = await page.evaluate(async () => ({
      ...(await window.speaking.soundCheck(1_500)),
    }));
    expect(check.durationMs).toBeGreaterThan(500);
    expect(check.peak).toBeGreaterThan(0);
    const clip = await page.evaluate(async () => {
      const bytes = new Uint8Array(44 + 48_000);
      const view = new DataView(bytes.buffer);
      bytes.set(new TextEncoder().encode('RIFF....WAVEfmt '));
      view.setUint32(4, bytes.length - 8, true);
      view.setUint32(16, 16, true);
      view.setUint16(20, 1, true);
      view.setUint16(22, 1, true);
      view.setUint32(24, 48_000, true);
      view.setUint32(28, 96_000, true);
      view.setUint16(32, 2, true);
      view.setUint16(34, 16, true);
      bytes.set(new TextEncoder().encode('data'), 36);
      view.setUint32(40, 48_000, true);
      const playing = await window.speaking.playOnAir(bytes.buffer, { name: 'jingle' });
      const during = window.speaking.clip?.playing;
      await playing.finished;
      const { durationMs, positionMs, name } = playing;
      return { during, durationMs, positionMs, name, after: window.speaking.clip };
    });
    expect(clip).toEqual({
      during: true,
      durationMs: 500,
      positionMs: 500,
      name: 'jingle',
      after: null,
    });
    const unreadable = page.evaluate(() =>
      window.speaking.playOnAir(new ArrayBuffer(64)).catch((e) => e.code),
    );
    expect(await unreadable).toBe('file_unreadable');
  });

  it('changes the processing of a voice as often and as fast as it is asked', async () => {
    const page = await speaker({ pass: await passOf('speaker', 'Dora'), name: 'Dora' });
    const off = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const shown = () => page.evaluate(() => window.speaking.microphone);
    for (const wanted of [false, true, false]) {
      await page.evaluate((on) => {
        void window.speaking.setProcessing({ echoCancellation: on });
        void window.speaking.setProcessing({ noiseSuppression: on });
        void window.speaking.setProcessing({ autoGainControl: on });
      }, wanted);
    }
    await expect.poll(shown).toMatchObject({ phase: 'open', processing: off });
  });

  it('keeps the screen awake while on stage, again after each time it was hidden, and no longer', async () => {
    const context = await browser.newContext();
    // The browser takes every lock away when the page is hidden; a test can only play that.
    await context.addInitScript(() => {
      const wake = { asked: 0, held: 0 };
      let visible: DocumentVisibilityState = 'visible';
      const locks = new Set<{ released: boolean; release(): Promise<void> }>();
      const request = async () => {
        if (visible === 'hidden') throw new DOMException('hidden', 'NotAllowedError');
        wake.asked++;
        wake.held++;
        const lock = {
          released: false,
          release: async () => {
            if (!lock.released) wake.held--;
            lock.released = true;
          },
        };
        locks.add(lock);
        return lock;
      };
      Object.defineProperty(navigator, 'wakeLock', { value: { request } });
      Object.defineProperty(document, 'visibilityState', { get: () => visible });
      const show = (to: DocumentVisibilityState) => {
        visible = to;
        if (to === 'hidden') for (const lock of locks) void lock.release();
        document.dispatchEvent(new Event('visibilitychange'));
      };
      Object.assign(window, { wake, show });
    });
    const page = await speaker(
      { pass: await passOf('speaker', 'Wanda'), name: 'Wanda' },
      await context.newPage(),
    );
    type Staged = { wake: { asked: number; held: number }; show(to: string): void };
    const wake = () => page.evaluate(() => (window as unknown as Staged).wake);
    const show = (to: string) =>
      page.evaluate((state) => (window as unknown as Staged).show(state), to);
    expect(await phase(page)).toBe('connected');
    await expect.poll(wake).toEqual({ asked: 1, held: 1 });
    await show('hidden');
    expect(await wake()).toEqual({ asked: 1, held: 0 });
    await show('visible');
    await expect.poll(wake).toEqual({ asked: 2, held: 1 });
    await page.evaluate(() => window.speaking.leave());
    await expect.poll(wake).toEqual({ asked: 2, held: 0 });
    await show('hidden');
    await show('visible');
    expect(await wake()).toEqual({ asked: 2, held: 0 });
  });

  it('a second tab is refused kindly, and may take the seat over', async () => {
    const pass = await passOf('speaker', 'Dora');
    const first = await speaker({ pass, name: 'Dora' });
    const second = await speaker({ pass, name: 'Dora' }, first);
    expect(await state(second)).toMatchObject({ phase: 'failed', code: 'already_on_stage' });
    await second.evaluate(() => window.speaking.takeOver());
    expect(await phase(second)).toBe('connected');
    await expect
      .poll(() => state(first))
      .toMatchObject({ phase: 'failed', code: 'already_on_stage' });
  });

  it('a duplicated tab is a second tab, and a reloaded one is not', async () => {
    const options = { pass: await passOf('speaker', 'Finn'), name: 'Finn' };
    const first = await speaker(options);
    const opened = first.waitForEvent('popup');
    // Opened by script, a page begins with a copy of its opener's storage, as a duplicated tab does.
    await first.evaluate(() => void window.open(location.href));
    const copy = await opened;
    await copy.waitForFunction(() => 'client' in window);
    await goOn(copy, options);
    expect(await state(copy)).toMatchObject({ phase: 'failed', code: 'already_on_stage' });
    expect(await phase(first)).toBe('connected');
    await copy.close();
    const seat = await first.evaluate(() => window.speaking.seat);
    await first.reload();
    await first.waitForFunction(() => 'client' in window);
    await goOn(first, options);
    expect(await phase(first)).toBe('connected');
    expect(await first.evaluate(() => window.speaking.seat)).toBe(seat);
  });

  it('[P3] is back on the same seat by itself when the stage was killed', async () => {
    const page = await speaker({ pass: await passOf('speaker', 'Emil'), name: 'Emil' });
    const seat = await page.evaluate(() => window.speaking.seat);
    await server.kill('stage');
    await expect
      .poll(
        () =>
          page.evaluate(() =>
            window.events.some((event) => (event as { type: string }).type === 'recovered'),
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    expect(await phase(page)).toBe('connected');
    expect(await page.evaluate(() => window.speaking.seat)).toBe(seat);
  });

  it('says plainly that a pass is not valid', async () => {
    const page = await speaker({ pass: 'nonsense', name: 'Eve' });
    expect(await state(page)).toMatchObject({ phase: 'failed', code: 'pass_invalid' });
  });
});

async function udp(prepare: (socket: Socket) => void): Promise<Socket> {
  const socket = createSocket('udp4');
  prepare(socket);
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

/** Says where a binding request came from: XOR-MAPPED-ADDRESS (RFC 8489 §14.2). */
function bindingResponse(request: Buffer, port: number, address: string): Buffer {
  const cookie = request.subarray(4, 8);
  const response = Buffer.concat([Buffer.from([1, 1, 0, 12]), request.subarray(4, 20)]);
  const mapped = Buffer.from([0, 0x20, 0, 8, 0, 1, port >> 8, port & 0xff]);
  const octets = address.split('.').map((octet, at) => Number(octet) ^ cookie[at]!);
  mapped[6]! ^= cookie[0]!;
  mapped[7]! ^= cookie[1]!;
  return Buffer.concat([response, mapped, Buffer.from(octets)]);
}
