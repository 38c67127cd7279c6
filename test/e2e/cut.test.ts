/**
 * A speaker whose connection is cut for five seconds, in two ways: the whole browser stands still, and the
 * network swallows every packet while the page lives. The house hears the others or holding sound and
 * never a stop, and the speaker is back on the same seat without touching anything.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, openContext } from './support/browser.ts';
import { type Freezable, launchFreezable } from './support/freeze.ts';
import { Line } from './support/line.ts';
import { TestServer, until } from './support/server.ts';
import { decode, hasFfmpeg, SPEECH, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir, signIn } from './support/studio.ts';
import { Tap } from './support/tap.ts';

/** Five seconds of programme. */
const CUT_CHUNKS = 25;

describe.skipIf(!hasChromium || !hasFfmpeg)('a speaker is cut off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-cut-'));
  const microphone = join(folder, 'voice.wav');
  const browsers: Browser[] = [];
  const taps: Tap[] = [];
  let server: TestServer;
  let frozen: Freezable;
  let line: Line;

  beforeAll(async () => {
    writeWav(microphone, decode(SPEECH));
    server = await TestServer.start();
    frozen = await launchFreezable(microphone);
    line = await Line.to(server.url);
  });

  afterAll(async () => {
    for (const tap of taps) await tap.stop();
    await line?.close();
    await frozen?.close();
    for (const browser of browsers) await browser.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The owner on air in a new space, in a browser that can be stopped. */
  async function host(space: string): Promise<{ page: Page; tap: Tap }> {
    await server.createSpace({ id: space, title: `The ${space}` });
    const context = await openContext(frozen.browser);
    await signIn(context, server);
    const page = await context.newPage();
    await enterGreenRoom(page, `${server.url}/studio/${space}`, 'Ada');
    await goOnAir(page);
    return { page, tap: await follow(space) };
  }

  async function follow(space: string): Promise<Tap> {
    await server.start(space);
    const tap = new Tap(() => `${server.url}/live/${space}`);
    taps.push(tap);
    await until(() => speaks(tap, 'Ada'), 'the host is heard');
    return tap;
  }

  test('[P3] alone on stage: holding sound, and the voice is back on its seat', async () => {
    const { page, tap } = await host('alone');
    const seat = seatOf(tap, 'Ada');
    const cutAt = tap.lastSeq;
    frozen.freeze();
    await until(() => tap.snapshot?.holding === true, 'holding sound is on air');
    await until(() => tap.lastSeq > cutAt + CUT_CHUNKS, 'five seconds have passed');
    const thawedAtMs = performance.now();
    frozen.thaw();
    await until(() => speaks(tap, 'Ada') && tap.snapshot?.holding === false, 'the host is heard');
    report('frozen, alone', thawedAtMs);
    expect(seatOf(tap, 'Ada')).toBe(seat);
    await page.getByText('The house hears you.').waitFor();
    unbroken(tap);
    await page.context().close();
  });

  test('[P3] with another speaker: the other one is heard meanwhile', async () => {
    const { page, tap } = await host('both');
    const other = await launch(microphone);
    browsers.push(other);
    const guest = await (await openContext(other)).newPage();
    await enterGreenRoom(guest, await server.invite('both', 'cohost', 'Ben'), 'Ben');
    await goOnAir(guest);
    await until(() => speaks(tap, 'Ben'), 'the guest is heard');
    const seat = seatOf(tap, 'Ada');
    const cutAt = tap.lastSeq;
    let held = false;
    let heard = 0;
    frozen.freeze();
    await until(() => {
      held ||= tap.snapshot?.holding === true;
      if (tap.lastSeq > cutAt + CUT_CHUNKS / 2 && speaks(tap, 'Ben')) heard += 1;
      return tap.lastSeq > cutAt + CUT_CHUNKS;
    }, 'five seconds have passed');
    expect(heard).toBeGreaterThan(0);
    expect(held).toBe(false);
    const thawedAtMs = performance.now();
    frozen.thaw();
    await until(() => speaks(tap, 'Ada'), 'the host is heard');
    report('frozen, beside another', thawedAtMs);
    expect(seatOf(tap, 'Ada')).toBe(seat);
    unbroken(tap);
    await page.context().close();
    await guest.context().close();
  });

  test('[P3] the network swallows everything: the page comes back by itself', async () => {
    const browser = await launch(microphone);
    browsers.push(browser);
    await server.createSpace({ id: 'line', title: 'The line' });
    const context = await openContext(browser);
    await line.guide(context);
    const invitation = new URL(await server.invite('line', 'host', 'Ada'));
    const page = await context.newPage();
    await enterGreenRoom(page, line.url + invitation.pathname + invitation.hash, 'Ada');
    await goOnAir(page);
    const tap = await follow('line');
    expect(line.packets).toBeGreaterThan(0);
    const seat = seatOf(tap, 'Ada');
    const cutAt = tap.lastSeq;
    line.cut();
    await page.getByText(/connection was lost/).waitFor();
    await until(() => tap.snapshot?.holding === true, 'holding sound is on air');
    await until(() => tap.lastSeq > cutAt + CUT_CHUNKS, 'five seconds have passed');
    const mendedAtMs = performance.now();
    line.mend();
    await until(() => speaks(tap, 'Ada') && tap.snapshot?.holding === false, 'the host is heard');
    report('network', mendedAtMs);
    expect(seatOf(tap, 'Ada')).toBe(seat);
    await page.getByText('The house hears you.').waitFor();
    unbroken(tap);
    await context.close();
  });
});

function seatOf(tap: Tap, name: string): string | undefined {
  return tap.snapshot?.seats.find((seat) => seat.name === name)?.id;
}

function speaks(tap: Tap, name: string): boolean {
  return tap.snapshot?.seats.some((seat) => seat.name === name && seat.speaking) ?? false;
}

/** One connection, every sequence once, with one content. */
function unbroken(tap: Tap): void {
  expect(tap.connections).toBe(1);
  expect(tap.jumps).toEqual([]);
  expect(tap.contradictions).toEqual([]);
  expect(tap.faults).toEqual([]);
}

/** Until the house hears them again: what the reconnection took, and the programme's way to the ear. */
function report(what: string, sinceMs: number): void {
  console.info(`${what}: heard again after ${Math.round(performance.now() - sinceMs)} ms`);
}
