/**
 * The listener page in WebKitGTK: the live lane, over kill -9 of each edge, and the recording. Where
 * there is a loudspeaker, what it played is compared with what ffmpeg decodes from the file.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { endDemo, openDemo } from './support/demo.ts';
import { hasLoudspeaker, Loudspeaker } from './support/loudspeaker.ts';
import { type TestServer, until } from './support/server.ts';
import { rms, windowCorrelations } from './support/signal.ts';
import { decode, hasFfmpeg, RATE_HZ } from './support/sound.ts';
import { hasWebkit, Webkit } from './support/webkit.ts';

const missing = hasWebkit ? '' : ' (needs webkit2gtk-driver, xvfb and gstreamer1.0-plugins-bad)';
const sounds = hasLoudspeaker && hasFfmpeg;

/** Keeps the last media element that was played, and everywhere it was put. */
const REMEMBER = `
  const heard = (window.heard = { media: null, jumps: [] });
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (heard.media !== this) this.addEventListener('seeking', () => {
      heard.jumps.push(this.currentTime);
    });
    heard.media = this;
    return play.call(this);
  };`;
const HEARD = `
  const { media, jumps } = window.heard;
  return media === null ? { at: 0, paused: true, jumps } :
    { at: media.currentTime, paused: media.paused, jumps };`;

/** Sound without a jump, after which a newcomer has been brought to their place behind live, s. */
const SETTLED_S = 3;

interface Heard {
  readonly at: number;
  readonly paused: boolean;
  /** Where each seek went; the first is where the sound began. */
  readonly jumps: readonly number[];
}

describe.skipIf(!hasWebkit)(`WebKitGTK${missing}`, () => {
  let loudspeaker: Loudspeaker | null = null;
  let server: TestServer;
  let webkit: Webkit;

  beforeAll(async () => {
    if (sounds) loudspeaker = await Loudspeaker.start();
    server = await openDemo();
  });

  afterAll(async () => {
    await server?.stop();
    await loudspeaker?.stop();
  });

  // One that hung would hang in the next try as well.
  beforeEach(async () => {
    webkit = await Webkit.launch(loudspeaker?.environment);
  });

  afterEach(async () => {
    await webkit?.close();
  });

  test('[P1] plays the live lane, also when its edge is killed', async () => {
    await webkit.goto(`${server.url}/demo`);
    await webkit.run(REMEMBER);
    await webkit.click('//button[contains(normalize-space(), "Listen")]');
    const jumps = await settles();
    const recorder = loudspeaker?.record();
    await server.kill('edge-0');
    await goesOn();
    await server.kill('edge-1');
    await goesOn();
    expect((await heard()).jumps).toEqual(jumps);
    if (recorder !== undefined) expect(rms(await recorder.stop())).toBeGreaterThan(0.01);
  });

  test('[P7] plays the recording as it is, and seeks in it', async () => {
    server = await endDemo(server);
    await webkit.goto(`${server.url}/demo`);
    await webkit.run(REMEMBER);
    const recorder = loudspeaker?.record();
    await webkit.click('//button[contains(@class, "replay-play")]');
    await until(async () => (await heard()).at > 6, 'six seconds were played');
    if (recorder !== undefined) {
      const played = await recorder.stop();
      const start = played.findIndex((sample) => Math.abs(sample) > 0.001);
      const file = decode(`${server.url}/spaces/demo/replay.ogg`);
      const scores = windowCorrelations(
        played.subarray(Math.max(0, start)),
        file,
        RATE_HZ,
        RATE_HZ,
      ).toSorted((a, b) => a - b);
      expect(scores.length).toBeGreaterThan(3);
      expect(scores[Math.floor(scores.length / 2)]).toBeGreaterThan(0.8);
    }
    const before = (await heard()).at;
    await webkit.run('document.querySelector(\'[role="slider"]\').focus()');
    await webkit.press('\uE011');
    await until(async () => (await heard()).at < before - 2, 'it plays from the beginning');
    await goesOn();
  });

  function heard(): Promise<Heard> {
    return webkit.run(HEARD);
  }

  /**
   * The newcomer is where they stay: what jumps after this is heard. An element that was slow to start is
   * brought near live in the first second, edge killed or not. @returns the jumps until then
   */
  async function settles(): Promise<readonly number[]> {
    let { at, jumps } = await heard();
    await until(async () => {
      ({ at, jumps } = await heard());
      return at > (jumps.at(-1) ?? Number.POSITIVE_INFINITY) + SETTLED_S;
    }, 'the newcomer has settled');
    return jumps;
  }

  /** Sound advances by two seconds from here, without anybody touching the page. */
  async function goesOn(): Promise<void> {
    const from = (await heard()).at;
    await until(async () => {
      const { at, paused } = await heard();
      return !paused && at > from + 2;
    }, 'the page plays on');
  }
});
