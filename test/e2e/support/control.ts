/**
 * The control of a listening test: a page in the same browser that plays a local file of markers and is
 * recorded in the same way. When it glitches, the machine was short of time and the run says nothing.
 */
import type { BrowserContext, Page } from 'playwright-core';
import { record, recorded } from './browser.ts';
import { markerOnsets } from './signal.ts';
import { RATE_HZ, wavOf } from './sound.ts';

const MARKER_HZ = 1_000;
export const MARKER_EVERY_MS = 200;
/** A marker further than this from its place is a discontinuity, ms. */
const OFF_MS = 20;
const CONTROL_S = 240;

/** Why a run was left out. */
export const VOID =
  'void: not even a local file played evenly, so the machine would have been measured';

export class Control {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** @param url any page of the server, as a place to play from */
  static async start(context: BrowserContext, url: string): Promise<Control> {
    const page = await context.newPage();
    await page.goto(`${url}/`);
    await page.evaluate(
      async (base64) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const media = new Audio(URL.createObjectURL(new Blob([bytes], { type: 'audio/wav' })));
        await media.play();
      },
      wavOf(markers(CONTROL_S)).toString('base64'),
    );
    await record(page);
    return new Control(page);
  }

  /** Discontinuities so far. */
  async glitches(): Promise<number> {
    return markerIntervals(await recorded(this.#page)).filter(isOff).length;
  }
}

/** Tone bursts of 40 ms every 200 ms, over so many seconds. */
export function markers(seconds: number): Float32Array {
  const samples = new Float32Array(seconds * RATE_HZ);
  const every = (RATE_HZ * MARKER_EVERY_MS) / 1_000;
  const length = RATE_HZ / 25;
  for (let start = 0; start < samples.length; start += every) {
    for (let i = 0; i < length; i += 1) {
      const envelope = Math.sqrt(Math.sin((Math.PI * i) / length));
      samples[start + i] = 0.4 * envelope * Math.sin((2 * Math.PI * MARKER_HZ * i) / RATE_HZ);
    }
  }
  return samples;
}

/** Times between one marker and the next, ms. */
export function markerIntervals(samples: Float32Array): number[] {
  const onsets = markerOnsets(samples, MARKER_HZ, RATE_HZ);
  return onsets.slice(1).map((onset, index) => ((onset - onsets[index]!) / RATE_HZ) * 1_000);
}

export function isOff(intervalMs: number): boolean {
  return Math.abs(intervalMs - MARKER_EVERY_MS) > OFF_MS;
}
