/** Real Chromium: speakers with a WAV as their microphone, listeners whose sound is recorded. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { until } from './server.ts';

const PATH = '/usr/bin/chromium';
export const hasChromium = existsSync(PATH);

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-background-timer-throttling',
  '--disable-renderer-backgrounding',
];

/** @param microphone a WAV file; the browser then has a microphone and gives it without asking */
export function launch(microphone?: string): Promise<Browser> {
  return chromium.launch(launchOptions(microphone));
}

/** How Chromium is started. */
export function launchOptions(microphone?: string): { executablePath: string; args: string[] } {
  const fake = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
  const args =
    microphone === undefined
      ? FLAGS
      : [...FLAGS, ...fake, `--use-file-for-fake-audio-capture=${microphone}`];
  return { executablePath: PATH, args };
}

/** A context whose pages keep every media element that plays in `window.heard`, for `record`. */
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

/** Begins to record what comes out of the page's media element. */
export async function record(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(
      -1,
    ) as HTMLMediaElement & { captureStream(): MediaStream };
    const context = new AudioContext({ sampleRate: 48_000 });
    const code = `registerProcessor('tap', class extends AudioWorkletProcessor {
      process(inputs) { const c = inputs[0]?.[0]; this.port.postMessage(c ? c.slice() : new Float32Array(128)); return true; } });`;
    await context.audioWorklet.addModule(
      URL.createObjectURL(new Blob([code], { type: 'text/javascript' })),
    );
    const source = context.createMediaStreamSource(media.captureStream());
    const tap = new AudioWorkletNode(context, 'tap', {
      channelCount: 1,
      channelCountMode: 'explicit',
    });
    const blocks: Float32Array[] = [];
    tap.port.onmessage = ({ data }) => blocks.push(data as Float32Array);
    source.connect(tap);
    tap.connect(context.destination);
    Object.assign(window, { recorded: blocks });
  });
}

/** What was recorded so far, mono at 48 kHz; the recording goes on. */
export async function recorded(page: Page): Promise<Float32Array> {
  const base64 = await page.evaluate(async () => {
    const blocks = (window as unknown as { recorded: Float32Array[] }).recorded;
    const samples = new Float32Array(blocks.length * 128);
    for (const [index, block] of blocks.entries()) samples.set(block, index * 128);
    const url = await new Promise<string>((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result as string);
      reader.readAsDataURL(new Blob([samples]));
    });
    return url.slice(url.indexOf(',') + 1);
  });
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
