/**
 * The holding sound: a quiet pad, about −30 LUFS, that loops without a seam. It lies here as Opus packets
 * made ahead by generate.ts, so that a hole in the log is filled without an encoder, and every reader of
 * the same sequence fills it with the same bytes. Every packet is coded without prediction, so the sound
 * may begin at any of them.
 */
import { CHUNK_SAMPLES, FRAME_SAMPLES, FRAMES_PER_CHUNK, type Rendition } from '@parterre/protocol';
import { assert } from '../assert.ts';
import { createOpusDecoder } from '../opus/index.ts';
import { HOLDING_MUSIC } from './loop-music.generated.ts';
import { HOLDING_VOICE } from './loop-voice.generated.ts';

/** A loop as it is committed: packets, each after its length (16 bits, big-endian), in base64. */
const LOOPS: Readonly<Record<Rendition['id'], string>> = {
  voice: HOLDING_VOICE,
  music: HOLDING_MUSIC,
  voice24: HOLDING_VOICE,
};

const packetsOf = new Map<Rendition['id'], readonly Uint8Array[]>();
const pcmOf = new Map<Rendition['id'], Promise<Float32Array>>();

/** The packets of chunk `seq`: FRAMES_PER_CHUNK of them, shared; not to be changed. */
export function holdingFrames(rendition: Rendition, seq: number): readonly Uint8Array[] {
  const packets = loopPackets(rendition);
  const from = (seq * FRAMES_PER_CHUNK) % packets.length;
  return packets.slice(from, from + FRAMES_PER_CHUNK);
}

/** The loop as samples, to be mixed. */
export class HoldingLoop {
  readonly #pcm: Float32Array;
  readonly #channels: number;
  readonly #frames: number;

  private constructor(pcm: Float32Array, channels: number) {
    this.#pcm = pcm;
    this.#channels = channels;
    this.#frames = pcm.length / (FRAME_SAMPLES * channels);
  }

  /** Decoded once a process for each rendition. */
  static async load(rendition: Rendition): Promise<HoldingLoop> {
    let pcm = pcmOf.get(rendition.id);
    if (pcm === undefined) {
      pcm = decodeLoop(rendition);
      pcmOf.set(rendition.id, pcm);
    }
    return new HoldingLoop(await pcm, rendition.channels);
  }

  /** Adds frame `index` of the endless loop to `bus`, its gain going from `from` to `to`. */
  mixInto(bus: Float32Array, index: number, from: number, to: number): void {
    const offset = (index % this.#frames) * bus.length;
    const slope = (to - from) / FRAME_SAMPLES;
    let gain = from;
    for (let i = 0; i < bus.length; i += this.#channels) {
      gain += slope;
      for (let c = 0; c < this.#channels; c += 1) bus[i + c]! += this.#pcm[offset + i + c]! * gain;
    }
  }
}

function loopPackets(rendition: Rendition): readonly Uint8Array[] {
  const known = packetsOf.get(rendition.id);
  if (known !== undefined) return known;
  const bytes = Uint8Array.from(atob(LOOPS[rendition.id]), (letter) => letter.charCodeAt(0));
  const packets: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = (bytes[at]! << 8) | bytes[at + 1]!;
    packets.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  assert(packets.length % FRAMES_PER_CHUNK === 0, 'the holding loop is not whole chunks');
  packetsOf.set(rendition.id, packets);
  return packets;
}

/** Decodes the loop after its own last chunk, so that its beginning already follows its end. */
async function decodeLoop(rendition: Rendition): Promise<Float32Array> {
  const packets = loopPackets(rendition);
  const decoder = await createOpusDecoder(rendition.channels);
  for (const packet of packets.slice(-FRAMES_PER_CHUNK)) decoder.decode(packet);
  const chunk = CHUNK_SAMPLES * rendition.channels;
  const pcm = new Float32Array((packets.length / FRAMES_PER_CHUNK) * chunk);
  packets.forEach((packet, index) => {
    const frame = decoder.decode(packet);
    assert(frame !== null, 'the holding loop does not decode');
    pcm.set(frame, index * FRAME_SAMPLES * rendition.channels);
  });
  decoder.free();
  return pcm;
}
