/**
 * A minute of silence on stage: somebody is on air, unmuted, and the microphone gives digital silence. The
 * programme goes on and nobody who listens is sent away, reconnects or hears a jump: silence is no fault.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, listen, openContext } from './support/browser.ts';
import { TestServer, until } from './support/server.ts';
import { RATE_HZ, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';
import { Tap } from './support/tap.ts';

const SILENCE_CHUNKS = 300;
const SETTLE_S = 4;

describe.skipIf(!hasChromium)('a minute of silence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-silence-'));
  const browsers: Browser[] = [];
  let server: TestServer;
  let tap: Tap;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(async () => {
    await tap?.stop();
    for (const browser of browsers) await browser.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(microphone?: string): Promise<Page> {
    const browser = await launch(microphone);
    browsers.push(browser);
    const context = await openContext(browser);
    if (microphone !== undefined) await signIn(context, server);
    return context.newPage();
  }

  test('[P3] nobody who listens is disconnected', async () => {
    const microphone = join(folder, 'silence.wav');
    writeWav(microphone, new Float32Array(10 * RATE_HZ));
    await server.createSpace({ id: 'silence', title: 'A silence' });
    const host = await open(microphone);
    await enterGreenRoom(host, `${server.url}/studio/silence`, 'Ada');
    await goOnAir(host);
    await server.start('silence');
    tap = new Tap(() => `${server.url}/live/silence`);
    await until(() => tap.snapshot?.holding === false, 'the host is on air');

    const listener = await open();
    const requests: string[] = [];
    listener.on('request', (request) => {
      if (new URL(request.url()).pathname.startsWith('/live/')) requests.push(request.url());
    });
    await listen(listener, `${server.url}/silence`);
    // A newcomer is brought to its place behind live once; what is watched for comes after that.
    const begun = await position(listener);
    await until(async () => (await position(listener)) > begun + SETTLE_S, 'it has settled');
    await watch(listener);
    const [from, at] = [tap.lastSeq, await position(listener)];
    await until(() => tap.lastSeq > from + SILENCE_CHUNKS, 'a minute has passed', 150_000);
    await until(async () => (await position(listener)) > at + 58, 'the page has played it');

    expect(tap.snapshot).toMatchObject({ holding: false, seats: [{ name: 'Ada', muted: false }] });
    expect(tap.connections).toBe(1);
    expect(tap.jumps).toEqual([]);
    expect(tap.faults).toEqual([]);
    expect(requests).toHaveLength(1);
    expect(await jumpsOf(listener)).toEqual([]);
    await host.getByText('The house hears you.').waitFor();
  });
});

/** From now on the page keeps where its sound jumped. */
async function watch(page: Page): Promise<void> {
  await page.evaluate(() => {
    const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1)!;
    const jumps: number[] = [];
    Object.assign(window, { jumps });
    media.addEventListener('seeking', () => jumps.push(media.currentTime));
  });
}

function jumpsOf(page: Page): Promise<number[]> {
  return page.evaluate(() => (window as unknown as { jumps: number[] }).jumps);
}

function position(page: Page): Promise<number> {
  return page.evaluate(
    () => (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1)!.currentTime,
  );
}
