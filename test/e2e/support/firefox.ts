/** Real Firefox ESR, headless, driven over WebDriver BiDi; it plays to the loudspeaker it is given. */
import { existsSync } from 'node:fs';
import { type Browser, launch, type Page } from 'puppeteer-core';
import type { Loudspeaker } from './loudspeaker.ts';

const PATH = '/usr/bin/firefox-esr';
export const hasFirefox = existsSync(PATH);

export function launchFirefox(loudspeaker: Loudspeaker): Promise<Browser> {
  return launch({
    browser: 'firefox',
    executablePath: PATH,
    headless: true,
    env: { ...process.env, ...loudspeaker.environment },
    extraPrefsFirefox: { 'intl.accept_languages': 'en-GB' },
    protocolTimeout: 120_000,
    timeout: 120_000,
  });
}

export interface Ear {
  readonly at: number;
  readonly paused: boolean;
  /** Where the sound jumped, s. */
  readonly jumps: readonly number[];
}

/** A page that keeps the last media element that was played, and where its sound jumped once it played. */
export async function openPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.evaluateOnNewDocument(() => {
    const heard = { media: null as HTMLMediaElement | null, jumps: [] as number[] };
    Object.assign(window, { heard });
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function (this: HTMLMediaElement) {
      if (heard.media !== this) {
        this.addEventListener('seeking', () => {
          if (this.played.length > 0) heard.jumps.push(this.currentTime);
        });
      }
      heard.media = this;
      return play.call(this);
    };
  });
  return page;
}

/** Null until something was asked to play. */
export function ear(page: Page): Promise<Ear | null> {
  return page.evaluate(() => {
    type Heard = { media: HTMLMediaElement | null; jumps: number[] };
    const { media, jumps } = (window as unknown as { heard: Heard }).heard;
    return media === null ? null : { at: media.currentTime, paused: media.paused, jumps };
  });
}

/** Presses the button of that accessible name. */
export async function press(page: Page, name: string): Promise<void> {
  const button = await page.waitForSelector(`::-p-aria(${name}[role="button"])`);
  await button?.click();
}
