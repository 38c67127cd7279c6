/**
 * The whole way of the voice: two people speak in their browsers, a third browser listens, and what comes
 * out of its audio element is compared with the mix, and the mix with what was said.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hasChromium,
  holdRate,
  launch,
  listen,
  openContext,
  record,
  recorded,
} from './support/browser.ts';
import { TestServer, until } from './support/server.ts';
import { markerOnsets, windowCorrelations } from './support/signal.ts';
import { decode, hasFfmpeg, RATE_HZ, speechPath, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';

const OTHER_VOICE = join(import.meta.dirname, '../../packages/server/assets/demo-ben.opus');
const TURN_S = 12;
const MARKER_HZ = 1_000;
const MARKER_EVERY_MS = 200;
const MARKED_S = 60;

describe.skipIf(!hasChromium || !hasFfmpeg || speechPath === null)('the way of the voice', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-voice-'));
  const browsers: Browser[] = [];
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function browserWith(microphone?: string): Promise<Browser> {
    const browser = await launch(microphone);
    browsers.push(browser);
    return browser;
  }

  /** The owner on air in a space of their own, before a microphone that plays `samples` in a loop. */
  async function hostOnAir(space: string, samples: Float32Array): Promise<Page> {
    const path = join(folder, `${space}-host.wav`);
    writeWav(path, samples);
    await server.createSpace({ id: space, title: `The ${space}` });
    await server.start(space);
    const context = await openContext(await browserWith(path));
    await signIn(context, server);
    const page = await context.newPage();
    await enterGreenRoom(page, `${server.url}/studio/${space}`, 'Ada');
    await goOnAir(page);
    return page;
  }

  test('[P1] two speakers are heard in the house as they were mixed, and both are there', async () => {
    const one = decode(speechPath!);
    const two = loudest(decode(OTHER_VOICE), 11);
    const host = await hostOnAir('talk', one);
    const microphone = join(folder, 'guest.wav');
    writeWav(microphone, two);
    const guestContext = await openContext(await browserWith(microphone));
    const guest = await guestContext.newPage();
    await enterGreenRoom(guest, await server.invite('talk', 'speaker', 'Ben'), 'Ben');
    await bringOnAir(host, guest);
    await mute(guest);
    await until(async () => (await server.space('talk'))?.state === 'live', 'the space is live');

    const house = await openContext(await browserWith());
    await holdRate(house);
    const listener = await house.newPage();
    await listen(listener, `${server.url}/talk`);
    await record(listener);
    await advance(listener, TURN_S);
    await mute(host);
    await unmute(guest);
    await advance(listener, TURN_S);
    const heard = await recorded(listener);
    await server.end('talk');
    await until(
      async () => (await server.space('talk'))?.replayReady === true,
      'the recording is finished',
    );
    const replay = join(folder, 'talk.ogg');
    writeFileSync(
      replay,
      new Uint8Array(await (await fetch(`${server.url}/spaces/talk/replay.ogg`)).arrayBuffer()),
    );
    const mix = decode(replay);

    const asMixed = windowCorrelations(heard, mix, RATE_HZ, RATE_HZ / 20);
    expect(asMixed.length).toBeGreaterThan(TURN_S);
    expect(asMixed.filter((score) => score < 0.8)).toEqual([]);
    // The loops begin anywhere, so each voice is looked for second by second in the mix.
    expect(heardShare(one, mix)).toBeGreaterThan(0.4);
    expect(heardShare(two, mix)).toBeGreaterThan(0.4);
  });

  test('[P1] markers every 200 ms: none is missing, none is repeated, for a minute', async () => {
    const loop = markers(10);
    await hostOnAir('markers', loop);
    await until(async () => (await server.space('markers'))?.state === 'live', 'the space is live');
    const browser = await browserWith();
    const listener = await (await openContext(browser)).newPage();
    await listen(listener, `${server.url}/markers`);
    await record(listener);
    const local = join(folder, 'control.wav');
    writeWav(local, markers(MARKED_S * 3));
    const control = await controlPage(browser, local);
    await advance(listener, MARKED_S);
    const glitches = intervals(await recorded(control)).filter(isOff);
    // When even a local file does not play evenly, the machine was measured and not the programme.
    if (glitches.length > 0)
      return void console.warn(`void: the control glitched ${glitches.length} times`);
    const found = intervals(await recorded(listener));
    expect(found.length).toBeGreaterThan((MARKED_S * 1_000) / MARKER_EVERY_MS - 10);
    expect(found.filter(isOff)).toEqual([]);
  });

  /** A page in the same browser that plays a local file and is recorded in the same way. */
  async function controlPage(browser: Browser, path: string): Promise<Page> {
    const page = await (await openContext(browser)).newPage();
    await page.goto(`${server.url}/`);
    const base64 = (await import('node:fs')).readFileSync(path).toString('base64');
    await page.evaluate(async (data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
      const media = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
      media.loop = false;
      const context = new AudioContext({ sampleRate: 48_000 });
      await context.resume();
      await media.play();
    }, base64);
    await record(page);
    return page;
  }
});

