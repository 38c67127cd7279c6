/**
 * A clip that a space opens with: chosen as a file in the studio, decoded by the browser, levelled by the
 * server, and on air from the first live sample with nobody on stage, also when all processes are killed
 * before, and with the api killed while a crowd comes. Heard on the wire to the sample, and by a page in
 * Chromium.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOpusDecoder } from '@parterre/media';
import { FragmentReader } from '@parterre/media/fmp4';
import {
  CHUNK_MS,
  CHUNK_SAMPLES,
  type PublicSpace,
  SAMPLE_RATE_HZ,
  type Snapshot,
} from '@parterre/protocol';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasChromium, launch, openContext } from './support/browser.ts';
import { Comers } from './support/comers.ts';
import { TestServer, until } from './support/server.ts';
import { rms } from './support/signal.ts';
import { writeWav } from './support/sound.ts';
import { signIn } from './support/studio.ts';

const CLIP_S = 6;
/** Limiter and encoder delay everything by about this, samples. */
const DELAY_SAMPLES = 600;
const FRAME_SAMPLES = 960;
/** Wall times are told in whole milliseconds. */
const ROUNDING_MS = 2;
/** What is promised between the announced start and the first sample on air, ms. */
const DRIFT_MS_MAX = 50;
/** Who comes at T; no more than an edge takes at once when it is as late as it can be. */
const CROWD = 500;
/** Between the clip's end and the holding sound no two samples may be farther apart. */
const STEP_MAX = 0.2;

/** Everything that was said since somebody listened, as samples on the programme's clock. */
class Ear {
  readonly chunks = new Map<number, readonly Uint8Array[]>();
  /** Wall time of each chunk's first sample, ms. */
  readonly capturedAtMs = new Map<number, number>();
  /** Sequences that were not the next one. */
  readonly jumps: number[] = [];
  snapshot: Snapshot | null = null;
  #nextSeq: number | null = null;
  readonly #stop = new AbortController();

