/**
 * Makes loop-voice.generated.ts and loop-music.generated.ts: `node packages/media/src/holding/generate.ts`. An open chord of soft
 * sines (A, E, B, C♯), each swelling in its own slow time, slightly apart left and right. Every frequency
 * and every swell fits the loop a whole number of times, so the loop has no seam; it is encoded twice over
 * and the second turn is kept, so the encoder has none either. No randomness: the same bytes each time.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_SAMPLES, RENDITIONS, type Rendition, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { KWeightedMeter, lufsOf } from '../loudness/index.ts';
import { createOpusEncoder } from '../opus/index.ts';

/** 48 chunks of 200 ms. */
const LOOP_SAMPLES = 480 * FRAME_SAMPLES;
const LOUDNESS_LUFS = -30;
const BITRATE_BPS: Readonly<Record<Rendition['id'], number>> = {
  voice: 24_000,
  voice24: 24_000,
  music: 40_000,
};

interface Tone {
  readonly hz: number;
  readonly level: number;
  /** Swells in one loop, and where in its swell the tone begins, turns. */
  readonly swells: number;
  readonly phase: number;
  /** −1 left … 1 right. */
  readonly pan: number;
}

const TONES: readonly Tone[] = [
  { hz: 110, level: 1, swells: 1, phase: 0, pan: 0 },
  { hz: 164.8, level: 0.7, swells: 2, phase: 0.3, pan: -0.4 },
  { hz: 220, level: 0.6, swells: 1, phase: 0.55, pan: 0.4 },
  { hz: 277.2, level: 0.35, swells: 3, phase: 0.1, pan: 0.6 },
  { hz: 329.6, level: 0.4, swells: 2, phase: 0.75, pan: -0.6 },
  { hz: 440, level: 0.16, swells: 3, phase: 0.6, pan: 0.2 },
  { hz: 493.9, level: 0.14, swells: 1, phase: 0.85, pan: -0.2 },
  { hz: 659.3, level: 0.06, swells: 2, phase: 0.05, pan: 0.5 },
];

function synthesise(channels: 1 | 2): Float32Array {
  const pcm = new Float32Array(LOOP_SAMPLES * channels);
  for (const tone of TONES) {
    const turns = Math.round((tone.hz * LOOP_SAMPLES) / SAMPLE_RATE_HZ);
    for (let c = 0; c < channels; c += 1) {
      const side = channels === 1 ? 0 : c * 2 - 1;
      const level = tone.level * (1 + 0.6 * tone.pan * side);
      // One turn of the loop more on the right: a slow, wide beating.
      const ownTurns = turns + (side > 0 ? 1 : 0);
      for (let i = 0; i < LOOP_SAMPLES; i += 1) {
        const t = i / LOOP_SAMPLES;
        const swell = 0.55 - 0.45 * Math.cos(2 * Math.PI * (tone.swells * t + tone.phase));
        pcm[i * channels + c]! += level * swell * Math.sin(2 * Math.PI * ownTurns * t);
      }
    }
  }
  const loudness = lufsOf(new KWeightedMeter(channels).measure(pcm));
  const gain = 10 ** ((LOUDNESS_LUFS - loudness) / 20);
  return pcm.map((sample) => sample * gain);
}

async function encodeLoop(rendition: Rendition): Promise<Buffer> {
  const pcm = synthesise(rendition.channels);
  const encoder = await createOpusEncoder(rendition, {
    complexity: 10,
    bitrateBps: BITRATE_BPS[rendition.id],
    independentFrames: true,
  });
  const width = FRAME_SAMPLES * rendition.channels;
  const parts: Uint8Array[] = [];
  for (let at = 0; at < pcm.length; at += width) encoder.encode(pcm.subarray(at, at + width));
  for (let at = 0; at < pcm.length; at += width) {
    const packet = encoder.encode(pcm.subarray(at, at + width));
    parts.push(Uint8Array.of(packet.length >> 8, packet.length & 0xff), packet);
  }
  encoder.free();
  return Buffer.concat(parts);
}

for (const rendition of Object.values(RENDITIONS)) {
  const base64 = (await encodeLoop(rendition)).toString('base64');
  const lines = base64.match(/.{1,110}/g) ?? [];
  const name = `HOLDING_${rendition.id.toUpperCase()}`;
  const text = [
    `/** The holding sound of the ${rendition.id} rendition, made by generate.ts: never edited by hand. */`,
    `export const ${name} = \`${lines.join('\\\n')}\`;`,
    '',
  ].join('\n');
  writeFileSync(join(import.meta.dirname, `loop-${rendition.id}.generated.ts`), text);
}
