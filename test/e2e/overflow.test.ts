/**
 * A house whose places run short, with hls for a cache: newcomers are sent to it before the last place is
 * taken, the player goes from the live lane to the cache and back again in one source buffer, and what comes
 * out of the loudspeaker has no hole. And the long buffer that newcomers get at an edge with too much to do,
 * in a real player. The sound is the holding sound, which never pauses.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { PROFILES } from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launchAloud } from './support/browser.ts';
import { isOff, markerIntervals, playControl, toldApart, VOID } from './support/control.ts';
import { hasLoudspeaker, Loudspeaker, type Recorder } from './support/loudspeaker.ts';
import { type SdkHeard, SdkPage } from './support/sdk-page.ts';
import { TestServer, until } from './support/server.ts';
import { rms } from './support/signal.ts';
import { RATE_HZ } from './support/sound.ts';
import { signIn } from './support/studio.ts';

const SPACE = 'evening';
const CAPACITY = 100;
/** Sound that is shorter than this between two silences is none: what a gap is. */
const WINDOW = RATE_HZ / 50;
/** From the profile's distance behind live a player may be away by so much, ms. */
const AWAY_MS_MAX = 1_500;

/**
 * A line to the server that can be cut, and over which one comes back as somebody who was never in, or comes
 * as one who had the long buffer: the server gives it to nobody else while it keeps up.
 */
class ForgetfulLine {
  readonly url: string;
  /** Requests it carried, by their first line. */
  readonly asked: string[] = [];
  forgets = false;
  lengthens = false;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async to(url: string): Promise<ForgetfulLine> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const line = new ForgetfulLine(server);
    server.on('connection', (near) => line.#carry(near, Number(new URL(url).port)));
    return line;
  }

  #carry(near: Socket, port: number): void {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      if (!text.startsWith('GET ')) return void far.write(bytes);
      this.asked.push(text.slice(0, text.indexOf('\r\n')));
      far.write(this.#changed(text), 'latin1');
    });
    far.on('data', (bytes) => near.write(bytes));
  }

  #changed(text: string): string {
    if (this.forgets) return text.replace(/&?return=[\w.-]+/, '');
    if (!this.lengthens || this.asked.at(-1)!.includes('profile=')) return text;
    return text.replace(/^(GET \/live\/[\w-]+)(\?)?/, (_, path: string, query = '') => {
      return `${path}?profile=far&return=none${query === '' ? '' : '&'}`;
    });
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

