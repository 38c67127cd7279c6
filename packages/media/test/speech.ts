/**
 * Speech-like sound for tests, the same for a seed: a pulsing glottis through moving formants, syllables
 * and pauses, so that levelling, time scaling and concealment meet what they meet in a voice.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';

/** Uniform in [0, 1), repeatable (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

/** One resonance, two poles. */
function resonator(): (x: number, hz: number, widthHz: number) => number {
  let y1 = 0;
  let y2 = 0;
  return (x, hz, widthHz) => {
    const r = Math.exp((-Math.PI * widthHz) / SAMPLE_RATE_HZ);
    const y = (1 - r) * x + 2 * r * Math.cos((2 * Math.PI * hz) / SAMPLE_RATE_HZ) * y1 - r * r * y2;
    y2 = y1;
    y1 = y;
    return y;
  };
}

/** Mono, 48 kHz, peak 0.5; `pitchHz` tells voices apart. */
export function speech(seconds: number, seed: number, pitchHz = 120): Float32Array {
  const random = seeded(seed);
  const pcm = new Float32Array(Math.round(seconds * SAMPLE_RATE_HZ));
  const formants = [resonator(), resonator(), resonator()];
  let phase = 0;
  let flowBefore = 0;
  let at = 0;
  let syllablesLeft = 6;
  while (at < pcm.length) {
    const pause = syllablesLeft === 0;
    if (pause) syllablesLeft = 4 + Math.floor(random() * 9);
    else syllablesLeft -= 1;
    const length = Math.round(
      (pause ? 0.3 + random() * 0.5 : 0.12 + random() * 0.15) * SAMPLE_RATE_HZ,
    );
    const f1 = 300 + random() * 500;
    const f2 = 900 + random() * 1200;
    const stress = 0.4 + random() * 0.6;
    const pitch = pitchHz * (0.85 + random() * 0.3);
    for (let i = 0; i < length && at < pcm.length; i += 1, at += 1) {
      const envelope = pause ? 0 : stress * Math.sin((Math.PI * i) / length) ** 0.6;
      phase += pitch / SAMPLE_RATE_HZ;
      if (phase >= 1) phase -= 1;
      const open = phase < 0.3 ? 0.5 - 0.5 * Math.cos((2 * Math.PI * phase) / 0.3) : 0;
      const pulse = open + random() * 0.02;
      // The lips radiate the difference: no direct current, no rumble.
      const flow = pulse * envelope;
      const x = flow - flowBefore;
      flowBefore = flow;
      const [first, second, third] = formants;
      pcm[at] = first!(x, f1, 80) + 0.7 * second!(x, f2, 110) + 0.4 * third!(x, 2600, 160);
    }
  }
  return scaledTo(pcm, 0.5);
}

export function scaledTo(pcm: Float32Array, peak: number): Float32Array {
  let most = 1e-9;
  for (const sample of pcm) most = Math.max(most, Math.abs(sample));
  return pcm.map((sample) => (sample * peak) / most);
}
