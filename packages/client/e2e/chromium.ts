/** A Chromium for the SDK's tests: one browser, a page each, errors of the page kept. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { CHROMIUM, CHROMIUM_FLAGS } from '../../../test/e2e/support/chromium.ts';

export { hasChromium } from '../../../test/e2e/support/chromium.ts';

const ARGS = [
  ...CHROMIUM_FLAGS,
  '--autoplay-policy=no-user-gesture-required',
  // The page is fulfilled by the test, which Chromium takes for an address of the internet.
  '--disable-features=LocalNetworkAccessChecks',
  '--use-fake-ui-for-media-stream',
  '--use-fake-device-for-media-stream',
];

export function openChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

/** What the listener of a page says of itself, in one round trip. */
export interface Heard {
  readonly phase: string;
  readonly code: string | null;
  readonly positionMs: number;
  readonly ranges: number;
  readonly speaking: string;
  readonly stats: import('../src/index.ts').ListenStats;
}

export function heard(page: Page): Promise<Heard> {
  return page.evaluate(() => {
    const { state, stats, snapshot, element, programmeMs } = window.listening;
    return {
      phase: state.phase,
      code: state.phase === 'failed' ? state.code : null,
      positionMs: programmeMs ?? 0,
      ranges: element.buffered.length,
      speaking: snapshot?.seats[0]?.name ?? '',
      stats,
    };
  });
}

/** Waits until the listener of a page is as wanted, and gives what it says then. */
export async function until(
  page: Page,
  wanted: (heard: Heard) => boolean,
  ms = 30_000,
): Promise<Heard> {
  const giveUpAt = performance.now() + ms;
  for (;;) {
    const now = await heard(page);
    if (wanted(now)) return now;
    if (performance.now() > giveUpAt)
      throw new Error(`never: ${wanted} but ${JSON.stringify(now)}`);
    await page.waitForTimeout(50);
  }
}
