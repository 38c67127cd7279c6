/**
 * From a speaker's microphone to a listener's ear, in real browsers: clicks of a tone go into the
 * speaker's WebRTC track at known wall times; the listener's page records what leaves its audio element
 * and when. Both browsers run on this machine, so that one clock measures both ends.
 */
import type { Page } from 'playwright-core';
import { launch, listen, openContext } from '../test/e2e/support/browser.ts';
import { TestServer, until } from '../test/e2e/support/server.ts';
import { enterGreenRoom, goOnAir, signIn } from '../test/e2e/support/studio.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const TONE_HZ = 1_000;
/** Far longer than any latency to be measured, so that no click is taken for another. */
const EVERY_MS = 6_000;
/** The player has then brought its distance to live down to the target. */
const SETTLE_MS = 20_000;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const server = await TestServer.start();
  const speakers = await launch('/dev/null');
  const house = await launch();
  try {
    await server.createSpace({ id: 'latency', title: 'Latency', profile: 'near' });
    const context = await openContext(speakers);
    await signIn(context, server);
    await context.addInitScript(clickingMicrophone, { hz: TONE_HZ, everyMs: EVERY_MS });
    const speaker = await context.newPage();
    await enterGreenRoom(speaker, `${server.url}/studio/latency`, 'Ada');
    await goOnAir(speaker);
    await server.start('latency');
    const listener = await (await openContext(house)).newPage();
    await listen(listener, `${server.url}/latency`);
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    await listener.evaluate(hearClicks, TONE_HZ);
    const latencies = await measured(speaker, listener, runs);
    yield {
      figure: 'latency.mouth_to_ear.p50_s',
      value: median(latencies),
      unit: 's',
      runs: latencies,
    };
  } finally {
    await house.close();
    await speakers.close();
    await server.stop();
  }
}

/** Each click that was heard, against the last that had been made before it. */
async function measured(speaker: Page, listener: Page, runs: number): Promise<number[]> {
  const heardAt = (): Promise<number[]> =>
    listener.evaluate(() => (window as unknown as { clicksHeard: number[] }).clicksHeard);
  await until(
    async () => (await heardAt()).length >= runs,
    `${runs} clicks are heard`,
    (runs + 5) * EVERY_MS * 2,
  );
  const made = await speaker.evaluate(
    () => (window as unknown as { clicksMade: number[] }).clicksMade,
  );
  return (await heardAt()).slice(0, runs).flatMap((heardMs) => {
    const madeMs = made.findLast((time) => time < heardMs);
    return madeMs === undefined ? [] : [(heardMs - madeMs) / 1_000];
  });
}

/** In the speaker's page: a microphone that clicks, and notes on the wall clock when. */
function clickingMicrophone({ hz, everyMs }: { hz: number; everyMs: number }): void {
  const made: number[] = [];
  Object.assign(window, { clicksMade: made });
  navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext({ sampleRate: 48_000 });
    await context.resume();
    const out = context.createMediaStreamDestination();
    const click = (): void => {
      const tone = new OscillatorNode(context, { frequency: hz });
      const gain = new GainNode(context, { gain: 0.5 });
      tone.connect(gain).connect(out);
      const at = context.currentTime + 0.05;
      tone.start(at);
      tone.stop(at + 0.06);
      made.push(Date.now() + (at - context.currentTime) * 1_000);
    };
    setInterval(click, everyMs);
    return out.stream;
  };
}

/** In the listener's page: notes on the wall clock when a click leaves the audio element. */
async function hearClicks(hz: number): Promise<void> {
  const heard: number[] = [];
  Object.assign(window, { clicksHeard: heard });
  const media = (window as unknown as { heard: HTMLMediaElement[] }).heard.at(
    -1,
  ) as HTMLMediaElement & { captureStream(): MediaStream };
  const context = new AudioContext({ sampleRate: 48_000 });
  const code = `registerProcessor('ear', class extends AudioWorkletProcessor {
    quiet = 0;
    process([[samples]]) {
      if (samples === undefined) return true;
      let re = 0, im = 0;
      for (let i = 0; i < samples.length; i++) { const turn = 2 * Math.PI * ${hz} * i / sampleRate; re += samples[i] * Math.cos(turn); im += samples[i] * Math.sin(turn); }
      const loud = Math.hypot(re, im) / samples.length > 0.02;
      if (loud && this.quiet > 100) this.port.postMessage(Date.now());
      this.quiet = loud ? 0 : this.quiet + 1;
      return true;
    } });`;
  await context.audioWorklet.addModule(
    URL.createObjectURL(new Blob([code], { type: 'text/javascript' })),
  );
  const ear = new AudioWorkletNode(context, 'ear', {
    channelCount: 1,
    channelCountMode: 'explicit',
  });
  ear.port.onmessage = ({ data }) => heard.push(data as number);
  context.createMediaStreamSource(media.captureStream()).connect(ear).connect(context.destination);
}
