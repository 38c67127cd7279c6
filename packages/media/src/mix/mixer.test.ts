import { FRAME_SAMPLES, RENDITIONS } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bestLag,
  correlation,
  hasFfmpeg,
  joined,
  measuredByFfmpeg,
  recordedSpeech,
  rms,
  toneAmplitude,
} from '../../test/signal.ts';
import { seeded, speech } from '../../test/speech.ts';
import { createOpusDecoder, createOpusEncoder } from '../opus/index.ts';
import { type MixedFrame, Mixer, VOICES_MAX } from './index.ts';

const SECOND = 48_000;

async function packetsOf(pcm: Float32Array): Promise<Uint8Array[]> {
  const encoder = await createOpusEncoder(RENDITIONS.voice, {
    application: 'voip',
    expectedLossPercent: 10,
    complexity: 5,
  });
  const packets: Uint8Array[] = [];
  for (let at = 0; at + FRAME_SAMPLES <= pcm.length; at += FRAME_SAMPLES) {
    packets.push(encoder.encode(pcm.subarray(at, at + FRAME_SAMPLES)));
  }
  encoder.free();
  return packets;
}

/** A mixer with a house behind it: everything that was ticked, decoded. */
class House {
  readonly mixer: Mixer;
  readonly frames: MixedFrame[] = [];
  readonly #decoder: Awaited<ReturnType<typeof createOpusDecoder>>;
  readonly #heard: Float32Array[] = [];

  private constructor(mixer: Mixer, decoder: Awaited<ReturnType<typeof createOpusDecoder>>) {
    this.mixer = mixer;
    this.#decoder = decoder;
  }

  static async open(id: keyof typeof RENDITIONS = 'voice', holdingSound = false): Promise<House> {
    const rendition = RENDITIONS[id];
    return new House(
      await Mixer.create({ rendition, holdingSound }),
      await createOpusDecoder(rendition.channels),
    );
  }

  get nowMs(): number {
    return this.frames.length * 20;
  }

  /** One tick; each voice sends its packet of this tick, where it has one, `delayMs` before. */
  tick(
    sent: Record<string, readonly Uint8Array[]> = {},
    sourceOf = (_id: string) => 1,
  ): MixedFrame {
    const index = this.frames.length;
    for (const [id, packets] of Object.entries(sent)) {
      const packet = packets[index];
      if (packet === undefined) continue;
      const sequence = (65_000 + index) & 0xffff;
      const timestamp = (0xffff_0000 + index * FRAME_SAMPLES) % 0x1_0000_0000;
      this.mixer.push(id, sourceOf(id), sequence, timestamp, packet, this.nowMs + 3);
    }
    const frame = this.mixer.tick(this.nowMs + 10);
    this.frames.push(frame);
    this.#heard.push(this.#decoder.decode(frame.packet)!);
    return frame;
  }

