/**
 * The control of a listening test: another page of the same browser plays a local file of markers to the
 * same loudspeaker. When it glitches, the machine was short of time and the run says nothing. It plays on
 * the right alone and the programme, which is mono, on both sides alike, so one recording holds both and
 * they can be told apart.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { BrowserContext } from 'playwright-core';
import { markerOnsets } from './signal.ts';
import { RATE_HZ, wavOf } from './sound.ts';

const MARKER_HZ = 1_000;
export const MARKER_EVERY_MS = 200;
/** A marker further than this from its place is a discontinuity, ms. */
const OFF_MS = 20;
const CONTROL_S = 240;
const CONTROL_PERIOD_S = 2;
/** Quiet enough that both together do not overload the loudspeaker. */
const CONTROL_VOLUME = 0.5;

/** Why a run was left out. */
export const VOID =
  'void: not even a local file played evenly, so the machine would have been measured';

/** The same where nothing is recorded: with a timer of the test itself so late the machine was short of time. */
const LATE_MS_MAX = 150;
export const VOID_LATE = `void: a timer of the test itself was more than ${LATE_MS_MAX} ms late, so the machine would have been measured`;

/** Watches the machine from here on. @returns tells whether it has been short of time */
export function watchMachine(): () => boolean {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  return () => {
    delay.disable();
    return delay.max / 1e6 > LATE_MS_MAX;
  };
}

/** @param url any page of the server, as a place to play from */
export async function playControl(context: BrowserContext, url: string): Promise<void> {
  const page = await context.newPage();
  await page.goto(`${url}/`);
  const wav = wavOf(markers(CONTROL_PERIOD_S)).toString('base64');
  const wish = { base64: wav, volume: CONTROL_VOLUME, rounds: CONTROL_S / CONTROL_PERIOD_S };
  await page.evaluate(async ({ base64, volume, rounds }) => {
    // A file that is played again from its beginning is late by some ms: this one is long enough, and made here.
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const period = new Int16Array(bytes.buffer, 44);
    const wav = new DataView(new ArrayBuffer(44 + 4 * rounds * period.length));
    for (let at = 0; at < 44; at += 1) wav.setUint8(at, bytes[at]!);
    wav.setUint32(4, wav.byteLength - 8, true);
    wav.setUint16(22, 2, true);
    wav.setUint32(28, 4 * wav.getUint32(24, true), true);
    wav.setUint16(32, 4, true);
    wav.setUint32(40, wav.byteLength - 44, true);
    const right = new Int16Array(wav.buffer, 44);
    for (let at = 0; at < rounds * period.length; at += 1)
      right[2 * at + 1] = period[at % period.length]!;
    const media = new Audio(URL.createObjectURL(new Blob([wav], { type: 'audio/wav' })));
    media.volume = volume;
    await media.play();
  }, wish);
}

/** What a recording of both sides holds: the programme as it was heard, and the control. */
export function toldApart(recording: Float32Array): {
  readonly heard: Float32Array;
  readonly control: Float32Array;
} {
  const heard = new Float32Array(recording.length / 2);
  const control = new Float32Array(heard.length);
  for (let at = 0; at < heard.length; at += 1) {
    heard[at] = recording[2 * at]!;
    control[at] = recording[2 * at + 1]! - heard[at]!;
  }
  return { heard, control };
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
