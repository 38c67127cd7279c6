import { FRAME_SAMPLES, RENDITIONS } from '@parterre/protocol';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { bestLag, joined, rms } from '../../test/signal.ts';
import { seeded, speech } from '../../test/speech.ts';
import {
  createOpusDecoder,
  createOpusEncoder,
  type OpusDecoder,
  opusPacketHasFec,
} from '../opus/index.ts';
import { JitterBuffer } from './jitter-buffer.ts';

const SECONDS = 20;
const voice = speech(SECONDS, 21);
const packets: Uint8Array[] = [];

beforeAll(async () => {
  const encoder = await createOpusEncoder(RENDITIONS.voice, {
    application: 'voip',
    expectedLossPercent: 15,
    complexity: 4,
  });
  for (let at = 0; at + FRAME_SAMPLES <= voice.length; at += FRAME_SAMPLES) {
    packets.push(encoder.encode(voice.subarray(at, at + FRAME_SAMPLES)));
  }
  encoder.free();
});

interface Network {
  /** How long a packet travels, ms; null: it is lost. */
  readonly delayMs: (index: number) => number | null;
  /** The sender's clock against ours; 1.0002 is 200 ppm fast. */
  readonly clock?: number;
  readonly startSequence?: number;
  readonly startTimestamp?: number;
  readonly ticks?: number;
}

interface Run {
  readonly buffer: JitterBuffer;
  readonly heard: Float32Array;
  readonly delays: number[];
}

/** Sends the voice (over and over) through a network into a buffer that is pulled every 20 ms. */
async function run(network: Network, decoder?: OpusDecoder): Promise<Run> {
  const buffer = new JitterBuffer(decoder ?? (await createOpusDecoder(1)));
  const ticks = network.ticks ?? packets.length;
  const sendEveryMs = 20 / (network.clock ?? 1);
  const arrivals: { index: number; atMs: number }[] = [];
  for (let index = 0; index < ticks; index += 1) {
    const delay = network.delayMs(index);
    if (delay !== null) arrivals.push({ index, atMs: index * sendEveryMs + delay });
  }
  arrivals.sort((a, b) => a.atMs - b.atMs);
  const heard = new Float32Array(ticks * FRAME_SAMPLES);
  const delays: number[] = [];
  let next = 0;
  for (let tick = 0; tick < ticks; tick += 1) {
    const nowMs = tick * 20 + 7;
    for (; (arrivals[next]?.atMs ?? Number.POSITIVE_INFINITY) <= nowMs; next += 1) {
      const { index, atMs } = arrivals[next]!;
      const sequence = ((network.startSequence ?? 0) + index) & 0xffff;
      const timestamp = ((network.startTimestamp ?? 0) + index * FRAME_SAMPLES) >>> 0;
      buffer.push(sequence, timestamp, packets[index % packets.length]!, atMs);
    }
    buffer.pull(heard.subarray(tick * FRAME_SAMPLES, (tick + 1) * FRAME_SAMPLES), nowMs);
    delays.push(buffer.delayMs);
  }
  return { buffer, heard, delays };
}

/** Correlation of each stretch of speech with what was heard, from the least up. */
function likeness(heard: Float32Array, fromS: number, lengthS = 1): number[] {
  const found: number[] = [];
  const length = lengthS * 48_000;
  for (let at = fromS * 48_000; at < (SECONDS - 2) * 48_000; at += length) {
    if (rms(voice, at, at + length) < 0.01) continue;
    found.push(bestLag(voice, heard, at, length, 24_000).correlation);
  }
  return found.sort((a, b) => a - b);
}

