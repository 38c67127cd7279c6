import { CHUNK_SAMPLES, FRAME_SAMPLES, FRAMES_PER_CHUNK, RENDITIONS } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { hasFfmpeg, joined, measuredByFfmpeg, rms } from '../../test/signal.ts';
import { createOpusDecoder, opusPacketSamples } from '../opus/index.ts';
import { HoldingLoop, holdingFrames } from './index.ts';

const LOOP_CHUNKS = 48;

describe.each(Object.values(RENDITIONS))('the holding sound of $id', (rendition) => {
  it('[P3] gives every chunk its frames, the same for the same sequence', () => {
    for (const seq of [0, 1, 47, 48, 123_456_789]) {
      const frames = holdingFrames(rendition, seq);
      expect(frames.length).toBe(FRAMES_PER_CHUNK);
      for (const frame of frames) expect(opusPacketSamples(frame)).toBe(FRAME_SAMPLES);
      expect(holdingFrames(rendition, seq)).toEqual(frames);
      expect(holdingFrames(rendition, seq + LOOP_CHUNKS)).toEqual(frames);
    }
    expect(holdingFrames(rendition, 1)).not.toEqual(holdingFrames(rendition, 2));
  });

  async function decoded(fromSeq: number, chunks: number): Promise<Float32Array> {
    const decoder = await createOpusDecoder(rendition.channels);
    const parts: Float32Array[] = [];
    for (let seq = fromSeq; seq < fromSeq + chunks; seq += 1) {
      for (const frame of holdingFrames(rendition, seq)) parts.push(decoder.decode(frame)!);
    }
    return joined(parts);
  }

  /** The greatest step between neighbours, and between steps, in a stretch: a click is a large one. */
  function roughest(pcm: Float32Array, from: number, to: number): number {
    const { channels } = rendition;
    let most = 0;
    for (let i = from; i + 2 * channels < to; i += 1) {
      const bend = pcm[i]! - 2 * pcm[i + channels]! + pcm[i + 2 * channels]!;
      most = Math.max(most, Math.abs(bend));
    }
    return most;
  }

  it('loops without a seam', async () => {
    const pcm = await decoded(0, 3 * LOOP_CHUNKS);
    const chunk = CHUNK_SAMPLES * rendition.channels;
    const seam = LOOP_CHUNKS * chunk;
    const around = roughest(pcm, seam - chunk, seam + chunk);
    const elsewhere = roughest(pcm, 2 * chunk, seam - 2 * chunk);
    expect(around).toBeLessThanOrEqual(elsewhere * 1.5);
    const before = rms(pcm, seam - chunk, seam);
    const after = rms(pcm, seam, seam + chunk);
    expect(Math.abs(20 * Math.log10(after / before))).toBeLessThan(1.5);
  });

  it('may begin at any chunk', async () => {
    const chunk = CHUNK_SAMPLES * rendition.channels;
    const whole = await decoded(0, LOOP_CHUNKS);
    for (const seq of [7, 19, 40]) {
      const part = await decoded(seq, 2);
      const expected = rms(whole, seq * chunk, (seq + 1) * chunk);
      expect(rms(part, 0, chunk) / expected).toBeGreaterThan(0.7);
      expect(rms(part, 0, chunk) / expected).toBeLessThan(1.3);
    }
  });

  it.skipIf(!hasFfmpeg)('is quiet: about −30 LUFS, far from its peak', async () => {
    const { lufs, truePeakDb } = measuredByFfmpeg(
      await decoded(0, LOOP_CHUNKS),
      rendition.channels,
    );
    expect(lufs).toBeGreaterThan(-33);
    expect(lufs).toBeLessThan(-27);
    expect(truePeakDb).toBeLessThan(-12);
  });

  it('mixes as it decodes', async () => {
    const loop = await HoldingLoop.load(rendition);
    const bus = new Float32Array(FRAME_SAMPLES * rendition.channels);
    loop.mixInto(bus, 3, 1, 1);
    const again = new Float32Array(bus.length);
    loop.mixInto(again, 3 + LOOP_CHUNKS * FRAMES_PER_CHUNK, 1, 1);
    expect(again).toEqual(bus);
    expect(rms(bus)).toBeGreaterThan(0.001);
  });
});
