/**
 * Every page, as it is built, in Chromium on the make-believe server of `dev/`: it says something in every state, every
 * control has a name, a size for a thumb and a place in the tab order, and nothing spills at 360 px.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, CHROMIUM_FLAGS, hasChromium } from '../../../test/e2e/support/chromium.ts';

const PHONE = { width: 360, height: 740 };

/** Runs in the page: what is wrong with what it shows, one line for each fault. */
function faultsOf(): string[] {
  const faults: string[] = [];
  const visible = (element: Element): boolean =>
    element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const named = (element: Element): string => {
    const labels = (element as HTMLInputElement).labels ?? [];
    const label = [...labels].map((each) => each.textContent).join(' ');
    return (element.getAttribute('aria-label') ?? (label || (element.textContent ?? ''))).trim();
  };
  const controls = 'button, a[href], input, select, summary, [role="slider"]';
  for (const control of document.querySelectorAll(controls)) {
    if (!visible(control) || control.closest('.skip') !== null) continue;
    const what = `<${control.localName} class="${control.className}">`;
    if (named(control) === '') faults.push(`${what} has no name`);
    if ((control as HTMLElement).tabIndex > 0) faults.push(`${what} changes the tab order`);
    const target = control.matches('[type="checkbox"]') ? control.closest('label')! : control;
    const box = target.getBoundingClientRect();
    const inText = control.localName === 'a' && getComputedStyle(control).display === 'inline';
    if (!inText && (box.height < 43.5 || box.width < 43.5))
      faults.push(`${what} is ${Math.round(box.width)}×${Math.round(box.height)} px`);
  }
  const headings = [...document.querySelectorAll('h1')].filter(visible);
  if (headings.length > 1) faults.push(`${headings.length} first-level headings`);
  if (document.querySelectorAll('main').length !== 1) faults.push('not one main region');
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
  if (new Set(ids).size !== ids.length) faults.push('an id is there twice');
  for (const element of document.querySelectorAll('[aria-describedby], [aria-labelledby]')) {
    const id = element.getAttribute('aria-describedby') ?? element.getAttribute('aria-labelledby');
    if (document.getElementById(id!) === null) faults.push(`nothing has the id ${id}`);
  }
  const spill = document.documentElement.scrollWidth - window.innerWidth;
  if (spill > 0) faults.push(`${spill} px wider than the screen`);
  if ((document.querySelector('main')?.textContent ?? '').trim().length < 20) faults.push('blank');
  return faults;
}

const enterStudio = async (page: Page): Promise<void> => {
  await page.fill('input[name=name]', 'Ada Lovelace');
  await page.click('button[type=submit]');
  await page.click('.ask button');
};

const press = (page: Page): Promise<void> => page.click('.listen-button');

/** Once the page knows that there is a line. */
const standInLine = async (page: Page): Promise<void> => {
  await page.locator('h1').waitFor();
  await page.waitForFunction(() =>
    performance.getEntriesByType('resource').some(({ name }) => name.includes('/gate/')),
  );
  await press(page);
};

/** As one who comes back and has a place. @param second of arrival: behind all, or long called */
const comeBack = async (page: Page, second = 9e9): Promise<void> => {
  await page.evaluate((arrival) => {
    const space = location.pathname.slice(1);
    const place = { id: 'I', nonce: 'N', second: arrival, rank: 1, expiresAtMs: 9e15 };
    localStorage.setItem(`parterre ticket ${space}`, JSON.stringify({ ticket: 'T', ...place }));
  }, second);
  await page.reload();
};

/** As one whose browser lets nothing play before a press. */
const comeBackUnheard = async (page: Page): Promise<void> => {
  await page.addInitScript(() => {
    HTMLMediaElement.prototype.play = () =>
      Promise.reject(new DOMException('A press first.', 'NotAllowedError'));
  });
  await comeBack(page, 1);
};

interface Screen {
  readonly path: string;
  readonly steps?: (page: Page) => Promise<void>;
  /** What must be on the screen. */
  readonly says: RegExp;
}

