/**
 * The hls lane as other people's players hear it: hls.js in two browsers, Debian's ffmpeg; and that both
 * renditions are the same sound at the same time.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch } from './support/browser.ts';
import { hasFirefox, launchFirefox } from './support/firefox.ts';
import { type HlsHeard, HlsPage } from './support/hls-page.ts';
import { hasLoudspeaker, Loudspeaker } from './support/loudspeaker.ts';
import { TestServer, until } from './support/server.ts';
import { align, correlation, rms } from './support/signal.ts';
import { complaints, decode, hasFfmpeg, RATE_HZ } from './support/sound.ts';

/** ffmpeg's hls reader loads the init segment again with every list, and says so; of its own streams too. */
const ITS_OWN =
  /^(\[[^\]]*\] Found duplicated MOOV Atom\. Skipped it|\s*Last message repeated \d+ times)\n/gm;
const PLAYED_S = 15;

describe.each(['plain', 'cached'] as const)('the hls lane, %s', (mode) => {
  let server: TestServer;
  let page: HlsPage;

  beforeAll(async () => {
    [server, page] = await Promise.all([
      TestServer.start(['--demo', '--hls', mode]),
      HlsPage.open(),
    ]);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
  });

  afterAll(async () => {
    page?.close();
    await server?.stop();
  });

  describe.skipIf(!hasFfmpeg)('ffmpeg', () => {
    test.each(['opus', 'aac'])('plays %s without a warning', (rendition) => {
      const list = `${server.url}/hls/demo/${rendition}/index.m3u8`;
      expect(complaints(list, '-t', '20').replace(ITS_OWN, '')).toBe('');
    });

    test('hears the same in both renditions at the same time, without a seam', async () => {
      const listed = async (): Promise<number[]> => {
        const list = await (await server.fetch('/hls/demo/aac/index.m3u8')).text();
        return [...list.matchAll(/\/(\d+)\.m4s$/gm)].map(([, msn]) => Number(msn));
      };
      await until(async () => (await listed()).length >= 3, 'three segments are listed');
      const names = (await listed()).slice(-3);
      const [opus, aac] = await Promise.all(
        ['opus', 'aac'].map((rendition) => fetched(server, `/hls/demo/${rendition}/`, names)),
      );
      const [one, two] = [opus!, aac!].map((bytes) => soundOf(bytes));
      const from = RATE_HZ / 2;
      const { offset, score } = align(one!, two!.subarray(from, from + 10 * RATE_HZ));
      expect(Math.abs(offset - from)).toBeLessThanOrEqual(2);
      expect(score).toBeGreaterThan(0.9);
      // Around each seam the two are as alike as elsewhere.
      for (const seam of [1, 2]) {
        const at = Math.round(seam * 4.8 * RATE_HZ);
        const near = (samples: Float32Array): Float32Array =>
          samples.subarray(at - RATE_HZ / 10, at + RATE_HZ / 10);
        if (rms(near(one!)) < 0.005) continue;
        expect(correlation(near(one!), near(two!)), `seam ${seam}`).toBeGreaterThan(0.9);
      }
    });
  });

  describe.skipIf(!hasChromium)('hls.js in Chromium', () => {
    test.each(['index', 'aac/index'])('plays %s.m3u8 without a gap', async (name) => {
      const browser = await launch();
      try {
        const tab = await browser.newPage();
        await tab.goto(page.playing(`${server.url}/hls/demo/${name}.m3u8`));
        await tab.getByRole('button', { name: 'Listen' }).click();
        const heard = await playsOn(() => tab.evaluate('ask()') as Promise<HlsHeard>);
        report(`Chromium, ${mode}, ${name}`, heard);
        expectUnbroken(heard, mode);
        // Debian's Chromium has AAC; where it has not, hls.js says so.
        expect(heard.codec).toBe(name === 'aac/index' ? 'mp4a.40.2' : 'opus');
      } finally {
        await browser.close();
      }
    });
  });

  describe.skipIf(!hasFirefox || !hasLoudspeaker)('hls.js in Firefox', () => {
    test('plays without a gap, and it sounds', async () => {
      const loudspeaker = await Loudspeaker.start();
      const browser = await launchFirefox(loudspeaker);
      try {
        const tab = await browser.newPage();
        await tab.goto(page.playing(`${server.url}/hls/demo/index.m3u8`));
        await (await tab.waitForSelector('button'))!.click();
        const recorder = loudspeaker.record();
        const heard = await playsOn(() => tab.evaluate('ask()') as Promise<HlsHeard>);
        report(`Firefox, ${mode}`, heard);
        expectUnbroken(heard, mode);
        expect(heard.codec).toBe('opus');
        expect(rms(await recorder.stop())).toBeGreaterThan(0.01);
      } finally {
        await browser.close();
        await loudspeaker.stop();
      }
    });
  });
});

async function playsOn(ask: () => Promise<HlsHeard>): Promise<HlsHeard> {
  await until(async () => (await ask()).at > 0, 'it plays');
  const { at } = await ask();
  await until(async () => (await ask()).at > at + PLAYED_S, `it has played ${PLAYED_S} s`);
  return ask();
}

function expectUnbroken(heard: HlsHeard, mode: 'plain' | 'cached'): void {
  expect(heard.errors).toEqual([]);
  expect(heard.ranges).toBe(1);
  expect(heard.paused).toBe(false);
  if (mode === 'cached') expect(heard.parts).toBeGreaterThan(5);
}

function report(what: string, { latencyS, parts, waits, jumps }: HlsHeard): void {
  console.info(
    `${what}: ${latencyS.toFixed(1)} s behind the edge, ${parts} parts, waits at [${waits}], jumps at [${jumps}]`,
  );
}

/** Init segment and segments of one rendition, as one file. */
async function fetched(
  server: TestServer,
  base: string,
  names: readonly number[],
): Promise<Buffer> {
  const list = await (await server.fetch(`${base}index.m3u8`)).text();
  const init = /URI="([^"]+\/)(init-\d\.mp4)"/.exec(list)!;
  const paths = [`${init[1]}${init[2]}`, ...names.map((msn) => `${init[1]}${msn}.m4s`)];
  const parts: Buffer[] = [];
  for (const path of paths)
    parts.push(Buffer.from(await (await server.fetch(`${base}${path}`)).arrayBuffer()));
  return Buffer.concat(parts);
}

/** What a file of these bytes sounds like. */
function soundOf(bytes: Buffer): Float32Array {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-hls-'));
  try {
    const path = join(folder, 'segments.mp4');
    writeFileSync(path, bytes);
    return decode(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
