/** Real Chromium: speakers with a WAV as their microphone, listeners that play to a loudspeaker. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from './chromium.ts';
import type { Loudspeaker } from './loudspeaker.ts';
import { until } from './server.ts';

export { hasChromium } from './chromium.ts';

const FLAGS = [
  ...CHROMIUM_FLAGS,
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];

/** @param microphone a WAV file; the browser then has a microphone and gives it without asking */
export function launch(microphone?: string): Promise<Browser> {
  return chromium.launch(launchOptions(microphone));
}

/** A browser that plays aloud, with a real audio clock. */
export function launchAloud(loudspeaker: Loudspeaker): Promise<Browser> {
  return chromium.launch({
    ...launchOptions(),
    ignoreDefaultArgs: ['--mute-audio'],
    env: { ...process.env, ...loudspeaker.environment },
  });
}

/** How Chromium is started. */
export function launchOptions(microphone?: string): { executablePath: string; args: string[] } {
  const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const args =
    microphone === undefined
      ? FLAGS
      : [...FLAGS, ...fake, `--use-file-for-fake-audio-capture=${microphone}`];
  return { executablePath: CHROMIUM, args };
}

/** A context whose pages keep every media element that plays in `window.heard`. */
export async function openContext(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    bypassCSP: true,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...options,
  });
  await context.addInitScript(() => {
    const seen: HTMLMediaElement[] = [];
    Object.assign(window, { heard: seen });
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      if (!seen.includes(this)) seen.push(this);
      return play.call(this);
    };
  });
  return context;
}

/** The page's media play at rate 1 whatever is asked, so that what is heard can be laid over the mix. */
export async function holdRate(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    Object.defineProperty(HTMLMediaElement.prototype, 'playbackRate', {
      get: () => 1,
      set: () => {},
    });
  });
}

/** Opens a space's page and presses Listen; resolves when sound advances. */
export async function listen(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page
    .getByRole('button', { name: /^Listen/ })
    .first()
    .click();
  await until(
    () =>
      page
        .evaluate(() => {
          const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1);
          return media !== undefined && media.currentTime > 0.2 && !media.paused;
        })
        .catch(() => false),
    'the page plays',
  );
}