const SCREENS: readonly Screen[] = [
  { path: '/', says: /A stage for a few/ },
  {
    path: '/?owner',
    says: /Your spaces[\s\S]*An evening with Ada and Grace[\s\S]*Capacity[\s\S]*60,000/,
  },
  { path: '/?owner&capacity=stale', says: /No longer proven[\s\S]*the program, the edges or TLS/ },
  { path: '/?owner&capacity=expired', says: /certificate has expired[\s\S]*parterre rehearse/ },
  { path: '/?owner&capacity=none', says: /not been proven yet[\s\S]*parterre rehearse/ },
  {
    path: '/?owner&overflow=hls-places',
    says: /Most places are taken[\s\S]*through the cache[\s\S]*Since/,
  },
  { path: '/evening', says: /The programme is on air/ },
  {
    path: '/evening?phase=playing',
    steps: press,
    says: /Ada Lovelace[\s\S]*4 s behind the stage/,
  },
  { path: '/evening?phase=reconnecting', steps: press, says: /Stay seated/ },
  { path: '/evening?phase=paused', steps: press, says: /A call or another app paused/ },
  { path: '/evening?phase=autoplay', steps: press, says: /Hear it now[\s\S]*one more press/ },
  {
    path: '/evening?phase=failed',
    steps: press,
    says: /cannot play the live sound[\s\S]*Update it/,
  },
  {
    path: '/evening?phase=queued&later&lapsed',
    steps: press,
    says: /new place[\s\S]*128people before you[\s\S]*3 to 6 minutes[\s\S]*longer than we said/,
  },
  { path: '/tomorrow', says: /Starts in[\s\S]*I’ll be there/ },
  {
    path: '/tomorrow?pressed',
    steps: press,
    says: /Starts in[\s\S]*one of 812[\s\S]*drawn by lot[\s\S]*You are expected/,
  },
  {
    path: '/crowded',
    steps: standInLine,
    says: /128people before you[\s\S]*About 2 to 5 minutes[\s\S]*Ada Lovelacespeaking[\s\S]*Stop waiting/,
  },
  {
    path: '/crowded?back',
    steps: comeBack,
    says: /812people before you[\s\S]*Your place is kept/,
  },
  {
    path: '/drawn',
    steps: standInLine,
    says: /before you[\s\S]*place \d+ of 812[\s\S]*Commitment, root and seed/,
  },
  { path: '/costly', steps: standInLine, says: /small sum for its place/ },
  {
    path: '/called',
    steps: comeBackUnheard,
    says: /It is your turn[\s\S]*Come in[\s\S]*kept for two minutes/,
  },
  { path: '/late', says: /has not started yet/ },
  { path: '/whenever', says: /The doors are open\.[\s\S]*begins when the host starts it/ },
  { path: '/never', says: /This space has ended[\s\S]*no recording/ },
  { path: '/finishing', says: /being finished/ },
  { path: '/last-week', says: /Who spoke when[\s\S]*David Hilbert/ },
  { path: '/no-such-space', says: /no space at this address[\s\S]*Try again/ },
  { path: '/invite#token', says: /invited to the stage as speaker/ },
  { path: '/invite?microphone=denied#token', steps: enterStudio, says: /allow the microphone/ },
  { path: '/studio/evening', steps: enterStudio, says: /Enter the green room/ },
  {
    path: '/studio/evening?on',
    steps: async (page) => {
      await enterStudio(page);
      await page.click('.button-wide');
      await page.click('.voice-place button');
    },
    says: /On air[\s\S]*Grace Hopper[\s\S]*Invitations/,
  },
  {
    path: '/studio/crowded?on',
    steps: async (page) => {
      await enterStudio(page);
      await page.click('.button-wide');
    },
    says: /waits in line[\s\S]*812 people wait\. About 40 a minute/,
  },
  {
    path: '/studio/evening?on&overflow=far-work',
    steps: async (page) => {
      await enterStudio(page);
      await page.click('.button-wide');
    },
    says: /very busy[\s\S]*some ten seconds late[\s\S]*Since/,
  },
  {
    path: '/studio/evening?without',
    steps: async (page) => {
      await page.fill('input[name=name]', 'Ada Lovelace');
      await page.click('button[type=submit]');
      await page.click('.ask .button-plain');
    },
    says: /here without a microphone[\s\S]*Turn the microphone on[\s\S]*End the programme/,
  },
  {
    path: '/studio/whenever?on&doors',
    steps: async (page) => {
      await enterStudio(page);
      await page.click('.button-wide');
    },
    says: /It begins when you start it[\s\S]*Start now[\s\S]*Green room[\s\S]*3 points are open/,
  },
  {
    path: '/studio/evening?stage=failed',
    steps: async (page) => {
      await enterStudio(page);
      await page.click('.button-wide');
    },
    says: /another tab[\s\S]*Move here/,
  },
];

