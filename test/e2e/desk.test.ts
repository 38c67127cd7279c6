/**
 * The desk in the studio, in real Chromium: who has no microphone still runs the whole evening, and adds
 * one later; a co-host takes over when the host is gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, launchOptions, openContext } from './support/browser.ts';
import { TestServer, until } from './support/server.ts';
import { RATE_HZ, wavOf, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';
import { Tap } from './support/tap.ts';

const WITHOUT = 'You are here without a microphone: you hear the stage, nobody hears you.';

describe.skipIf(!hasChromium)('the desk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-desk-'));
  const tone = Float32Array.from({ length: 8 * RATE_HZ }, (_, i) => 0.2 * Math.sin(i / 16));
  const browsers: Browser[] = [];
  let server: TestServer;
  let speaking: Browser;

  beforeAll(async () => {
    const microphone = join(folder, 'tone.wav');
    writeWav(microphone, tone);
    server = await TestServer.start();
    speaking = await launch(microphone);
  });

  afterEach(async () => {
    for (const browser of browsers.splice(0)) await browser.close();
    for (const context of speaking.contexts()) await context.close();
  });

  afterAll(async () => {
    await speaking?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A browser of its own, and how it comes to have no microphone. */
  async function deaf(...flags: readonly string[]): Promise<BrowserContext> {
    const { executablePath, args } = launchOptions();
    const browser = await chromium.launch({ executablePath, args: [...args, ...flags] });
    browsers.push(browser);
    return openContext(browser);
  }

  async function nameOneself(page: Page, url: string): Promise<void> {
    await page.goto(url);
    await page.getByRole('textbox').first().fill('Ada');
    await page.getByRole('button', { name: 'Continue to the sound check' }).click();
  }

  const press = (page: Page, name: string) =>
    page.getByRole('button', { name, exact: true }).click();

  /** Whether the programme advances in the page, by the element that plays it. */
  const plays = (page: Page) =>
    page.evaluate(() =>
      (window as unknown as { heard: HTMLMediaElement[] }).heard.some(
        (media) => media.srcObject === null && media.currentTime > 0.2 && !media.paused,
      ),
    );

  for (const [how, flags, says] of [
    ['has none', [], 'There is no microphone on this device.'],
    [
      'denies it',
      ['--use-fake-device-for-media-stream', '--deny-permission-prompts'],
      'The browser does not let this page use the microphone.',
    ],
  ] as const) {
    test(`[P2] a host whose browser ${how} opens, starts, plays a file and ends`, async () => {
      const { id } = await server.createSpace({
        title: `A host who ${how}`,
        startsAtMs: Date.now() + 3_600_000,
      });
      const context = await deaf(...flags);
      await signIn(context, server);
      const page = await context.newPage();
      await nameOneself(page, `${server.url}/studio/${id}`);
      await press(page, 'Turn the microphone on');
      await page.getByText(says).waitFor();
      await press(page, 'Enter without a microphone');
      await page.getByText(WITHOUT).waitFor();
      await page.getByText('Connection good').waitFor();
      await page.getByText('microphone off').waitFor();

      await page.getByText('The programme begins when the doors open.').waitFor();
      await press(page, 'Open the doors');
      await page.getByText('What the house hears, some seconds late.').waitFor();
      await press(page, 'Listen in');
      await until(() => plays(page), 'the monitor plays');
      await press(page, 'Stop listening in');
      await press(page, 'Start now');
      await page.getByText('The programme is on the air.').waitFor();
      await press(page, 'Go on air');
      const tap = new Tap(() => `${server.url}/live/${id}`);
      const heard = () => tap.snapshot?.seats.some(({ speaking }) => speaking) ?? false;
      await page.setInputFiles('input[type=file]', {
        name: 'jingle.wav',
        mimeType: 'audio/wav',
        buffer: wavOf(tone),
      });
      await page.getByText('The house hears you.').waitFor();
      await until(heard, 'the house hears the file');
      await press(page, 'Stop');
      await page.getByText(WITHOUT).waitFor();
      await tap.stop();

      await press(page, 'Turn the microphone on');
      await page.getByText(says).waitFor();
      await press(page, 'End the programme');
      await press(page, 'End it now');
      await page.getByText('The space is over. Thank you.').waitFor();
    });
  }

  test('a page that came without HTTPS says how to get it, and the desk works', async () => {
    const { id } = await server.createSpace({ title: 'Not secure' });
    const context = await deaf('--host-resolver-rules=MAP studio.test 127.0.0.1');
    const page = await context.newPage();
    const link = new URL(await server.invite(id, 'host', 'Ada'));
    link.hostname = 'studio.test';
    await nameOneself(page, link.href);
    await page.getByText('Browsers give a microphone only to pages').waitFor();
    await page.getByText('--tls-cert and --tls-key').waitFor();
    await press(page, 'Enter without a microphone');
    await page.getByText(WITHOUT).waitFor();
    await press(page, 'Start now');
    await page.getByText('The programme is on the air.').waitFor();
    expect((await server.space(id))?.state).toBe('live');
  });

  test('a microphone that is allowed later is heard, on the same seat', async () => {
    const { id } = await server.createSpace({ title: 'Later' });
    const context = await openContext(speaking);
    await signIn(context, server);
    const page = await context.newPage();
    await nameOneself(page, `${server.url}/studio/${id}`);
    await press(page, 'Enter without a microphone');
    await page.getByText(WITHOUT).waitFor();
    await press(page, 'Go on air');
    await press(page, 'Turn the microphone on');
    await page.getByText('The house hears you.').waitFor();
    await page.getByText('Your microphone is on').waitFor();
    const tap = new Tap(() => `${server.url}/live/${id}`);
    const speaks = () => tap.snapshot?.seats.some((seat) => seat.speaking) ?? false;
    await until(speaks, 'it is heard');

    // Push to talk: heard while the space bar is held, and no longer.
    await page.getByRole('checkbox', { name: 'Push to talk' }).check();
    await until(() => !speaks(), 'it is muted');
    await page.locator('body').press('Tab');
    await page.evaluate(() => (document.activeElement as HTMLElement).blur());
    await page.keyboard.down('Space');
    await until(speaks, 'it is heard while the bar is held');
    await page.keyboard.up('Space');
    await until(() => !speaks(), 'it is muted again');
    await tap.stop();
  });

  test('[P3] a co-host opens and starts, goes on when the host is gone, and ends; a speaker may not', async () => {
    const { id } = await server.createSpace({
      title: 'Two at the desk',
      startsAtMs: Date.now() + 3_600_000,
    });
    const guests = await openContext(speaking);
    const cohost = await guests.newPage();
    await enterGreenRoom(cohost, await server.invite(id, 'cohost', 'Grace'), 'Grace');
    const owner = await openContext(speaking);
    await signIn(owner, server);
    const host = await owner.newPage();
    await enterGreenRoom(host, `${server.url}/studio/${id}`, 'Ada');
    await goOnAir(host);
    await press(cohost, 'Open the doors');
    await press(cohost, 'Start now');
    await host.getByText('The programme is on the air.').waitFor();

    await owner.close();
    await cohost.getByText('connection lost, seat kept').waitFor();
    await goOnAir(cohost);
    const speaker = await speakerPass(id);
    for (const action of ['doors', 'start', 'end']) {
      const answer = await fetch(`${server.url}/api/spaces/${id}/${action}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${speaker}` },
      });
      expect(answer.status).toBe(403);
    }
    expect((await server.space(id))?.state).toBe('live');
    await press(cohost, 'End the programme');
    await press(cohost, 'End it now');
    await cohost.getByText('The space is over. Thank you.').waitFor();
    await until(async () => (await server.space(id))?.state === 'ended', 'it has ended');
  });

  async function speakerPass(space: string): Promise<string> {
    const link = new URL(await server.invite(space, 'speaker', 'Ben'));
    const { pass } = await server.call<{ pass: string }>('POST', `/api/spaces/${space}/pass`, {
      invite: link.hash.slice(1),
      name: 'Ben',
    });
    return pass;
  }
});
