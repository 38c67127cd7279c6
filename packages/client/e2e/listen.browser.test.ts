import { rmSync } from 'node:fs';
import { CHUNK_MS, PROFILES } from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ListenEvent, ListenOptions } from '../src/index.ts';
import { buildPage } from './build-page.ts';
import { hasChromium, heard, openChromium, until } from './chromium.ts';
import { LiveHouse, packetsOf, SPACE, speech, tone } from './live-house.ts';

describe.skipIf(!hasChromium)('listen() in Chromium', () => {
  let browser: Browser;
  let folder: string;
  let packets: Uint8Array[][];
  let house: LiveHouse;
  let base: string;

  beforeAll(async () => {
    folder = await buildPage();
    packets = await packetsOf(speech() ?? tone(4, 440), 50);
    browser = await openChromium();
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    house = new LiveHouse(packets, folder, 'near');
    base = await house.open();
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await house.close();
  });

  async function listener(options: Partial<ListenOptions> = {}, from?: Page): Promise<Page> {
    const context = from?.context() ?? (await browser.newContext());
    const page = await context.newPage();
    await page.goto(base);
    await page.evaluate(
      (given) => {
        const onEvent = (event: unknown): void => void window.events.push(event);
        window.listening = window.client.listen({ ...given, onEvent });
        void window.listening.play();
      },
      { space: SPACE, ...options },
    );
    return page;
  }

  const plays = (page: Page) =>
    until(page, ({ phase, stats }) => phase === 'playing' && stats.seq !== null);
  const playsOn = async (page: Page, chunks: number) => {
    const { positionMs } = await plays(page);
    return until(page, (now) => now.positionMs > positionMs + chunks * CHUNK_MS);
  };
  const skipsOf = (page: Page) =>
    page.evaluate(() => window.events.filter((event) => (event as ListenEvent).type === 'skip'));
  /** Loudest sample that leaves the element. */
  const loudness = (page: Page) =>
    page.evaluate(async () => {
      const context = new AudioContext();
      const element = window.listening.element as HTMLAudioElement & {
        captureStream(): MediaStream;
      };
      const meter = context.createAnalyser();
      context.createMediaStreamSource(element.captureStream()).connect(meter);
      const samples = new Float32Array(meter.fftSize);
      let peak = 0;
      for (let round = 0; round < 200 && peak < 0.02; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        meter.getFloatTimeDomainData(samples);
        for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
      }
      return peak;
    });

  it('[P2] plays from the middle of the programme, with the snapshot that is heard', async () => {
    const page = await listener();
    const begun = await playsOn(page, 10);
    const now = await playsOn(page, 25);
    expect(now.ranges).toBe(1);
    // A newcomer whose element was slow to start is brought to its place once, at the beginning.
    const { skipped } = begun.stats;
    expect(now.stats).toMatchObject({ engine: 'mse', gaps: 0, stalls: 0, skipped });
    expect((await skipsOf(page)).length).toBeLessThanOrEqual(1);
    const at = Number(now.speaking.replace('heard at ', ''));
    expect(now.stats.seq! - at).toBeGreaterThanOrEqual(0);
    expect(now.stats.seq! - at).toBeLessThan(7);
    expect(now.stats.latencyMs).toBeGreaterThan(0);
    expect(await loudness(page)).toBeGreaterThan(0.02);
  });

  it('[P1] plays on without a gap when its connection breaks, from the next sequence', async () => {
    house = await steady(house);
    const page = await listener();
    await playsOn(page, 5);
    house.cut();
    await until(page, ({ stats }) => stats.reconnects === 1);
    const after = await playsOn(page, 30);
    expect(after.stats).toMatchObject({ gaps: 0, stalls: 0, skipped: 0, reconnects: 1 });
    expect(after.ranges).toBe(1);
    expect(house.asked[1]).toMatch(/^\?from=\d+&session=[\w-]+\.1$/);
  });

  it('replaces a connection that says nothing, and catches up', async () => {
    const page = await listener();
    await playsOn(page, 5);
    house.stalled = true;
    await until(page, ({ stats }) => stats.reconnects >= 2);
    await until(page, ({ phase }) => phase === 'reconnecting' || phase === 'buffering');
    house.stalled = false;
    const after = await playsOn(page, 20);
    expect(after.stats.gaps).toBe(0);
    expect(after.stats.skipped).toBeGreaterThan(0);
    await until(page, ({ stats }) => (stats.latencyMs ?? Infinity) < 2 * PROFILES.near.bufferMs);
  });

  it('waits for the time the house asks for, and goes on', async () => {
    house.refusal = { code: 'house_full', retryAfterS: 1 };
    const page = await listener();
    await until(page, ({ stats }) => stats.reconnects >= 1);
    house.refusal = null;
    await plays(page);
    expect(house.asked.length).toBeLessThanOrEqual(3);
  });

  it('waits for doors and then plays by itself', async () => {
    house.refusal = { code: 'not_open', retryAfterS: 1 };
    const page = await listener();
    await until(page, ({ phase }) => phase === 'waiting');
    house.refusal = null;
    await plays(page);
  });

  it('plays what it has when the programme ends, then says so', async () => {
    const page = await listener();
    await playsOn(page, 5);
    house.state = 'ended';
    house.refusal = { code: 'ended' };
    house.cut();
    const end = await until(page, ({ phase }) => phase === 'ended');
    expect(end.stats.gaps).toBe(0);
  });

  it('says plainly that a space does not exist', async () => {
    const page = await listener({ space: 'nobody-here' });
    expect((await until(page, ({ phase }) => phase === 'failed')).code).toBe('unknown_space');
  });

  it('pauses, and comes back at live', async () => {
    const page = await listener();
    await playsOn(page, 3);
    await page.evaluate(() => window.listening.pause());
    expect((await heard(page)).phase).toBe('paused');
    await expect.poll(() => house.listeners).toBe(0);
    const { head } = house;
    await page.waitForTimeout(1_500);
    await page.evaluate(() => void window.listening.play());
    const again = await playsOn(page, 3);
    expect(again.stats.seq).toBeGreaterThan(head);
    await page.evaluate(() => window.listening.stop());
    expect((await heard(page)).phase).toBe('idle');
  });

  it('shows the lock screen what is heard, and obeys its buttons', async () => {
    const context = await browser.newContext();
    await context.addInitScript(() => {
      const buttons: Record<string, MediaSessionActionHandler | null> = {};
      Object.assign(window, { buttons });
      MediaSession.prototype.setActionHandler = (action, handler) => {
        buttons[action] = handler;
      };
    });
    const page = await listener({}, await context.newPage());
    await plays(page);
    const shown = () =>
      page.evaluate(() => {
        const { metadata, playbackState } = navigator.mediaSession;
        return { title: metadata?.title, playbackState };
      });
    const press = (action: MediaSessionAction) =>
      page.evaluate((name) => {
        const { buttons } = window as unknown as {
          buttons: Record<string, (about: object) => void>;
        };
        buttons[name]!({ action: name });
      }, action);
    await expect.poll(shown).toEqual({ title: 'A test', playbackState: 'playing' });
    await press('pause');
    await until(page, ({ phase }) => phase === 'paused');
    await expect.poll(shown).toEqual({ title: 'A test', playbackState: 'paused' });
    await press('play');
    await plays(page);
    await press('stop');
    await until(page, ({ phase }) => phase === 'idle');
    await expect.poll(shown).toEqual({ title: undefined, playbackState: 'none' });
  });

  it('has one connection for two tabs, and another tab takes over', async () => {
    house = await steady(house);
    const first = await listener();
    await playsOn(first, 3);
    const second = await listener({}, first);
    const following = await playsOn(second, 5);
    expect(following.stats.connection).toBe('shared');
    expect(house.listeners).toBe(1);
    await first.close();
    const leading = await until(second, ({ stats }) => stats.connection === 'own');
    const after = await until(second, (now) => now.positionMs > leading.positionMs + 6_000);
    expect(after.stats).toMatchObject({ gaps: 0, stalls: 0, skipped: 0 });
    expect(house.listeners).toBe(1);
  });

  it('plays by WebAssembly where Media Source Extensions have no Opus', async () => {
    const page = await listener({ engine: 'wasm' });
    const before = await playsOn(page, 10);
    expect(before.stats).toMatchObject({ engine: 'wasm', gaps: 0 });
    expect(await loudness(page)).toBeGreaterThan(0.02);
    house.cut();
    await until(page, ({ stats }) => stats.reconnects === 1);
    await playsOn(page, 10);
    expect((await heard(page)).stats.gaps).toBe(0);
  });

  /** The same house with the deeper buffer: what must not be heard must not depend on a fast machine. */
  async function steady(near: LiveHouse): Promise<LiveHouse> {
    await near.close();
    const deep = new LiveHouse(packets, folder, 'steady');
    base = await deep.open();
    return deep;
  }
});