describe('the jitter buffer', () => {
  it('plays a good network as it was sent, across both wraps, soon', async () => {
    const { buffer, heard, delays } = await run({
      delayMs: () => 30,
      startSequence: 65_400,
      startTimestamp: 0xffff_f000,
    });
    expect(likeness(heard, 2)[0]).toBeGreaterThan(0.9);
    expect(buffer.counters.concealedSamples).toBe(0);
    expect(buffer.counters.discarded).toBe(0);
    expect(delays.at(-1)).toBeLessThanOrEqual(90);
  });

  it('[P1] breaks no word when packets of a good network are held back by 60 ms now and then', async () => {
    const { buffer, heard } = await run({ delayMs: (i) => (i % 150 === 100 ? 80 : 20) });
    expect(buffer.counters.concealedSamples).toBe(0);
    expect(buffer.counters.discarded).toBe(0);
    expect(likeness(heard, 2)[0]).toBeGreaterThan(0.9);
  });

  it('puts reordered and doubled packets right', async () => {
    const random = seeded(3);
    const delay = (): number => 20 + random() * 35;
    const { buffer, heard } = await run({ delayMs: delay });
    for (const [index, packet] of packets.slice(-20).entries()) {
      const at = packets.length - 20 + index;
      buffer.push(at & 0xffff, at * FRAME_SAMPLES, packet, packets.length * 20);
    }
    const seconds = likeness(heard, 4);
    expect(seconds[Math.floor(seconds.length / 4)]).toBeGreaterThan(0.9);
    expect(buffer.counters.duplicate + buffer.counters.discarded).toBeGreaterThanOrEqual(15);
  });

  it('recovers single losses by FEC', async () => {
    const { buffer, heard } = await run({ delayMs: (i) => (i % 9 === 5 ? null : 25) });
    expect(buffer.counters.recoveredSamples).toBeGreaterThan(packets.length * 0.08 * FRAME_SAMPLES);
    expect(likeness(heard, 2)[0]).toBeGreaterThan(0.8);
  });

  it('says truly what was recovered and what was made up', async () => {
    const lost = (index: number): boolean => index % 9 === 5;
    const { buffer } = await run({ delayMs: (i) => (lost(i) ? null : 5) });
    const { withFec, received, recoveredSamples, concealedSamples } = buffer.counters;
    const healed = packets.filter((packet, at) => lost(at - 1) && opusPacketHasFec(packet)).length;
    expect(withFec).toBe(packets.filter((p, at) => !lost(at) && opusPacketHasFec(p)).length);
    expect(received).toBe(packets.filter((_, at) => !lost(at)).length);
    expect(Math.abs(recoveredSamples / FRAME_SAMPLES - healed)).toBeLessThanOrEqual(2);
    const missing = packets.filter((_, at) => lost(at)).length;
    const filled = (recoveredSamples + concealedSamples) / FRAME_SAMPLES;
    expect(Math.abs(filled - missing)).toBeLessThanOrEqual(2);
  });

  it('is nearer to what was said with FEC than with concealment alone, at 15 % loss', async () => {
    const random = seeded(15);
    const gone = Array.from(packets, () => random() < 0.15);
    const network: Network = { delayMs: (i) => (gone[i] ? null : 25) };
    const withFec = await run(network);
    const plain = await createOpusDecoder(1);
    const without = await run(network, {
      channels: 1,
      decode: (packet) => plain.decode(packet),
      decodeFec: (_next, samples) => plain.conceal(samples),
      conceal: (samples) => plain.conceal(samples),
      free: () => plain.free(),
    });
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const [fec, concealed] = [withFec, without].map(({ heard }) => mean(likeness(heard, 2)));
    expect(fec).toBeGreaterThan(concealed! + 0.03);
  });

  it('adapts its delay to the jitter and gives it back afterwards', async () => {
    const random = seeded(4);
    const { buffer, delays } = await run({
      delayMs: (i) => 20 + random() * (i < 900 ? 120 : 4),
      ticks: 2_400,
    });
    expect(Math.max(...delays.slice(300, 900))).toBeGreaterThan(80);
    expect(Math.max(...delays.slice(300, 900))).toBeLessThan(260);
    expect(delays.at(-1)).toBeLessThan(100);
    expect(buffer.counters.concealedSamples).toBeLessThan(0.03 * 2_400 * FRAME_SAMPLES);
  });

  it('loses no words when the network holds its breath for 300 ms', async () => {
    const held = (i: number): number => (i >= 400 && i < 415 ? 20 + (415 - i) * 20 : 20);
    const { buffer, heard, delays } = await run({ delayMs: held });
    expect(buffer.counters.discarded).toBe(0);
    const stretches = likeness(heard, 8, 0.25);
    expect(stretches[Math.floor(stretches.length / 5)]).toBeGreaterThan(0.8);
    expect(delays.at(-1)).toBeLessThan(120);
  });

  it('is deeper once for a sender that stalls again and again, and then stretches nothing', async () => {
    // Every five seconds 300 ms of packets come together, all of them.
    const held = (i: number): number => (i % 250 >= 235 ? 20 + (250 - (i % 250)) * 20 : 20);
    const { buffer } = await run({ delayMs: held, ticks: 515 });
    const before = { ...buffer.counters };
    expect(before.concealedSamples).toBeGreaterThan(0);
    const whole = await run({ delayMs: held });
    const { counters } = whole.buffer;
    expect(counters.discarded).toBe(0);
    expect(counters.concealedSamples).toBe(before.concealedSamples);
    const scaled = (c: typeof counters): number => c.shortenedSamples + c.lengthenedSamples;
    expect(scaled(counters) - scaled(before)).toBeLessThan(2 * FRAME_SAMPLES);
    expect(likeness(whole.heard, 11)[0]).toBeGreaterThan(0.9);
  });

  it('cuts at once what a new source had piled up before it was connected', async () => {
    const piled = (i: number): number => Math.max(20, 420 - i * 20);
    const { buffer, heard, delays } = await run({ delayMs: piled });
    expect(Math.max(...delays.slice(50))).toBeLessThan(110);
    expect(buffer.counters.shortenedSamples).toBeLessThan(2 * FRAME_SAMPLES);
    expect(likeness(heard, 1)[0]).toBeGreaterThan(0.9);
  });

  it('cuts what came after a hole of more than a second', async () => {
    const { buffer, delays } = await run({
      delayMs: (i) => (i >= 200 && i < 290 ? 20 + (290 - i) * 20 : 20),
    });
    expect(buffer.counters.discarded).toBeGreaterThan(20);
    expect(delays[330]).toBeLessThan(600);
  });

  it.each([0.9997, 1.0003])('holds its delay for ten minutes at clock %f', async (clock) => {
    const { buffer, delays } = await run({ delayMs: () => 20, clock, ticks: 30_000 });
    expect(Math.max(...delays.slice(200))).toBeLessThan(110);
    expect(Math.min(...delays.slice(200))).toBeGreaterThan(5);
    const { shortenedSamples, lengthenedSamples, concealedSamples } = buffer.counters;
    const drift = 30_000 * FRAME_SAMPLES * (clock - 1);
    const scaled = shortenedSamples - lengthenedSamples;
    expect(Math.abs(scaled - drift)).toBeLessThan(4_000);
    expect(concealedSamples).toBeLessThan(10 * FRAME_SAMPLES);
  });

  it('goes on after a pause (DTX) without adding delay', async () => {
    const { buffer, delays } = await run({
      delayMs: (i) => (i >= 300 && i < 600 && i % 20 !== 0 ? null : 20),
      ticks: 900,
    });
    expect(delays.at(-1)).toBeLessThan(95);
    expect(buffer.counters.discarded).toBe(0);
  });

  it('begins anew when the sender sets its clock back or forward', async () => {
    for (const leap of [-10_000_000, 10_000_000]) {
      const buffer = new JitterBuffer(await createOpusDecoder(1));
      const out = new Float32Array(FRAME_SAMPLES);
      let loud = 0;
      for (let i = 0; i < 400; i += 1) {
        const timestamp = 50_000_000 + i * FRAME_SAMPLES + (i >= 200 ? leap : 0);
        buffer.push(i, timestamp, packets[i]!, i * 20);
        buffer.pull(out, i * 20 + 7);
        if (i >= 230 && rms(out) > 0.005) loud += 1;
      }
      expect(loud).toBeGreaterThan(80);
      expect(buffer.delayMs).toBeLessThan(120);
    }
  });

  it.each([480, 1920, 2880])('takes packets of %i samples', async (samples) => {
    const { createEncoder } = await import('libopus-wasm');
    const encoder = await createEncoder({ channels: 1, frameSize: samples, bitrate: 32_000 });
    const buffer = new JitterBuffer(await createOpusDecoder(1));
    const parts: Float32Array[] = [];
    let sent = 0;
    for (let tick = 0; tick < 300; tick += 1) {
      const nowMs = tick * 20 + 7;
      for (; ((sent + 1) * samples) / 48 <= nowMs; sent += 1) {
        const pcm = voice.slice(sent * samples, (sent + 1) * samples);
        buffer.push(sent, sent * samples, encoder.encodeFloat(pcm), ((sent + 1) * samples) / 48);
      }
      const out = new Float32Array(FRAME_SAMPLES);
      buffer.pull(out, nowMs);
      parts.push(out);
    }
    const heard = joined(parts);
    expect(bestLag(voice, heard, 3 * 48_000, 48_000, 14_400).correlation).toBeGreaterThan(0.9);
    expect(buffer.counters.concealedSamples).toBe(0);
  });

  it('rests when nothing comes any more', async () => {
    const buffer = new JitterBuffer(await createOpusDecoder(1));
    const out = new Float32Array(FRAME_SAMPLES);
    for (let i = 0; i < 20; i += 1) buffer.push(i, i * FRAME_SAMPLES, packets[i]!, i * 20);
    let pulls = 0;
    while (buffer.pull(out, 400 + pulls * 20)) pulls += 1;
    expect(pulls).toBeLessThan(150);
    expect(buffer.pull(out, 1e6)).toBe(false);
  });

  it('never throws and always fills a tick, whatever comes in', async () => {
    const decoder = await createOpusDecoder(1);
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.nat(packets.length - 1).map((index) => packets[index]!),
    );
    const step = fc.record({
      sequence: fc.oneof(fc.nat(40), fc.nat(0xffff)),
      timestamp: fc.oneof(
        fc.nat(40).map((i) => i * 960),
        fc.nat(40_000),
        fc.nat(0xffff_ffff),
      ),
      payload,
      passMs: fc.oneof(fc.nat(60), fc.nat(20_000)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new JitterBuffer(decoder);
        const out = new Float32Array(FRAME_SAMPLES);
        let nowMs = 0;
        for (const { sequence, timestamp, payload: bytes, passMs } of steps) {
          buffer.push(sequence, timestamp, bytes, nowMs);
          nowMs += passMs;
          if (buffer.pull(out, nowMs)) expect(out.length).toBe(FRAME_SAMPLES);
        }
      }),
      { numRuns: 150 },
    );
  });
});