describe.skipIf(!hasChromium || !hasLoudspeaker)('a house whose places run short', () => {
  const crowd: Socket[] = [];
  let server: TestServer;
  let sdk: SdkPage;
  let loudspeaker: Loudspeaker;
  let browser: Browser;
  let line: ForgetfulLine;
  let page: Page;

  beforeAll(async () => {
    const flags = ['--edges', '1', '--capacity', String(CAPACITY), '--hls', 'cached'];
    [server, sdk, loudspeaker] = await Promise.all([
      TestServer.start(flags),
      SdkPage.open(),
      Loudspeaker.start(),
    ]);
    await server.createSpace({ id: SPACE, title: 'The evening', profile: 'steady' });
    await server.start(SPACE);
    [browser, line] = await Promise.all([launchAloud(loudspeaker), ForgetfulLine.to(server.url)]);
  });

  afterAll(async () => {
    for (const socket of crowd) socket.destroy();
    line?.close();
    await browser?.close();
    await loudspeaker?.stop();
    sdk?.close();
    await server?.stop();
  });

  const ask = (): Promise<SdkHeard> => page.evaluate('ask()') as Promise<SdkHeard>;
  const overflow = async (): Promise<string> => (await spaceJson()).overflow;
  const spaceJson = async (): Promise<{ overflow: string }> =>
    (await (await fetch(`${server.url}/spaces/${SPACE}.json`)).json()) as { overflow: string };
  const pulled = (): number => line.asked.filter((asked) => asked.includes('.m4s')).length;
  const live = (): number => line.asked.filter((asked) => asked.startsWith('GET /live/')).length;

  /** Nine tenths of what is left beside the places that are kept. */
  const fill = async (): Promise<void> => {
    while (crowd.length < CAPACITY * 0.8) crowd.push(await come(server.url));
    await until(async () => (await overflow()) === 'hls', 'newcomers are sent to the cache');
  };
  /** Records what is heard, beside the control. */
  const record = async (): Promise<Recorder> => {
    await playControl(page.context(), server.url);
    const recorder = loudspeaker.record(2);
    await until(() => recorder.seconds > 2, 'it is recorded');
    return recorder;
  };

  test('[P2] sends newcomers to the cache before the last place is taken, and says so', async () => {
    page = await (await browser.newContext()).newPage();
    // Whoever goes back does so within half a minute; here within a second.
    await page.addInitScript(() => {
      Math.random = () => 0.03;
    });
    await page.goto(sdk.listening(line.url, SPACE));
    await page.getByRole('button').click();
    await until(async () => (await ask()).phase === 'holding', 'it plays');
    expect((await ask()).profile).toBe('steady');
    expect(await overflow()).toBe('none');
    await fill();
    const answer = await fetch(`${server.url}/live/${SPACE}`, { redirect: 'manual' });
    expect(answer.status).toBe(307);
    expect(answer.headers.get('location')).toBe(`/hls/${SPACE}/index.m3u8`);
    const owner = await browser.newContext({ locale: 'en-GB' });
    await signIn(owner, server);
    const desk = await owner.newPage();
    await desk.goto(server.url);
    const told = desk.getByRole('status').filter({ hasText: 'Most places are taken.' });
    await told.getByText('Whoever comes now listens through the cache').waitFor();
    await desk.getByText(/^Since \d/).waitFor();
    await owner.close();
  });

  test('[P1] a player goes over to the cache and back, unheard', async ({ skip }) => {
    await fill();
    const recorder = await record();
    line.forgets = true;
    line.cut();
    await until(() => pulled() > 12, 'parts are pulled');
    expect((await ask()).profile).toBe('far');
    const asked = live();
    for (const socket of crowd.splice(0)) socket.destroy();
    await until(async () => (await overflow()) === 'none', 'there is room');
    await until(() => live() > asked, 'the player comes back to the live lane');
    await until(async () => (await ask()).profile === 'steady', 'it is in');
    const parts = pulled();
    const { at } = await ask();
    await until(async () => (await ask()).at > at + 8, 'it plays on');
    expect(pulled()).toBe(parts);
    const sounds = toldApart(await recorder.stop());
    const { stats, events } = await ask();
    expect(stats).toMatchObject({ gaps: 0, stalls: 0, skipped: 0 });
    expect(events.map(({ type }) => type)).not.toContain('rebuilt');
    skip(isVoid(sounds), VOID);
    expectNoHole('moved both ways', sounds.heard);
  });

  test('[P1] a player with the long buffer plays at it, and its edge is killed unheard', async ({
    skip,
  }) => {
    await page.context().close();
    line.forgets = false;
    line.lengthens = true;
    page = await (await browser.newContext()).newPage();
    await page.goto(sdk.listening(line.url, SPACE));
    await page.getByRole('button').click();
    await until(async () => (await ask()).phase === 'holding', 'it plays');
    const begun = await ask();
    expect(begun.profile).toBe('far');
    const recorder = await record();
    const least = { bufferedMs: Number.POSITIVE_INFINITY };
    await until(async () => {
      const { at, stats } = await ask();
      least.bufferedMs = Math.min(least.bufferedMs, stats.bufferedMs);
      return at > begun.at + 6;
    }, 'sound advances over two flushes');
    const { stats: before } = await ask();
    const behindMs = before.latencyMs!;
    console.info(`far: ${Math.round(behindMs)} ms behind, at least ${least.bufferedMs} ms in hand`);
    expect(behindMs).toBeGreaterThan(PROFILES.far.bufferMs - AWAY_MS_MAX);
    expect(behindMs).toBeLessThan(PROFILES.far.bufferMs + AWAY_MS_MAX);
    expect(least.bufferedMs).toBeGreaterThan(PROFILES.far.bufferMs - PROFILES.far.flushMsMax);

    const asked = live();
    await server.kill('edge-0');
    await until(() => live() > asked, 'it comes back');
    const { at } = await ask();
    await until(async () => (await ask()).at > at + PROFILES.far.bufferMs / 1_000, 'it plays on');
    const sounds = toldApart(await recorder.stop());
    const { stats, profile, events } = await ask();
    expect(profile).toBe('far');
    expect(stats).toMatchObject({ gaps: 0, stalls: 0, skipped: begun.stats.skipped });
    expect(events.map(({ type }) => type)).not.toContain('rebuilt');
    skip(isVoid(sounds), VOID);
    expectNoHole('far, edge killed', sounds.heard);
  });
});

interface Levels {
  readonly quietest: number;
  readonly middle: number;
}

/** A hole that the control has as well is the machine's. */
function isVoid({ heard, control }: ReturnType<typeof toldApart>): boolean {
  return hasHole(levelsOf(heard)) && markerIntervals(control).some(isOff);
}

/** The holding sound never pauses. */
function hasHole({ quietest, middle }: Levels): boolean {
  return quietest <= 0.05 * middle;
}

function expectNoHole(what: string, sound: Float32Array): void {
  const levels = levelsOf(sound);
  const { quietest, middle } = levels;
  console.info(
    `${what}: ${(sound.length / RATE_HZ).toFixed(1)} s recorded, the quietest 20 ms at ${(quietest / middle).toFixed(3)} of the middle`,
  );
  expect(middle).toBeGreaterThan(0.001);
  expect(hasHole(levels)).toBe(false);
}

/** Of each 20 ms. */
function levelsOf(sound: Float32Array): Levels {
  const levels: number[] = [];
  for (let at = RATE_HZ / 2; at + WINDOW <= sound.length; at += WINDOW)
    levels.push(rms(sound.subarray(at, at + WINDOW)));
  levels.sort((a, b) => a - b);
  return { quietest: levels[0]!, middle: levels[Math.floor(levels.length / 2)]! };
}

/** One who listens and says nothing. */
async function come(url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  socket.write(`GET /live/${SPACE} HTTP/1.1\r\nHost: a\r\n\r\n`);
  const [first] = (await once(socket, 'data')) as [Buffer];
  expect(first.toString('latin1')).toMatch(/^HTTP\/1\.1 200 /);
  socket.resume();
  socket.on('error', () => {});
  return socket;
}
