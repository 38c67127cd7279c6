/**
 * The listener page in Firefox, with real sound: the live lane, over kill -9 of each edge, and the
 * recording, whose sound at the loudspeaker is compared with what ffmpeg decodes from the file.
 */
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endDemo, openDemo } from './support/demo.ts';
import { type Ear, ear, hasFirefox, launchFirefox, openPage, press } from './support/firefox.ts';
import { hasLoudspeaker, Loudspeaker } from './support/loudspeaker.ts';
import { type TestServer, until } from './support/server.ts';
import { rms, windowCorrelations } from './support/signal.ts';
import { decode, hasFfmpeg, RATE_HZ } from './support/sound.ts';

const able = hasFirefox && hasLoudspeaker && hasFfmpeg;
const missing = able ? '' : ' (needs firefox-esr, pulseaudio, pulseaudio-utils and ffmpeg)';

describe.skipIf(!able)(`Firefox${missing}`, () => {
  let loudspeaker: Loudspeaker;
  let server: TestServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    loudspeaker = await Loudspeaker.start();
    server = await openDemo();
    browser = await launchFirefox(loudspeaker);
    page = await openPage(browser);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    await loudspeaker?.stop();
  });

  test('plays the live lane, and it sounds', async () => {
    await page.goto(`${server.url}/demo`);
    await press(page, 'Listen');
    await goesOn(page);
    const recorder = loudspeaker.record();
    await until(() => recorder.seconds > 8, 'eight seconds are recorded');
    expect(rms(await recorder.stop())).toBeGreaterThan(0.01);
  });

  test('[P1] plays on when its edge is killed', async () => {
    const { jumps } = await heard(page);
    await server.kill('edge-0');
    await goesOn(page);
    await server.kill('edge-1');
    await goesOn(page);
    expect((await heard(page)).jumps).toEqual(jumps);
  });

  test('[P7] plays the recording as it is, and seeks in it', async () => {
    await page.close();
    server = await endDemo(server);
    page = await openPage(browser);
    await page.goto(`${server.url}/demo`);
    const recorder = loudspeaker.record();
    await press(page, 'Play');
    await goesOn(page);
    await until(() => recorder.seconds > 12, 'twelve seconds are recorded');
    const played = trimmed(await recorder.stop());
    const file = decode(`${server.url}/spaces/demo/replay.ogg`);
    const scores = windowCorrelations(played, file, RATE_HZ, RATE_HZ).toSorted((a, b) => a - b);
    expect(scores.length).toBeGreaterThan(3);
    expect(scores[Math.floor(scores.length / 2)]).toBeGreaterThan(0.8);
    const waveform = await page.waitForSelector('::-p-aria([role="slider"])');
    const lengthS = file.length / RATE_HZ;
    await waveform?.click();
    await until(async () => Math.abs((await heard(page)).at - lengthS / 2) < 3, 'it has moved');
    await goesOn(page);
  });
});

/** Sound advances by two seconds from here, without anybody touching the page. */
async function goesOn(page: Page): Promise<void> {
  const from = (await ear(page))?.at ?? 0;
  await until(async () => {
    const now = await ear(page);
    return now !== null && !now.paused && now.at > from + 2;
  }, 'the page plays on');
}

async function heard(page: Page): Promise<Ear> {
  const now = await ear(page);
  if (now === null) throw new Error('Nothing was asked to play.');
  return now;
}

/** Without the silence before the first sound. */
function trimmed(samples: Float32Array): Float32Array {
  const start = samples.findIndex((sample) => Math.abs(sample) > 0.001);
  return samples.subarray(Math.max(0, start));
}
