import { FRAME_SAMPLES, RENDITIONS } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestLag, joined, snrDb } from '../../test/signal.ts';
import { speech } from '../../test/speech.ts';
import {
  createOpusDecoder,
  createOpusEncoder,
  DecoderPool,
  OPUS_PACKET_BYTES_MAX,
  opusFrameSamples,
  opusPacketSamples,
} from './index.ts';

describe('an Opus packet', () => {
  it('lasts what its first bytes say (RFC 6716 §3.1)', () => {
    expect(opusPacketSamples(Uint8Array.of(0xfc, 1, 2))).toBe(960);
    expect(opusPacketSamples(Uint8Array.of(0x78, 1))).toBe(960);
    expect(opusPacketSamples(Uint8Array.of(0x18, 1))).toBe(2880);
    expect(opusPacketSamples(Uint8Array.of(0xfd, 1, 2))).toBe(1920);
    expect(opusPacketSamples(Uint8Array.of(0xff, 5, 1))).toBe(4800);
    expect(opusFrameSamples(Uint8Array.of(0xff, 5, 1))).toBe(960);
  });

  it('is refused when it is empty, too long, or longer than 120 ms', () => {
    expect(opusPacketSamples(new Uint8Array(0))).toBe(0);
    expect(opusPacketSamples(new Uint8Array(OPUS_PACKET_BYTES_MAX + 1))).toBe(0);
    expect(opusPacketSamples(Uint8Array.of(0xff, 7, 1))).toBe(0);
    expect(opusPacketSamples(Uint8Array.of(0xff, 0, 1))).toBe(0);
    expect(opusPacketSamples(Uint8Array.of(0xff))).toBe(0);
  });

  it('agrees with libopus on the duration of whatever decodes, and nothing throws', async () => {
    const decoder = await createOpusDecoder(1);
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 120 }), (bytes) => {
        const pcm = decoder.decode(bytes);
        if (pcm !== null) expect(pcm.length).toBe(opusPacketSamples(bytes));
        decoder.decodeFec(bytes, 960);
      }),
      { numRuns: 300 },
    );
    decoder.free();
  });
});

describe('the codec', () => {
  const voice = speech(6, 11);

  async function encoded(): Promise<Uint8Array[]> {
    const encoder = await createOpusEncoder(RENDITIONS.voice, {
      application: 'voip',
      expectedLossPercent: 20,
    });
    const packets: Uint8Array[] = [];
    for (let at = 0; at + FRAME_SAMPLES <= voice.length; at += FRAME_SAMPLES) {
      packets.push(encoder.encode(voice.subarray(at, at + FRAME_SAMPLES)));
    }
    encoder.free();
    return packets;
  }

  it('recovers a lost packet from the next one better than concealment does', async () => {
    const packets = await encoded();
    const lost = (index: number): boolean => index % 7 === 3;
    const whole = await createOpusDecoder(1);
    const reference = joined(packets.map((packet) => whole.decode(packet)!));
    const withFec = await createOpusDecoder(1);
    const withPlc = await createOpusDecoder(1);
    const fec: Float32Array[] = [];
    const plc: Float32Array[] = [];
    packets.forEach((packet, index) => {
      const next = packets[index + 1];
      const recover = lost(index) && next !== undefined;
      fec.push(recover ? withFec.decodeFec(next, FRAME_SAMPLES)! : withFec.decode(packet)!);
      plc.push(recover ? withPlc.conceal(FRAME_SAMPLES) : withPlc.decode(packet)!);
    });
    const span = reference.length - FRAME_SAMPLES;
    const fecDb = snrDb(reference, joined(fec), 0, span, 0);
    const plcDb = snrDb(reference, joined(plc), 0, span, 0);
    expect(fecDb).toBeGreaterThan(plcDb + 2);
  });

  it('carries stereo and mono, each way', async () => {
    const stereo = await createOpusEncoder(RENDITIONS.music);
    const toMono = await createOpusDecoder(1);
    const parts: Float32Array[] = [];
    const frame = new Float32Array(FRAME_SAMPLES * 2);
    for (let at = 0; at + FRAME_SAMPLES <= voice.length; at += FRAME_SAMPLES) {
      for (let i = 0; i < FRAME_SAMPLES; i += 1) frame.fill(voice[at + i]!, 2 * i, 2 * i + 2);
      parts.push(toMono.decode(stereo.encode(frame))!);
    }
    expect(bestLag(voice, joined(parts), 48_000, 96_000, 960).correlation).toBeGreaterThan(0.95);
  });
});

describe('the decoder pool', () => {
  it('replaces what is given back and hands out no more than it holds', async () => {
    const pool = await DecoderPool.create(1, 2);
    const first = pool.take();
    expect(first).not.toBeNull();
    expect(pool.take()).not.toBeNull();
    expect(pool.take()).toBeNull();
    pool.release(first!);
    await expect.poll(() => pool.take()).not.toBeNull();
    pool.close();
  });
});
