/**
 * A speaker whose network loses 15 % of what they send: the receiver reports tell the browser, the browser
 * begins to send in-band FEC, and the mixer heals with it what concealment would only have covered.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, openContext } from './support/browser.ts';
import { Line } from './support/line.ts';
import { TestServer, until } from './support/server.ts';
import { decode, hasFfmpeg, SPEECH, writeWav } from './support/sound.ts';
import { enterGreenRoom, goOnAir } from './support/studio.ts';

const LOSS_SHARE = 0.15;
/** Two rounds of the speech. */
const PACKETS = 1_100;

describe.skipIf(!hasChromium || !hasFfmpeg)('a lossy way in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-loss-'));
  const microphone = join(folder, 'voice.wav');
  let browser: Browser;
  let line: Line | null = null;

  beforeAll(async () => {
    writeWav(microphone, decode(SPEECH));
    browser = await launch(microphone);
  });

  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await line?.close();
    line = null;
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function contextOver(url: string): Promise<BrowserContext> {
    line = await Line.to(url);
    const context = await openContext(browser);
    await line.guide(context);
    return context;
  }

  test('the mixer decodes the FEC of a speaker in the studio', async () => {
    const server = await TestServer.start();
    try {
      const context = await contextOver(server.url);
      await server.createSpace({ id: 'lossy', title: 'A lossy line' });
      await server.start('lossy');
      const invitation = new URL(await server.invite('lossy', 'host', 'Ada'));
      const page = await context.newPage();
      await enterGreenRoom(page, line!.url + invitation.pathname + invitation.hash, 'Ada');
      await goOnAir(page);
      const count = (name: string) => metric(server, `parterre_programme_voice_${name}_total`);
      await until(async () => (await count('packets')) > 250, 'five seconds of voice');
      expect(await count('packets_with_fec')).toBe(0);
      expect(await count('recovered_seconds')).toBe(0);
      line!.lossShare = LOSS_SHARE;
      await until(async () => (await count('packets_with_fec')) > 0, 'a packet with FEC');
      const names = ['packets', 'packets_with_fec', 'recovered_seconds', 'concealed_seconds'];
      const figures = () => Promise.all(names.map(count));
      const before = await figures();
      await until(async () => (await count('packets')) > before[0]! + PACKETS, 'two rounds');
      const after = await figures();
      const [packets, withFec, recoveredS, concealedS] = after.map((n, at) => n - before[at]!);
      console.info(
        `${withFec} of ${packets} packets with FEC; ${recoveredS!.toFixed(2)} s recovered, ${concealedS!.toFixed(2)} s concealed`,
      );
      expect(withFec! / packets!).toBeGreaterThan(0.3);
      expect(recoveredS).toBeGreaterThan(1);
    } finally {
      await server.stop();
    }
  });
});

/** 0 when there is none of this name yet. */
async function metric(server: TestServer, name: string): Promise<number> {
  const text = await (await server.fetch('/metrics')).text();
  return Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
}