  constructor(url: string) {
    void this.#follow(url);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #follow(url: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // As a player does: from the next one on.
      const from = this.#nextSeq === null ? '' : `?from=${this.#nextSeq}`;
      const answer = await fetch(url + from, { signal: this.#stop.signal }).catch(() => null);
      const reader = new FragmentReader();
      try {
        for await (const bytes of answer?.body ?? [])
          for (const part of reader.push(bytes)) {
            if (part.kind !== 'fragment') continue;
            this.chunks.set(
              part.seq,
              part.frames().map((frame) => frame.slice()),
            );
            this.capturedAtMs.set(part.seq, part.capturedAtMs);
            if (part.seq !== (this.#nextSeq ?? part.seq)) this.jumps.push(part.seq);
            this.#nextSeq = part.seq + 1;
            if (part.snapshot !== null)
              this.snapshot = JSON.parse(Buffer.from(part.snapshot).toString()) as Snapshot;
          }
      } catch {
        // A break, or the end of the test: the next connection goes on.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The chunk that this moment is in. */
  seqAt(wallMs: number): number {
    let found = 0;
    for (const [seq, atMs] of this.capturedAtMs)
      if (atMs <= wallMs + ROUNDING_MS) found = Math.max(found, seq);
    return found;
  }

  /** From the chunk before `liveSeq` on. */
  async fromBefore(liveSeq: number, seconds: number): Promise<Float32Array> {
    const decoder = await createOpusDecoder(1);
    const first = liveSeq - 1;
    const count = Math.ceil((seconds * SAMPLE_RATE_HZ) / CHUNK_SAMPLES) + 1;
    await until(() => this.chunks.has(first + count), 'all of it is there');
    const out = new Float32Array(count * CHUNK_SAMPLES);
    let at = 0;
    for (let seq = first; seq < first + count; seq++)
      for (const frame of this.chunks.get(seq)!) {
        out.set(decoder.decode(frame)!, at);
        at += FRAME_SAMPLES;
      }
    return out;
  }
}

describe.skipIf(!hasChromium)('a clip that a space opens with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-opening-'));
  const file = join(folder, 'overture.wav');
  let server: TestServer;
  let browser: Browser;

  beforeAll(async () => {
    const tone = (_: number, i: number) =>
      0.05 * Math.sin((2 * Math.PI * 1_000 * i) / SAMPLE_RATE_HZ);
    writeWav(file, new Float32Array(CLIP_S * SAMPLE_RATE_HZ).map(tone));
    server = await TestServer.start();
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** In the studio, with no microphone, as the owner. */
  async function studioOf(space: PublicSpace): Promise<Page> {
    const context = await openContext(browser);
    await signIn(context, server);
    const page = await context.newPage();
    await page.goto(`${server.url}/studio/${space.id}`);
    const next = page.getByRole('button', { name: 'Continue to the sound check' });
    const enter = page.getByRole('button', { name: 'Enter without a microphone' });
    await next.or(enter).first().waitFor();
    if (await next.isVisible()) {
      await page.getByRole('textbox').first().fill('Ada');
      await next.click();
    }
    await enter.click();
    return page;
  }

  const panelOf = (page: Page) =>
    page.locator('section', { has: page.getByRole('heading', { name: 'Opening clip' }) });

  test('[P4] chosen in the studio, it is on air from T with the host gone, after kill -9 of everything', async () => {
    const startsAtMs = Date.now() + 60_000;
    const space = await server.createSpace({ title: 'Overture', startsAtMs, doorsMinutes: 1 });
    const page = await studioOf(space);
    const panel = panelOf(page);

    // What is no sound, or too long, is said, and nothing changes.
    const words = join(folder, 'words.mp3');
    writeFileSync(words, 'not a sound'.repeat(100));
    await panel.locator('input[type=file]').setInputFiles(words);
    await panel.getByText('This file cannot be played.').waitFor();
    const long = join(folder, 'long.wav');
    writeWav(long, new Float32Array(121 * SAMPLE_RATE_HZ));
    await panel.locator('input[type=file]').setInputFiles(long);
    await panel.getByText('This sound is too long.').waitFor();
    const path = `/api/spaces/${space.id}/clip`;
    expect(await server.call('GET', path)).toEqual({ clip: null });

    await panel.locator('input[type=file]').setInputFiles(file);
    await panel.getByText(/overture\.wav · 0:06/).waitFor();
    await page.getByText('A clip of 6 s plays from the first second.').waitFor();
    expect(await server.call('GET', path)).toEqual({
      clip: { name: 'overture.wav', durationMs: CLIP_S * 1_000 },
    });
    await page.context().close();

    // T comes soon; everything is killed a second before it.
    const soonMs = Date.now() + 12_000;
    await server.call('PATCH', `/api/spaces/${space.id}`, { startsAtMs: soonMs });
    const ear = new Ear(`${server.url}/live/${space.id}`);
    await until(() => ear.chunks.size > 0, 'somebody listens');
    await until(() => Date.now() >= soonMs - 1_000, 'it is T − 1 s');
    await server.killEverything();
    await server.launch();
    await until(() => ear.snapshot?.state === 'live', 'it is live');
    expect(ear.snapshot!.holding).toBe(false);
    const { liveAtMs } = (await server.space(space.id))!;
    const liveSeq = ear.seqAt(liveAtMs!);
    const heard = await ear.fromBefore(liveSeq, CLIP_S + 2);
    const intoChunkMs = liveAtMs! - ear.capturedAtMs.get(liveSeq)!;
    expect(intoChunkMs).toBeLessThan(CHUNK_MS);
    const live = CHUNK_SAMPLES + Math.round((intoChunkMs * SAMPLE_RATE_HZ) / 1_000);
    const onset = onsetIn(heard);
    console.info(`the clip is heard ${onset - live} samples after the first live one`);
    expect(onset).toBeGreaterThanOrEqual(live - (ROUNDING_MS * SAMPLE_RATE_HZ) / 1_000);
    expect(onset).toBeLessThan(live + DELAY_SAMPLES + FRAME_SAMPLES);
    const end = live + CLIP_S * SAMPLE_RATE_HZ + DELAY_SAMPLES;
    expect(rms(heard.subarray(end - 9_600, end - 4_800))).toBeGreaterThan(0.08);
    // Then the holding sound, without a step.
    expect(rms(heard.subarray(end + 4_800, end + 9_600))).toBeLessThan(0.06);
    let step = 0;
    for (let i = end - 4_800; i < end + 4_800; i++)
      step = Math.max(step, Math.abs(heard[i]! - heard[i - 1]!));
    expect(step).toBeLessThan(STEP_MAX);
    ear.stop();
    await server.end(space.id);
  });

  test('[P1] [P2] [P4] is on air at T, and heard by a page, with the api killed at T − 1 s and a crowd at T', async () => {
    const announcedMs = Date.now() + 60_000;
    const about = { title: 'Heard', startsAtMs: announcedMs, doorsMinutes: 1 };
    const space = await server.createSpace(about);
    const studio = await studioOf(space);
    await panelOf(studio).locator('input[type=file]').setInputFiles(file);
    await panelOf(studio)
      .getByText(/overture\.wav/)
      .waitFor();
    await studio.context().close();
    const startsAtMs = Date.now() + 15_000;
    await server.call('PATCH', `/api/spaces/${space.id}`, { startsAtMs });
    const url = `${server.url}/live/${space.id}`;
    const ear = new Ear(url);
    const page = await (await openContext(browser)).newPage();
    await page.goto(`${server.url}/${space.id}`);
    await page
      .getByRole('button', { name: /^Listen/ })
      .first()
      .click();
    await until(() => level(page).then(({ audible }) => audible), 'the page plays');
    const quiet = await level(page);
    expect(quiet.tone).toBeLessThan(quiet.of / 4);
    await until(() => Date.now() >= startsAtMs - 1_000, 'it is T − 1 s');
    const replaced = server.kill('api');
    await until(() => Date.now() >= startsAtMs - 100, 'it is T');
    const crowd = new Comers(url, CROWD);

    await until(async () => {
      const { tone, of } = await level(page);
      return tone > of / 4;
    }, 'the tone is heard');
    const { state, liveAtMs, startDriftMs } = (await server.space(space.id))!;
    expect(state).toBe('live');
    expect(Math.abs(startDriftMs!)).toBeLessThan(DRIFT_MS_MAX);
    // Not what is said of it, but the clip's first sample on the clock of the sound.
    const liveSeq = ear.seqAt(liveAtMs!);
    const onset = onsetIn(await ear.fromBefore(liveSeq, 1));
    const onsetAtMs = ear.capturedAtMs.get(liveSeq - 1)! + (onset * 1_000) / SAMPLE_RATE_HZ;
    expect(onset).toBeGreaterThan(0);
    expect(onsetAtMs - startsAtMs).toBeGreaterThanOrEqual(-ROUNDING_MS);
    expect(onsetAtMs - startsAtMs).toBeLessThan(DRIFT_MS_MAX);
    expect(ear.jumps).toEqual([]);
    await until(() => crowd.answered === CROWD, 'everybody is answered');
    expect(crowd.refusals).toEqual([]);
    const { chunks } = ear;
    const said = chunks.size;
    await until(() => chunks.size > said + 5, 'a second passes');
    expect(crowd.hearing).toBe(CROWD);
    console.info(
      `${CROWD} at T without the api: the clip's first sample ${(onsetAtMs - startsAtMs).toFixed(1)} ms after T, the last of them had sound after ${crowd.lastSoundMs} ms`,
    );
    await replaced;
    crowd.leave();
    ear.stop();
    await page.context().close();
    await until(async () => {
      const answer = await server.fetch(`/api/spaces/${space.id}`);
      return answer.ok && ((await answer.json()) as PublicSpace).state === 'live';
    }, 'the api knows of the start that it missed');
    await server.end(space.id);
  });
});

/** Where the tone begins: the holding sound stays below it. */
function onsetIn(heard: Float32Array): number {
  return heard.findIndex((sample) => Math.abs(sample) > 0.15);
}

/** What the page's element plays now: how strong 1 kHz is, of a full scale of 255. */
function level(page: Page): Promise<{ audible: boolean; tone: number; of: number }> {
  return page.evaluate(async () => {
    interface Scope {
      heard: HTMLMediaElement[];
      analyser?: AnalyserNode;
    }
    const scope = window as unknown as Scope;
    const media = scope.heard.at(-1);
    if (media === undefined || media.currentTime < 0.2) return { audible: false, tone: 0, of: 255 };
    if (scope.analyser === undefined) {
      const captured = (media as unknown as { captureStream(): MediaStream }).captureStream();
      const context = new AudioContext({ sampleRate: 48_000 });
      await context.resume();
      scope.analyser = context.createAnalyser();
      scope.analyser.fftSize = 4_096;
      context.createMediaStreamSource(captured).connect(scope.analyser);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const bins = new Uint8Array(scope.analyser.frequencyBinCount);
    scope.analyser.getByteFrequencyData(bins);
    const at = Math.round((1_000 * 4_096) / 48_000);
    return { audible: true, tone: Math.max(bins[at - 1]!, bins[at]!, bins[at + 1]!), of: 255 };
  });
}
