import { FRAME_SAMPLES, RENDITIONS, SAMPLE_RATE_HZ } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { speech } from '../../test/speech.ts';
import { IntegratedMeter, TARGET_LUFS, TruePeakMeter } from '../loudness/index.ts';
import { Mixer } from '../mix/index.ts';
import { createOpusDecoder } from '../opus/index.ts';
import { ClipPlay, levelClip } from './index.ts';

function run<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

function pcm16(pcm: Float32Array, gain = 1): Int16Array {
  return Int16Array.from(pcm, (sample) =>
    Math.max(-32_768, Math.min(32_767, Math.round(sample * gain * 32_768))),
  );
}

function stereo(mono: Int16Array): Int16Array {
  return Int16Array.from({ length: mono.length * 2 }, (_, i) => mono[i >> 1]!);
}

const voice = speech(8, 1);
/** Bursts: a crest of some 20 dB. */
const drums = Float32Array.from({ length: 6 * SAMPLE_RATE_HZ }, (_, i) => {
  const since = i % 24_000;
  return Math.sin(i * 0.02) * Math.exp(-since / 1_500) * 0.9;
});

/** What is heard of it: levelled, through the mixer and its encoder, decoded. */
async function heard(pcm: Int16Array, rendition: 'voice' | 'music', ticksBefore = 0) {
  const mixer = await Mixer.create({ rendition: RENDITIONS[rendition], holdingSound: true });
  const { channels } = RENDITIONS[rendition];
  const decoder = await createOpusDecoder(channels);
  const ticks = Math.ceil(pcm.length / channels / FRAME_SAMPLES);
  const out: Float32Array[] = [];
  for (let tick = -ticksBefore; tick < ticks + 100; tick++) {
    if (tick === 0) mixer.playClip(pcm);
    const { packet } = mixer.tick(tick * 20);
    out.push(decoder.decode(packet)!.slice());
  }
  mixer.close();
  const all = new Float32Array(out.length * FRAME_SAMPLES * channels);
  for (const [index, part] of out.entries()) all.set(part, index * FRAME_SAMPLES * channels);
  return all;
}

describe('an opening clip', () => {
  it.each([
    ['a voice, quiet', pcm16(voice, 0.03), 'voice'],
    ['a voice, loud', pcm16(voice, 2), 'voice'],
    ['drums', pcm16(drums), 'voice'],
    ['drums, quiet', pcm16(drums, 0.05), 'voice'],
    ['a voice in both channels', stereo(pcm16(voice, 0.3)), 'music'],
  ] as const)(
    'comes out at −16 LUFS ± 1.5 and below −1 dBTP: %s',
    async (_what, pcm, rendition) => {
      const { channels } = RENDITIONS[rendition];
      const levelled = run(levelClip(pcm, channels))!;
      expect(levelled).toHaveLength(pcm.length);
      const out = await heard(levelled, rendition);
      const meter = new IntegratedMeter(channels);
      meter.push(out.subarray(0, pcm.length));
      const peak = 20 * Math.log10(new TruePeakMeter(channels).measure(out));
      expect(Math.abs(meter.lufs - TARGET_LUFS)).toBeLessThanOrEqual(1.5);
      expect(peak).toBeLessThanOrEqual(-1);
    },
  );

  it('keeps its place: what is loud at a sample is loud at that sample', () => {
    const pcm = new Int16Array(SAMPLE_RATE_HZ);
    for (let i = 20_000; i < 30_000; i++) pcm[i] = Math.round(3_000 * Math.sin(i / 5));
    const levelled = run(levelClip(pcm, 1))!;
    const first = levelled.findIndex((sample) => Math.abs(sample) > 300);
    expect(first).toBeGreaterThanOrEqual(20_000);
    expect(first).toBeLessThan(20_010);
  });

  it('is nothing when nothing can be heard in it', () => {
    expect(run(levelClip(new Int16Array(SAMPLE_RATE_HZ), 1))).toBeNull();
    expect(run(levelClip(new Int16Array(0), 2))).toBeNull();
    expect(run(levelClip(new Int16Array(48_000).fill(1), 1))).toBeNull();
  });

  it('of any samples is as long, and never beyond what 16 bits hold', () => {
    fc.assert(
      fc.property(
        fc.int16Array({ maxLength: 12_000 }),
        fc.constantFrom(1 as const, 2 as const),
        (pcm, channels) => {
          const even = pcm.subarray(0, pcm.length - (pcm.length % channels));
          const levelled = run(levelClip(even, channels));
          if (levelled === null) return;
          expect(levelled).toHaveLength(even.length);
          const peak = levelled.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
          expect(peak).toBeLessThan(32_768 * 10 ** (-2.5 / 20));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('begins with its first sample at the tick it was asked for, and ends without a step', () => {
    const pcm = pcm16(new Float32Array(3 * FRAME_SAMPLES + 100).fill(0.25));
    const play = new ClipPlay(pcm, 1, 0);
    const out = new Float32Array(6 * FRAME_SAMPLES);
    expect(play.framesLeft).toBe(4);
    for (let at = 0; at < out.length; at += FRAME_SAMPLES)
      play.mixInto(out.subarray(at, at + FRAME_SAMPLES));
    expect(play.framesLeft).toBe(0);
    expect(out[0]).toBeCloseTo(0.25, 2);
    for (let i = 1; i < out.length; i++)
      expect(Math.abs(out[i]! - out[i - 1]!)).toBeLessThan(0.001);
    expect(out.subarray(pcm.length).every((sample) => sample === 0)).toBe(true);
    // Entered in the middle it rises.
    const middle = new Float32Array(FRAME_SAMPLES);
    new ClipPlay(pcm, 1, 1).mixInto(middle);
    expect(middle[0]).toBeCloseTo(0, 3);
    expect(middle.at(-1)).toBeCloseTo(0.25, 2);
  });

  it('[P3] takes the place of the holding sound, which is there again when it ends', async () => {
    const pcm = run(levelClip(pcm16(voice.subarray(0, 2 * SAMPLE_RATE_HZ)), 1))!;
    const mixer = await Mixer.create({ rendition: RENDITIONS.voice, holdingSound: true });
    const states: boolean[] = [];
    for (let tick = 0; tick < 60; tick++) mixer.tick(tick * 20);
    mixer.playClip(pcm);
    for (let tick = 60; tick < 60 + 110; tick++) states.push(mixer.tick(tick * 20).holding);
    expect(states.indexOf(true)).toBe(100);
    expect(mixer.levels().programme).toBeGreaterThan(0);
    mixer.close();
  });
});
