/**
 * What people meet when something is wrong, in real Chromium on a phone's screen: each page says in plain
 * words what happened and what to do, in their language, and the way out works.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, launchOptions, openContext } from './support/browser.ts';
import { TestServer, until } from './support/server.ts';
import { RATE_HZ, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';

const PHONE = { width: 360, height: 740 };
/** A folder for pictures of every state, when somebody wants to look at them. */
const PICTURES = process.env.PICTURES ?? '';

describe.skipIf(!hasChromium)('a page in trouble', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-pages-'));
  let server: TestServer;
  let speaking: Browser;
  let deaf: Browser;

  beforeAll(async () => {
    const microphone = join(folder, 'tone.wav');
    const tone = Float32Array.from({ length: 5 * RATE_HZ }, (_, i) => 0.2 * Math.sin(i / 16));
    writeWav(microphone, tone);
    server = await TestServer.start(['--spaces-max', '16']);
    speaking = await launch(microphone);
    deaf = await launch();
    if (PICTURES !== '') mkdirSync(PICTURES, { recursive: true });
  });

  afterAll(async () => {
    await speaking?.close();
    await deaf?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function phone(browser: Browser, locale = 'en-GB'): Promise<BrowserContext> {
    return openContext(browser, { viewport: PHONE, locale, reducedMotion: 'reduce' });
  }

  /** The page says this, and nothing spills over the screen's edge. */
  async function says(page: Page, words: RegExp, picture: string): Promise<void> {
    await page.locator('main', { hasText: words }).waitFor();
    const spill = await page.evaluate(
      () => document.documentElement.scrollWidth - window.innerWidth,
    );
    if (PICTURES !== '')
      await page.screenshot({ path: join(PICTURES, `${picture}.png`), fullPage: true });
    expect(spill).toBeLessThanOrEqual(0);
  }

  for (const { path, en, fr } of [
    {
      path: '/nowhere',
      en: /There is no space at this address\.[\s\S]*Check the link/,
      fr: /Il n’y a pas d’espace à cette adresse\.[\s\S]*Vérifiez le lien/,
    },
    {
      path: '/studio/nowhere',
      en: /There is no space at this address/,
      fr: /Il n’y a pas d’espace à cette adresse/,
    },
    {
      path: '/invite#wrong',
      en: /This invitation does not exist or was withdrawn\.[\s\S]*Ask the host for a new/,
      fr: /Cette invitation n’existe pas ou a été retirée\.[\s\S]*Demandez une nouvelle/,
    },
    {
      path: '/invite',
      en: /The invitation link is incomplete/,
      fr: /Le lien d’invitation est incomplet/,
    },
    {
      path: '/owner#token=wrong',
      en: /This owner link was already used or has expired/,
      fr: /Ce lien de propriétaire a déjà servi ou a expiré/,
    },
  ]) {
    test(`[P2] a wrong address says so in both languages: ${path}`, async () => {
      for (const [locale, words] of [
        ['en-GB', en],
        ['fr-FR', fr],
      ] as const) {
        const context = await phone(deaf, locale);
        const page = await context.newPage();
        await page.goto(server.url + path);
        await says(page, words, `${path.replace(/\W+/g, '-')}-${locale}`);
        await context.close();
      }
    });
  }

  test('[P2] the studio is for who may enter it', async () => {
    await server.createSpace({ id: 'closed', title: 'A closed door' });
    const context = await phone(deaf);
    const page = await context.newPage();
    await page.goto(`${server.url}/studio/closed`);
    await says(page, /not signed in as the owner\.[\s\S]*owner link/, 'studio-stranger');
    await page.getByRole('link', { name: 'Listen instead' }).click();
    await page.getByRole('heading', { name: 'A closed door' }).waitFor();
    await context.close();
  });

  for (const [locale, ask, words] of [
    ['en-GB', 'Turn the microphone on', /does not let this page use the microphone/],
    ['fr-FR', 'Activer le micro', /n’autorise pas cette page à utiliser le micro/],
  ] as const) {
    test(`the microphone is denied, then allowed (${locale})`, async () => {
      await server.createSpace({ id: `mic-${locale.slice(0, 2)}`, title: 'A microphone' });
      const link = await server.invite(`mic-${locale.slice(0, 2)}`, 'speaker', 'Ben');
      const context = await phone(speaking, locale);
      await context.addInitScript(() => {
        const { mediaDevices } = navigator;
        const get = mediaDevices.getUserMedia.bind(mediaDevices);
        let denied = true;
        mediaDevices.getUserMedia = (constraints) => {
          if (!denied) return get(constraints);
          denied = false;
          return Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
        };
      });
      const page = await context.newPage();
      await page.goto(link);
      await page.locator('form button[type=submit]').click();
      await page.getByRole('button', { name: ask }).click();
      await says(page, words, `microphone-denied-${locale}`);
      await page.locator(`a[href="/mic-${locale.slice(0, 2)}"]`).waitFor();
      await page.getByRole('alert').getByRole('button').click();
      await page.locator('select').waitFor();
      await context.close();
    });
  }

  test('a browser that denies the microphone without asking says so, and listening stays', async () => {
    await server.createSpace({ id: 'denied', title: 'A denied microphone' });
    const link = await server.invite('denied', 'speaker', 'Ben');
    const { executablePath, args } = launchOptions();
    const denying = await chromium.launch({
      executablePath,
      args: [...args, '--use-fake-device-for-media-stream', '--deny-permission-prompts'],
    });
    try {
      const page = await (await phone(denying)).newPage();
      await page.goto(link);
      await page.locator('form button[type=submit]').click();
      await page.getByRole('button', { name: 'Turn the microphone on' }).click();
      await says(page, /does not let this page use the microphone/, 'microphone-prompt-denied');
      await page.getByRole('link', { name: 'Listen instead' }).click();
      await page.getByRole('heading', { name: 'A denied microphone' }).waitFor();
    } finally {
      await denying.close();
    }
  });

  test('a machine without a microphone says so', async () => {
    await server.createSpace({ id: 'bare', title: 'No microphone' });
    const link = await server.invite('bare', 'speaker', 'Ben');
    const context = await phone(deaf);
    const page = await context.newPage();
    await page.goto(link);
    await page.locator('form button[type=submit]').click();
    await page.getByRole('button', { name: 'Turn the microphone on' }).click();
    await says(page, /There is no microphone on this device/, 'microphone-missing');
    await context.close();
  });

  test('a device is unplugged on air: it is said, and another takes its place', async () => {
    const { page, context } = await host('device', (each) =>
      each.addInitScript(() => {
        const { mediaDevices } = navigator;
        const get = mediaDevices.getUserMedia.bind(mediaDevices);
        const held = { gone: false, track: null as MediaStreamTrack | null };
        Object.assign(window, { held });
        mediaDevices.getUserMedia = async (constraints) => {
          if (held.gone) throw new DOMException('Requested device not found', 'NotFoundError');
          const stream = await get(constraints);
          held.track = stream.getAudioTracks()[0] ?? null;
          return stream;
        };
      }),
    );
    await page.evaluate(() => {
      const { held } = window as unknown as { held: { gone: boolean; track: MediaStreamTrack } };
      held.gone = true;
      held.track.stop();
      held.track.dispatchEvent(new Event('ended'));
    });
    await says(
      page,
      /no microphone on this device\.[\s\S]*Plug one in[\s\S]*Nobody hears you/,
      'unplugged',
    );
    await page.evaluate(() => {
      (window as unknown as { held: { gone: boolean } }).held.gone = false;
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
    });
    await page.getByText('There is no microphone on this device.').waitFor({ state: 'detached' });
    await page.getByText('The house hears you.').waitFor();
    await context.close();
  });

  test('a second tab of the same person is refused kindly, and “Move here” moves the seat', async () => {
    const { page: first, context } = await host('tabs');
    const second = await context.newPage();
    await checkIn(second, `${server.url}/studio/tabs`);
    await says(second, /on stage in another tab or on another device/, 'second-tab');
    await second.getByRole('button', { name: 'Move here' }).click();
    await second.getByText('The house hears you.').waitFor();
    await says(first, /on stage in another tab or on another device/, 'second-tab-moved-away');
    await first.getByRole('button', { name: 'Move here' }).click();
    await first.getByText('The house hears you.').waitFor();
    await context.close();
  });

  test('two hosts at once: the second is told, and may take the seat over', async () => {
    const { page: first, context } = await host('hosts');
    const other = await phone(speaking);
    const second = await other.newPage();
    await checkIn(second, await server.invite('hosts', 'host', 'Grace'), true);
    await says(second, /The host is already on stage/, 'two-hosts');
    await second.getByRole('button', { name: 'Take the host’s seat' }).click();
    await second.getByRole('button', { name: 'Go on air' }).waitFor();
    await says(first, /The host is already on stage/, 'two-hosts-moved-away');
    await other.close();
    await context.close();
  });

  test('[P2] the server goes away: the house and the stage say so, and are back by themselves', async () => {
    const { page, context } = await host('away');
    await server.start('away');
    const house = await phone(deaf);
    const listener = await house.newPage();
    await listener.goto(`${server.url}/away`);
    await listener.getByRole('button', { name: /^Listen/ }).click();
    await listener.getByRole('button', { name: 'Stop' }).waitFor();
    await server.killEverything();
    await says(listener, /Stay seated|cannot be reached/, 'house-away');
    await says(page, /connection was lost[\s\S]*Nobody hears you/, 'stage-away');
    const late = await house.newPage();
    await late.goto(`${server.url}/away`).catch(() => {});
    await server.launch();
    await until(async () => (await server.space('away'))?.state === 'live', 'it is live again');
    await page.getByText('The house hears you.').waitFor();
    await listener.getByText('You are listening live.').waitFor();
    await house.close();
    await context.close();
  });

  /** The owner on air in a space of their own. */
  async function host(
    space: string,
    prepare: (context: BrowserContext) => Promise<unknown> = async () => {},
  ): Promise<{ page: Page; context: BrowserContext }> {
    await server.createSpace({ id: space, title: `The ${space}` });
    const context = await phone(speaking);
    await prepare(context);
    await signIn(context, server);
    const page = await context.newPage();
    await enterGreenRoom(page, `${server.url}/studio/${space}`, 'Ada');
    await goOnAir(page);
    return { page, context };
  }

  /** As far as asking for the green room. */
  async function checkIn(page: Page, url: string, isGuest = false): Promise<void> {
    await page.goto(url);
    if (isGuest) await page.getByRole('textbox').first().fill('Grace');
    await page.getByRole('button', { name: 'Continue to the sound check' }).click();
    await page.getByRole('button', { name: 'Turn the microphone on' }).click();
    await page.getByRole('button', { name: 'Enter the green room' }).click();
  }
});