/** Sound advances by so many seconds. */
async function advance(page: Page, seconds: number): Promise<void> {
  const position = (): Promise<number> =>
    page.evaluate(
      () => (window as unknown as { heard: HTMLMediaElement[] }).heard.at(-1)!.currentTime,
    );
  const from = await position();
  await until(
    async () => (await position()) > from + seconds,
    `${seconds} s are heard`,
    seconds * 4_000 + 30_000,
  );
}

async function mute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Mute', exact: true }).first().click();
  await page.getByRole('button', { name: 'Unmute', exact: true }).first().waitFor();
}

async function unmute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Unmute', exact: true }).first().click();
}

/** The host brings a guest from the green room on air. */
async function bringOnAir(host: Page, guest: Page): Promise<void> {
  await host
    .getByRole('group', { name: 'For Ben' })
    .getByRole('button', { name: 'On air' })
    .click();
  await guest.getByText('The house hears you.').waitFor();
}

/** The stretch of so many seconds with most energy. */
function loudest(samples: Float32Array, seconds: number): Float32Array {
  const length = seconds * RATE_HZ;
  let best = 0;
  let bestEnergy = -1;
  for (let start = 0; start + length <= samples.length; start += RATE_HZ / 2) {
    let energy = 0;
    for (let i = start; i < start + length; i += 16) energy += samples[i]! ** 2;
    if (energy > bestEnergy) [best, bestEnergy] = [start, energy];
  }
  return samples.slice(best, best + length);
}

/** The share of a voice's loud seconds that are found again somewhere in the mix. */
function heardShare(voice: Float32Array, mix: Float32Array): number {
  const scores: number[] = [];
  for (let start = 0; start + RATE_HZ <= voice.length; start += RATE_HZ) {
    const second = voice.subarray(start, start + RATE_HZ);
    scores.push(Math.max(0, ...windowCorrelations(second, mix, RATE_HZ, 0)));
  }
  return scores.filter((score) => score >= 0.6).length / scores.length;
}

/** Tone bursts of 40 ms every 200 ms, over so many seconds. */
function markers(seconds: number): Float32Array {
  const samples = new Float32Array(seconds * RATE_HZ);
  const every = (RATE_HZ * MARKER_EVERY_MS) / 1_000;
  const length = RATE_HZ / 25;
  for (let start = 0; start < samples.length; start += every) {
    for (let i = 0; i < length; i += 1)
      samples[start + i] =
        0.4 *
        Math.sin((2 * Math.PI * MARKER_HZ * i) / RATE_HZ) *
        Math.sin((Math.PI * i) / length) ** 0.5;
  }
  return samples;
}

/** Times between one marker and the next, ms. */
function intervals(samples: Float32Array): number[] {
  const onsets = markerOnsets(samples, MARKER_HZ, RATE_HZ);
  return onsets.slice(1).map((onset, index) => ((onset - onsets[index]!) / RATE_HZ) * 1_000);
}

function isOff(interval: number): boolean {
  return Math.abs(interval - MARKER_EVERY_MS) > 20;
}
