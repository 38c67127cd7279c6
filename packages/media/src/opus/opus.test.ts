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
  opusPacketHasFec,
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

  it('shows its FEC wherever its first frame begins (RFC 6716 §3.2, §4.2.3)', () => {
    const silk20 = 0x48;
    const silk60 = 0x58;
    for (const [flags, has] of [
      [0x40, true],
      [0xbf, false],
    ] as const) {
      expect(opusPacketHasFec(Uint8Array.of(silk20, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk20 | 1, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk20 | 2, 1, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk20 | 2, 252, 0, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk20 | 3, 2, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk20 | 3, 0xc3, 255, 0, 1, 1, flags, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(silk60, flags >> 2, 9))).toBe(has);
      expect(opusPacketHasFec(Uint8Array.of(0xf8, flags, 9))).toBe(false);
    }
    expect(opusPacketHasFec(Uint8Array.of(silk20))).toBe(false);
    expect(opusPacketHasFec(Uint8Array.of(silk20 | 2, 0, 0x40))).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(opusPacketHasFec(bytes.subarray(0, 1))).toBe(false);
        opusPacketHasFec(bytes);
      }),
    );
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

  it.each([
    ['speech that expects loss', 'voice', 'voip', 15, 0.5],
    ['speech that expects none', 'voice', 'voip', 0, 0],
    ['stereo that expects loss', 'music', 'audio', 15, 0.5],
    ['stereo that expects little, CELT alone', 'music', 'audio', 3, 0],
  ] as const)('finds FEC where libopus does: %s', async (_, id, application, loss, shareMin) => {
    const rendition = RENDITIONS[id];
    const { channels } = rendition;
    const encoder = await createOpusEncoder(rendition, {
      application,
      expectedLossPercent: loss,
      bitrateBps: 48_000 * channels,
    });
    const packets: Uint8Array[] = [];
    for (let at = 0; at + FRAME_SAMPLES <= voice.length; at += FRAME_SAMPLES) {
      const frame = Float32Array.from(
        { length: FRAME_SAMPLES * channels },
        (_sample, i) => voice[at + Math.floor(i / channels)]! * (1 - 0.4 * (i % channels)),
      );
      packets.push(encoder.encode(frame));
    }
    encoder.free();
    // Without a copy libopus conceals, to the sample, as if it had no packet at all.
    const before = 10;
    for (let index = before; index < packets.length; index += 7) {
      const [asked, blind] = [await createOpusDecoder(1), await createOpusDecoder(1)];
      for (const packet of packets.slice(index - before, index)) {
        asked.decode(packet);
        blind.decode(packet);
      }
      const pcm = asked.decodeFec(packets[index]!, FRAME_SAMPLES)!;
      const concealed = blind.conceal(FRAME_SAMPLES);
      const differs = pcm.some((sample, at) => sample !== concealed[at]);
      expect(opusPacketHasFec(packets[index]!), `packet ${index}`).toBe(differs);
      asked.free();
      blind.free();
    }
    const share = packets.filter(opusPacketHasFec).length / packets.length;
    if (shareMin === 0) expect(share).toBe(0);
    else expect(share).toBeGreaterThan(shareMin);
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