  heard(): Float32Array {
    return joined(this.#heard);
  }
}

const onAir = { onAir: true, muted: false };

function worstSecond(spoken: Float32Array, heard: Float32Array, fromS: number): number {
  let worst = 1;
  for (let at = fromS * SECOND; at + 2 * SECOND < spoken.length; at += SECOND) {
    if (rms(spoken, at, at + SECOND) < 0.005) continue;
    worst = Math.min(worst, bestLag(spoken, heard, at, SECOND, 12_000).correlation);
  }
  return worst;
}

describe('the mixer', () => {
  it('carries a voice: correlation ≥ 0.8 in every second', async () => {
    const spoken = speech(15, 31);
    const house = await House.open();
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(spoken);
    for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
    expect(worstSecond(spoken, house.heard(), 3)).toBeGreaterThanOrEqual(0.8);
  });

  const recorded = recordedSpeech();
  it.skipIf(recorded === null)('carries recorded speech: correlation ≥ 0.8', async () => {
    const house = await House.open();
    house.mixer.setVoice('jfk', onAir);
    const jfk = await packetsOf(recorded!);
    for (let i = 0; i < jfk.length; i += 1) house.tick({ jfk });
    expect(worstSecond(recorded!, house.heard(), 3)).toBeGreaterThanOrEqual(0.8);
  });

  it('carries two voices at once, each in it', async () => {
    const low = speech(12, 32, 100);
    const high = speech(12, 33, 210);
    const house = await House.open();
    house.mixer.setVoice('low', onAir);
    house.mixer.setVoice('high', onAir);
    const sent = { low: await packetsOf(low), high: await packetsOf(high) };
    for (let i = 0; i < 600; i += 1) house.tick(sent);
    const heard = house.heard();
    const from = 5 * SECOND;
    const ofLow = bestLag(low, heard, from, 4 * SECOND, 12_000);
    const ofHigh = bestLag(high, heard, from, 4 * SECOND, 12_000);
    expect(ofLow.correlation).toBeGreaterThan(0.4);
    expect(ofHigh.correlation).toBeGreaterThan(0.4);
    const strangers = speech(12, 99, 150);
    expect(bestLag(strangers, heard, from, 4 * SECOND, 12_000).correlation).toBeLessThan(0.3);
  });

  it('loses and repeats no tone marker in a minute', async () => {
    const pcm = new Float32Array(60 * SECOND);
    const marker = 0.05 * SECOND;
    const toneOf = (n: number): number => 600 + (n % 8) * 200;
    for (let n = 0; n * 0.2 < 60; n += 1) {
      for (let i = 0; i < marker; i += 1) {
        const envelope = Math.sin((Math.PI * i) / marker);
        const at = n * 0.2 * SECOND + i;
        pcm[Math.round(at)] = 0.3 * envelope * Math.sin((2 * Math.PI * toneOf(n) * i) / SECOND);
      }
    }
    const house = await House.open();
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(pcm);
    for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
    const heard = house.heard();
    const { lag } = bestLag(pcm, heard, 10 * SECOND, SECOND, 12_000);
    for (let n = 15; n < 298; n += 1) {
      const from = Math.round(n * 0.2 * SECOND) + lag;
      const own = toneAmplitude(heard, from, marker, toneOf(n));
      for (const other of [n + 1, n + 4, n + 7]) {
        expect(own).toBeGreaterThan(3 * toneAmplitude(heard, from, marker, toneOf(other)));
      }
    }
  });

  it.skipIf(!hasFfmpeg).each([-40, -8])(
    'levels a voice of %i LUFS to −16 ± 1.5 under −1 dBTP',
    async (from) => {
      const plain = speech(34, 34);
      const gain = 10 ** ((from - measuredByFfmpeg(plain, 1).lufs) / 20);
      const spoken = plain.map((sample) => sample * gain);
      const house = await House.open();
      house.mixer.setVoice('ada', onAir);
      const ada = await packetsOf(spoken);
      for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
      const { lufs, truePeakDb } = measuredByFfmpeg(house.heard().subarray(4 * SECOND), 1);
      expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1.5);
      expect(truePeakDb).toBeLessThanOrEqual(-1);
    },
  );

  it.skipIf(!hasFfmpeg)('levels a quiet and very peaky voice as well', async () => {
    const peaky = speech(34, 34).map((sample) => Math.sign(sample) * Math.abs(sample) ** 1.1);
    const from = measuredByFfmpeg(peaky, 1);
    expect(from.truePeakDb - from.lufs).toBeGreaterThan(17);
    const house = await House.open();
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(peaky.map((sample) => sample * 10 ** ((-40 - from.lufs) / 20)));
    for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
    const { lufs, truePeakDb } = measuredByFfmpeg(house.heard().subarray(4 * SECOND), 1);
    expect(Math.abs(lufs + 16)).toBeLessThanOrEqual(1.5);
    expect(truePeakDb).toBeLessThanOrEqual(-1);
  });

  it('mixes in stereo for music', async () => {
    const spoken = speech(8, 35);
    const house = await House.open('music');
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(spoken);
    for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
    const left = house.heard().filter((_, i) => i % 2 === 0);
    expect(worstSecond(spoken, left, 3)).toBeGreaterThanOrEqual(0.8);
  });

  it('[P3] holds while nobody on air is connected, and not in mere silence', async () => {
    const house = await House.open('voice', true);
    for (let i = 0; i < 100; i += 1) expect(house.tick().holding).toBe(true);
    expect(rms(house.heard(), 50 * 960)).toBeGreaterThan(0.003);
    house.mixer.setVoice('ada', onAir);
    expect(house.tick().holding).toBe(true);
    const silent = await packetsOf(new Float32Array(1_000 * FRAME_SAMPLES));
    for (let i = 0; i < 200; i += 1) expect(house.tick({ ada: silent }).holding).toBe(false);
    expect(rms(house.heard(), 250 * 960, 300 * 960)).toBeLessThan(0.0005);
    const afterCut = Array.from({ length: 150 }, () => house.tick().holding);
    expect(afterCut.indexOf(true)).toBeGreaterThan(90);
    expect(afterCut.indexOf(true)).toBeLessThan(110);
    house.mixer.holdingSound = false;
    for (let i = 0; i < 60; i += 1) house.tick();
    expect(rms(house.heard(), house.heard().length - 9_600)).toBeLessThan(0.0005);
  });

  it('hears nobody who is muted or off air, and fades them without a click', async () => {
    const tone = new Float32Array(20 * SECOND).map(
      (_, i) => 0.2 * Math.sin((2 * Math.PI * 400 * i) / SECOND),
    );
    const house = await House.open();
    const sent = { ada: await packetsOf(tone) };
    const states = [onAir, { onAir: true, muted: true }, onAir, { onAir: false, muted: false }];
    for (const state of states) {
      house.mixer.setVoice('ada', state);
      for (let i = 0; i < 150; i += 1) house.tick(sent);
      const levels = house.mixer.levels();
      expect(levels.voices.get('ada')?.speaking ?? false).toBe(state === onAir);
      expect(levels.programme > 0.3).toBe(state === onAir);
    }
    const heard = house.heard();
    let roughest = 0;
    for (let i = SECOND; i + 2 < heard.length; i += 1) {
      roughest = Math.max(roughest, Math.abs(heard[i]! - 2 * heard[i + 1]! + heard[i + 2]!));
    }
    const bendOfTone = 0.5 * (2 * Math.PI * (400 / SECOND)) ** 2;
    expect(roughest).toBeLessThan(6 * bendOfTone);
  });

  it('goes on with a new source on the same seat, and ignores stragglers of the old one', async () => {
    const spoken = speech(12, 36);
    const house = await House.open();
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(spoken);
    for (let i = 0; i < 250; i += 1) house.tick({ ada });
    for (let i = 250; i < 600; i += 1) {
      house.tick({ ada }, () => 2);
      if (i < 280) house.mixer.push('ada', 1, i, i * 960, ada[i - 5]!, house.nowMs);
    }
    expect(worstSecond(spoken, house.heard(), 7)).toBeGreaterThanOrEqual(0.8);
  });

  it('sounds better with FEC than a voice that is gone every ninth packet would', async () => {
    const spoken = speech(12, 37);
    const house = await House.open();
    house.mixer.setVoice('ada', onAir);
    const ada = await packetsOf(spoken);
    const holed: Uint8Array[] = [...ada];
    for (let i = 5; i < holed.length; i += 9) delete holed[i];
    for (let i = 0; i < ada.length; i += 1) house.tick({ ada: holed });
    expect(house.mixer.counters.recoveredSamples).toBeGreaterThan(40 * FRAME_SAMPLES);
    expect(worstSecond(spoken, house.heard(), 3)).toBeGreaterThanOrEqual(0.75);
  });

  it('refuses voices beyond its limit and packets of strangers', async () => {
    const house = await House.open();
    for (let i = 0; i < VOICES_MAX; i += 1) {
      expect(house.mixer.setVoice(`v${i}`, onAir)).toBe(true);
    }
    expect(house.mixer.setVoice('one more', onAir)).toBe(false);
    house.mixer.push('stranger', 1, 1, 1, Uint8Array.of(0xfc, 0), 0);
    house.mixer.removeVoice('v3');
    house.mixer.removeVoice('v3');
    expect(house.mixer.setVoice('one more', onAir)).toBe(true);
    expect(house.tick().packet.length).toBeGreaterThan(0);
    house.mixer.close();
  });

  it('[P3] ticks on whatever is pushed, and never louder than the ceiling', async () => {
    const mixer = await Mixer.create({ rendition: RENDITIONS.voice, holdingSound: false });
    mixer.setVoice('ada', onAir);
    const real = await packetsOf(speech(1, 38));
    const random = seeded(9);
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .nat(real.length - 1)
        .map((index) =>
          real[index]!.map((byte) => (random() < 0.05 ? Math.floor(random() * 256) : byte)),
        ),
    );
    let nowMs = 0;
    let sequence = 0;
    fc.assert(
      fc.property(fc.array(payload, { minLength: 1, maxLength: 20 }), fc.nat(3), (sent, source) => {
        for (const bytes of sent) {
          sequence += 1;
          mixer.push('ada', source, sequence & 0xffff, sequence * 960, bytes, nowMs);
          const frame = mixer.tick(nowMs);
          expect(frame.packet.length).toBeGreaterThan(0);
          expect(frame.peak).toBeLessThanOrEqual(185);
          nowMs += 20;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is the same for the same input', async () => {
    const ada = await packetsOf(speech(2, 39));
    const twice = await Promise.all([House.open('voice', true), House.open('voice', true)]);
    for (const house of twice) {
      house.mixer.setVoice('ada', onAir);
      for (let i = 0; i < ada.length; i += 1) house.tick({ ada });
    }
    const [one, two] = twice.map((house) => house.frames);
    expect(one).toEqual(two);
    expect(correlation(twice[0]!.heard(), twice[1]!.heard(), 0, SECOND, 0)).toBeCloseTo(1);
  });
});