describe.skipIf(!hasChromium)('the pages in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-pages-'));
  let server: PreviewServer;
  let browser: Browser;
  let base = '';

  beforeAll(async () => {
    const config = {
      configFile: fileURLToPath(new URL('../vite.config.ts', import.meta.url)),
      mode: 'mock',
      logLevel: 'error',
      build: { outDir: folder, emptyOutDir: true },
      preview: { host: '127.0.0.1', port: 0 },
    } as const;
    await build(config);
    server = await preview(config);
    const address = server.httpServer.address();
    if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
    base = `http://127.0.0.1:${address.port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (path: string, locale = 'en-GB'): Promise<Page> => {
    const context = await browser.newContext({ viewport: PHONE, locale, reducedMotion: 'reduce' });
    const page = await context.newPage();
    await page.goto(base + path);
    return page;
  };

  for (const { path, steps, says } of SCREENS) {
    it(`[P2] says what is and what to do, for everybody: ${path}`, async () => {
      const page = await open(path);
      const failures: string[] = [];
      page.on('pageerror', (error) => failures.push(error.message));
      await steps?.(page);
      await page.locator('main', { hasText: says }).waitFor();
      expect(await page.evaluate(faultsOf)).toEqual([]);
      expect(failures).toEqual([]);
      await page.context().close();
    });
  }

  it('speaks French to those who do, and keeps what they choose', async () => {
    const page = await open('/evening', 'fr-FR');
    await page.getByRole('button', { name: 'Écouter' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('fr');
    await page.getByRole('button', { name: 'English' }).click();
    await page
      .getByRole('button', { name: 'Light theme' })
      .or(page.getByRole('button', { name: 'Dark theme' }))
      .click();
    const theme = await page.locator('html').getAttribute('data-theme');
    await page.reload();
    await page.getByRole('button', { name: 'Listen' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.locator('html').getAttribute('data-theme')).toBe(theme);
    await page.context().close();
  });

  it('can be listened to by keyboard alone', async () => {
    const page = await open('/evening');
    const listen = page.getByRole('button', { name: 'Listen' });
    await listen.waitFor();
    for (let presses = 0; presses < 12; presses += 1) {
      await page.keyboard.press('Tab');
      if (await listen.evaluate((element) => element === document.activeElement)) break;
    }
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Stop' }).waitFor();
    await page.context().close();
  });

  it('keeps the place of a keyboard when it asks before what cannot be undone', async () => {
    const page = await open('/?owner');
    const remove = page.getByRole('button', { name: 'Remove' }).first();
    await remove.focus();
    await page.keyboard.press('Enter');
    const question = page.getByRole('alert');
    await question.waitFor();
    expect(await page.evaluate(faultsOf)).toEqual([]);
    const focused = () => page.evaluate(() => document.activeElement?.textContent);
    expect(await focused()).toBe('Cancel');
    await page.keyboard.press('Enter');
    await question.waitFor({ state: 'detached' });
    expect(await focused()).toBe('Remove');
    await page.context().close();
  });

  it('moves through the replay by keyboard', async () => {
    const page = await open('/last-week');
    const slider = page.getByRole('slider', { name: 'Position in the recording' });
    await slider.focus();
    await page.keyboard.press('PageUp');
    await page.keyboard.press('ArrowRight');
    await page.locator('[role="slider"][aria-valuenow="65"]').waitFor();
    expect(await slider.getAttribute('aria-valuetext')).toMatch(/^1:05 of 12:34/);
    await page.context().close();
  });

  it('[P2] says that a recording cannot be fetched, and plays it when asked again', async () => {
    const page = await open('/last-week');
    await page.route('**/replay.mp4', (route) => route.abort());
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    const notice = page.getByRole('alert').filter({ hasText: 'cannot be fetched' });
    await notice.waitFor();
    await page.unroute('**/replay.mp4');
    await notice.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
    await notice.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.querySelector('audio')!.currentTime > 0);
    await page.getByRole('combobox', { name: 'Speed' }).selectOption('1.5');
    expect(await page.evaluate(() => document.querySelector('audio')!.playbackRate)).toBe(1.5);
    await page.context().close();
  });

  it('[P2] who stops the replay before its sound has come is not told of a fault', async () => {
    const page = await open('/last-week');
    await page.route('**/replay.mp4', () => {});
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.context().close();
  });
});
