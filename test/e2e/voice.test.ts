/**
 * The whole way of the voice: two people speak in their browsers, a third browser listens, and what comes
 * out of its audio element is compared with the mix, and the mix with what was said.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  hasChromium,
  holdRate,
  launch,
  listen,
  openContext,
  record,
  recorded,
} from './support/browser.ts';
import {
  Control,
  isOff,
  MARKER_EVERY_MS,
  markerIntervals,
  markers,
  VOID,
} from './support/control.ts';
import { TestServer, until } from './support/server.ts';
import { align, rms, windowCorrelations } from './support/signal.ts';
import { decode, hasFfmpeg, RATE_HZ, speechPath, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';

const OTHER_VOICE = join(import.meta.dirname, '../../packages/server/assets/demo-ben.opus');
const STRANGER = join(OTHER_VOICE, '../demo-ada.opus');
/** Enough to tell voices apart, and quick to search. */
const SEARCH_HZ = 8_000;
const TURN_S = 12;
/** A newcomer is brought to its place behind live once; what is compared comes after that. */
const SETTLE_S = 4;
const MARKED_S = 60;

describe.skipIf(!hasChromium || !hasFfmpeg || speechPath === null)('the way of the voice', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-voice-'));
  const browsers: Browser[] = [];
  let server: TestServer;

  beforeAll(async () => {
    server = await TestServer.start();
  });

  // Browsers of one test would cost the next one the machine.
  afterEach(async () => {
    for (const browser of browsers.splice(0)) await browser.close();
  });

  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function browserWith(microphone?: string): Promise<Browser> {
    const browser = await launch(microphone);
    browsers.push(browser);
    return browser;
  }

  /** The finished recording of a space that has been ended, as a file. */
  async function replayOf(space: string): Promise<string> {
    await until(
      async () => (await server.space(space))?.replayReady === true,
      'the recording is finished',
    );
    const path = join(folder, `${space}.ogg`);
    const answer = await fetch(`${server.url}/spaces/${space}/replay.ogg`);
    writeFileSync(path, new Uint8Array(await answer.arrayBuffer()));
    return path;
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

  test('[P1] two speakers are heard in the house as they were mixed, and both are there', async ({
    skip,
  }) => {
    const one = decode(speechPath!);
    const two = loudest(decode(OTHER_VOICE), 11, RATE_HZ);
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
    const control = await Control.start(house, server.url);
    await advance(listener, SETTLE_S);
    await record(listener);
    await advance(listener, TURN_S);
    await mute(host);
    await unmute(guest);
    await advance(listener, TURN_S);
    const heard = await recorded(listener);
    skip((await control.glitches()) > 0, VOID);
    await server.end('talk');
    const replay = await replayOf('talk');
    const mix = decode(replay);

    const asMixed = windowCorrelations(heard, mix, RATE_HZ, RATE_HZ / 20);
    expect(asMixed.length).toBeGreaterThan(TURN_S);
    expect(asMixed.filter((score) => score < 0.8)).toEqual([]);
    // The loops begin anywhere, so each voice is looked for piece by piece in the mix; a third one that
    // never spoke shows what would be found by chance.
    const said = decode(replay, SEARCH_HZ);
    const [first, second, stranger] = [speechPath!, OTHER_VOICE, STRANGER].map((path) =>
      heardShare(loudest(decode(path, SEARCH_HZ), 11, SEARCH_HZ), said),
    );
    console.log(`voices found again: ${first}, ${second}; one that was not there: ${stranger}`);
    expect(stranger).toBeLessThan(0.1);
    expect(first).toBeGreaterThan(0.3);
    expect(second).toBeGreaterThan(0.3);
  });

  test('[P1] markers every 200 ms: none is missing, none is repeated, for a minute', async ({
    skip,
  }) => {
    await hostOnAir('markers', markers(10));
    await until(async () => (await server.space('markers'))?.state === 'live', 'the space is live');
    const house = await openContext(await browserWith());
    const listener = await house.newPage();
    await listen(listener, `${server.url}/markers`);
    const control = await Control.start(house, server.url);
    await advance(listener, SETTLE_S);
    await record(listener);
    await advance(listener, MARKED_S);
    const heard = markerIntervals(await recorded(listener));
    const glitches = await control.glitches();
    await server.end('markers');
    const mix = markerIntervals(decode(await replayOf('markers')));
    skip(glitches > 0, VOID);
    // None is missing (an interval of two) and none is repeated (one of nearly nothing). A few may stand a
    // little off: the jitter buffer moves sound when packets are late, and so does the browser's rendering.
    for (const intervals of [mix, heard]) {
      expect(intervals.length).toBeGreaterThan((MARKED_S * 1_000) / MARKER_EVERY_MS - 10);
      expect(
        intervals.filter((ms) => ms > 1.9 * MARKER_EVERY_MS || ms < 0.4 * MARKER_EVERY_MS),
      ).toEqual([]);
      expect(intervals.filter(isOff).length).toBeLessThanOrEqual(intervals.length / 50);
    }
    console.log(
      `off by more than 20 ms: ${mix.filter(isOff).length} of ${mix.length} in the mix, ${heard.filter(isOff).length} of ${heard.length} at the ear`,
    );
  });
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
function loudest(samples: Float32Array, seconds: number, rateHz: number): Float32Array {
  const length = seconds * rateHz;
  let best = 0;
  let bestEnergy = -1;
  for (let start = 0; start + length <= samples.length; start += rateHz / 2) {
    let energy = 0;
    for (let i = start; i < start + length; i += 16) energy += samples[i]! ** 2;
    if (energy > bestEnergy) [best, bestEnergy] = [start, energy];
  }
  return samples.slice(best, best + length);
}

/** The share of a voice's half seconds that are found again somewhere in the mix. */
function heardShare(voice: Float32Array, mix: Float32Array): number {
  const length = SEARCH_HZ / 2;
  const pieces = Array.from({ length: Math.floor(voice.length / length) }, (_, index) =>
    voice.subarray(index * length, (index + 1) * length),
  ).filter((piece) => rms(piece) > 0.01);
  return pieces.filter((piece) => align(mix, piece).score >= 0.6).length / pieces.length;
}
