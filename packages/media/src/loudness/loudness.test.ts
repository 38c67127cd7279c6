import { FRAME_SAMPLES, RENDITIONS, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { hasFfmpeg, joined, measuredByFfmpeg, rms } from '../../test/signal.ts';
import { seeded, speech } from '../../test/speech.ts';
import { createOpusDecoder, createOpusEncoder } from '../opus/index.ts';
import { KWeightedMeter, Leveller, Limiter, lufsOf, TARGET_LUFS, TruePeakMeter } from './index.ts';

/** Integrated loudness with the gates of BS.1770-4 §5.1, in blocks of 400 ms every 100 ms. */
function integratedLufs(pcm: Float32Array): number {
  const meter = new KWeightedMeter(1);
  const step = SAMPLE_RATE_HZ / 10;
  const steps: number[] = [];
  for (let at = 0; at + step <= pcm.length; at += step) {
    steps.push(meter.measure(pcm.subarray(at, at + step)));
  }
  const blocks = steps
    .slice(3)
    .map((_, i) => (steps[i]! + steps[i + 1]! + steps[i + 2]! + steps[i + 3]!) / 4);
  const above = (gate: number): number => {
    const heard = blocks.filter((block) => lufsOf(block) > gate);
    return lufsOf(heard.reduce((sum, block) => sum + block, 0) / heard.length);
  };
  return above(above(-70) - 10);
}

function levelled(pcm: Float32Array): { out: Float32Array; gains: number[] } {
  const leveller = new Leveller(1);
  const out = new Float32Array(pcm.length);
  const gains: number[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= pcm.length; at += FRAME_SAMPLES) {
    const frame = pcm.subarray(at, at + FRAME_SAMPLES);
    leveller.measure(frame, 1);
    gains.push(leveller.gainDb);
    out.set(
      frame.map((sample) => sample * leveller.gain),
      at,
    );
  }
  return { out, gains };
}

function atLoudness(pcm: Float32Array, lufs: number): Float32Array {
  const gain = 10 ** ((lufs - integratedLufs(pcm)) / 20);
  return pcm.map((sample) => sample * gain);
}

function noise(seconds: number, lufs: number): Float32Array {
  const random = seeded(5);
  const pcm = new Float32Array(seconds * SAMPLE_RATE_HZ).map(() => random() - 0.5);
  return atLoudness(pcm, lufs);
}

describe('K-weighting', () => {
  it('measures the reference tone of BS.1770-4: 997 Hz at full scale is −3.01 LUFS', () => {
    const tone = new Float32Array(SAMPLE_RATE_HZ * 2).map((_, i) =>
      Math.sin((2 * Math.PI * 997 * i) / SAMPLE_RATE_HZ),
    );
    expect(integratedLufs(tone)).toBeCloseTo(-3.01, 1);
  });

  it.skipIf(!hasFfmpeg)('agrees with ffmpeg on speech', () => {
    const pcm = speech(10, 1);
    expect(integratedLufs(pcm)).toBeCloseTo(measuredByFfmpeg(pcm, 1).lufs, 0);
  });
});

describe('the leveller', () => {
  const voice = speech(30, 2);

  it.each([-40, -32, -24, -16, -8])('brings 30 s of speech at %i LUFS to −16 ± 1.5', (lufs) => {
    const { out } = levelled(atLoudness(voice, lufs));
    expect(Math.abs(integratedLufs(out) - TARGET_LUFS)).toBeLessThanOrEqual(1.5);
  });

  it('never raises silence or steady noise', () => {
    for (const background of [-35, -45, -60]) {
      const { gains } = levelled(noise(20, background));
      expect(Math.max(...gains)).toBeLessThanOrEqual(0.5);
    }
  });

  it('keeps its gain through a long pause with noise in it', () => {
    const pause = noise(20, -58);
    const { gains } = levelled(joined([atLoudness(speech(12, 3), -28), pause]));
    const atPause = gains[12 * 50]!;
    for (const gain of gains.slice(12 * 50 + 25)) expect(Math.abs(gain - atPause)).toBeLessThan(1);
  });

  it('follows a voice that comes closer or goes away', () => {
    for (const [first, then] of [
      [-34, -18],
      [-14, -36],
    ] as const) {
      const pcm = joined([atLoudness(speech(15, 4), first), atLoudness(voice, then)]);
      const { out } = levelled(pcm);
      const last = integratedLufs(out.subarray(30 * SAMPLE_RATE_HZ));
      expect(Math.abs(last - TARGET_LUFS)).toBeLessThanOrEqual(2.5);
    }
  });
});

describe('the limiter', () => {
  const truePeakDb = (pcm: Float32Array): number =>
    20 * Math.log10(new TruePeakMeter(1).measure(pcm));

  const limited = (pcm: Float32Array, ceiling: number): Float32Array => {
    const limiter = new Limiter(1, ceiling);
    const out = pcm.slice();
    for (let at = 0; at + FRAME_SAMPLES <= out.length; at += FRAME_SAMPLES) {
      limiter.process(out.subarray(at, at + FRAME_SAMPLES));
    }
    return out;
  };

  const loud = speech(8, 6).map((sample, i) => sample * (i % 96_000 < 48_000 ? 8 : 1));

  it('holds the true peak under its ceiling', () => {
    expect(truePeakDb(loud)).toBeGreaterThan(6);
    expect(truePeakDb(limited(loud, -3))).toBeLessThanOrEqual(-2.9);
  });

  it('finds the peak between the samples', () => {
    const tone = new Float32Array(FRAME_SAMPLES * 50).map((_, i) =>
      Math.sin((Math.PI / 2) * i + Math.PI / 4),
    );
    expect(truePeakDb(tone)).toBeGreaterThan(-0.3);
    expect(Math.max(...tone)).toBeLessThan(0.71);
  });

  it('only delays what is under the ceiling', () => {
    const quiet = speech(2, 7).map((sample) => sample * 0.3);
    const out = limited(quiet, -3);
    const delay = 288;
    for (let i = 0; i + delay < out.length; i += 97) {
      expect(out[i + delay]).toBe(quiet[i]);
    }
    expect(rms(out, 0, delay)).toBe(0);
  });

  it.skipIf(!hasFfmpeg).each(['voice', 'music'] as const)(
    'leaves room for what the %s encoding adds: −1 dBTP after Opus, by ffmpeg',
    async (id) => {
      const rendition = RENDITIONS[id];
      const encoder = await createOpusEncoder(rendition);
      const decoder = await createOpusDecoder(rendition.channels);
      const limiter = new Limiter(rendition.channels, -3);
      const parts: Float32Array[] = [];
      const frame = new Float32Array(FRAME_SAMPLES * rendition.channels);
      for (let at = 0; at + FRAME_SAMPLES <= loud.length; at += FRAME_SAMPLES) {
        for (let i = 0; i < frame.length; i += 1)
          frame[i] = loud[at + Math.floor(i / rendition.channels)]!;
        limiter.process(frame);
        parts.push(decoder.decode(encoder.encode(frame))!);
      }
      expect(measuredByFfmpeg(joined(parts), rendition.channels).truePeakDb).toBeLessThanOrEqual(
        -1,
      );
    },
  );
});
