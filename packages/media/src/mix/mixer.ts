/**
 * The mixer of one space: voices in as RTP-timed Opus, one Opus packet of 20 ms out at every tick, from
 * doors to end, whoever speaks [P3]. Pure and synchronous once created: time comes in with each call.
 * Voices are levelled, summed, limited and encoded once; when nobody on air is connected the holding sound
 * stands in. Invariant: `tick` never throws for anything that was pushed, and always returns a packet.
 */
import { FRAME_SAMPLES, type Rendition } from '@parterre/protocol';
import { ClipPlay } from '../clip/index.ts';
import { HoldingLoop } from '../holding/index.ts';
import { type JitterCounters, newJitterCounters } from '../jitter/index.ts';
import { KWeightedMeter, Limiter, lufsOf } from '../loudness/index.ts';
import { createOpusEncoder, DecoderPool, type OpusEncoder } from '../opus/index.ts';
import { Voice } from './voice.ts';

export const VOICES_MAX = 64;
/** Decoders beyond one for each voice, for sources that change. */
const DECODERS_SPARE = 8;
/** A voice on air that has sent nothing for this long has lost its connection. */
export const PRESENCE_MS = 2_000;
/** The holding sound comes and goes over 0.5 s. */
const HOLDING_FADE_TICKS = 25;
/** Below −1 dBTP by what the encoding may add. */
const CEILING_DBTP = -3;
const ENERGY_SMOOTHING = 1 / 25;
/** Loudness that `levels` shows as 0 and as 1, LUFS. */
const LEVEL_LUFS = { least: -50, most: -10 };

export interface MixerOptions {
  readonly rendition: Rendition;
  readonly holdingSound: boolean;
  /** Encoded beside it from the same samples: a second encoder, and nothing else a second time. */
  readonly lean?: Rendition | null;
  /** What the voices' jitter buffers count into, over all mixers that are given it. */
  readonly counters?: JitterCounters;
}

export interface VoiceState {
  readonly onAir: boolean;
  readonly muted: boolean;
}

export interface MixedFrame {
  /** One Opus packet of 20 ms; belongs to the caller. */
  readonly packet: Uint8Array;
  /** The same 20 ms in the lean rendition; null without one. */
  readonly leanPacket?: Uint8Array | null;
  /** Greatest sample of the frame, 0…255, linear. */
  readonly peak: number;
  /** Nobody on air is connected, and no clip plays: the holding sound, or silence, is what is heard. */
  readonly holding: boolean;
}

export interface VoiceLevel {
  /** Loudness as mixed, 0…1. */
  readonly level: number;
  readonly speaking: boolean;
}

export interface MixerLevels {
  /** Every audible voice: on air and not muted. */
  readonly voices: ReadonlyMap<string, VoiceLevel>;
  readonly programme: number;
}

export class Mixer {
  readonly #counters: JitterCounters;
  readonly #pool: DecoderPool;
  readonly #encoder: OpusEncoder;
  readonly #leanEncoder: OpusEncoder | null;
  readonly #holdingLoop: HoldingLoop;
  readonly #limiter: Limiter;
  readonly #meter: KWeightedMeter;
  readonly #meterBefore: KWeightedMeter;
  readonly #voices = new Map<string, Voice>();
  readonly #channels: 1 | 2;
  readonly #bus: Float32Array;
  readonly #scratch: Float32Array;
  #holdingSound: boolean;
  #clip: ClipPlay | null = null;
  #holdingGain = 0;
  #tickCount = 0;
  #programmeLufs = -120;
  /** K-weighted energy before and after the limiter, over the last half second or so. */
  #energyBefore = 0;
  #energyAfter = 0;

  private constructor(
    options: MixerOptions,
    pool: DecoderPool,
    encoder: OpusEncoder,
    leanEncoder: OpusEncoder | null,
    loop: HoldingLoop,
  ) {
    const { channels } = options.rendition;
    this.#counters = options.counters ?? newJitterCounters();
    this.#channels = channels;
    this.#pool = pool;
    this.#encoder = encoder;
    this.#leanEncoder = leanEncoder;
    this.#holdingLoop = loop;
    this.#limiter = new Limiter(channels, CEILING_DBTP);
    this.#meter = new KWeightedMeter(channels);
    this.#meterBefore = new KWeightedMeter(channels);
    this.#bus = new Float32Array(FRAME_SAMPLES * channels);
    this.#scratch = new Float32Array(FRAME_SAMPLES * channels);
    this.#holdingSound = options.holdingSound;
  }

  static async create(options: MixerOptions): Promise<Mixer> {
    const { rendition, lean = null } = options;
    const pool = await DecoderPool.create(rendition.channels, VOICES_MAX + DECODERS_SPARE);
    const encoder = await createOpusEncoder(rendition);
    const leanEncoder = lean === null ? null : await createOpusEncoder(lean);
    const loop = await HoldingLoop.load(rendition);
    return new Mixer(options, pool, encoder, leanEncoder, loop);
  }

  set holdingSound(on: boolean) {
    this.#holdingSound = on;
  }

  /** Adds or changes a voice. @returns false when VOICES_MAX are there already. */
  setVoice(id: string, state: VoiceState): boolean {
    let voice = this.#voices.get(id);
    if (voice === undefined) {
      if (this.#voices.size >= VOICES_MAX) return false;
      voice = new Voice(this.#pool, this.#channels, this.#counters);
      this.#voices.set(id, voice);
    }
    voice.onAir = state.onAir;
    voice.muted = state.muted;
    return true;
  }

  removeVoice(id: string): void {
    this.#voices.get(id)?.close();
    this.#voices.delete(id);
  }

  /**
   * One Opus packet of a voice; sequence and timestamp as in RTP (RFC 3550 §5.1, 48 kHz). Copied when it
   * is kept. Packets of unknown voices and malformed ones are dropped.
   */
  push(
    id: string,
    source: number,
    sequence: number,
    timestamp: number,
    payload: Uint8Array,
    nowMs: number,
  ): void {
    this.#voices.get(id)?.push(source, sequence, timestamp, payload, nowMs);
  }

  /**
   * Plays a clip from the next tick on, beside the voices and in place of the holding sound; null: none.
   * @param pcm 16 bits, interleaved, with the rendition's channels, levelled; kept until it is over
   * @param frame the first of it to be heard, in frames of 20 ms
   */
  playClip(pcm: Int16Array | null, frame = 0): void {
    this.#clip = pcm === null ? null : new ClipPlay(pcm, this.#channels, frame);
  }

  /** The next 20 ms of the programme. */
  tick(nowMs: number): MixedFrame {
    const bus = this.#bus;
    bus.fill(0);
    const kept = this.#energyBefore > 0 ? Math.min(1, this.#energyAfter / this.#energyBefore) : 1;
    let holding = true;
    for (const voice of this.#voices.values()) {
      voice.mixInto(bus, this.#scratch, kept, nowMs);
      if (voice.onAir && nowMs - voice.lastPacketMs < PRESENCE_MS) holding = false;
    }
    const clipFrames = this.#mixClip();
    // It comes back under the clip's end, so that nothing lies between them.
    this.#mixHolding(holding && this.#holdingSound && clipFrames <= HOLDING_FADE_TICKS);
    this.#limit();
    this.#tickCount += 1;
    const packet = this.#encoder.encode(bus);
    const leanPacket = this.#leanEncoder?.encode(bus) ?? null;
    return { packet, leanPacket, peak: peakOf(bus), holding: holding && clipFrames === 0 };
  }

  /** Loudness of the last frame. */
  levels(): MixerLevels {
    const voices = new Map<string, VoiceLevel>();
    for (const [id, voice] of this.#voices) {
      if (!voice.audible) continue;
      voices.set(id, { level: levelOf(voice.mixedLufs), speaking: voice.speaking });
    }
    return { voices, programme: levelOf(this.#programmeLufs) };
  }

  get counters(): Readonly<JitterCounters> {
    return this.#counters;
  }

  close(): void {
    for (const id of [...this.#voices.keys()]) this.removeVoice(id);
    this.#pool.close();
    this.#encoder.free();
    this.#leanEncoder?.free();
  }

  #limit(): void {
    const before = this.#meterBefore.measure(this.#bus);
    this.#limiter.process(this.#bus);
    const after = this.#meter.measure(this.#bus);
    this.#programmeLufs = lufsOf(after);
    this.#energyBefore += (before - this.#energyBefore) * ENERGY_SMOOTHING;
    this.#energyAfter += (after - this.#energyAfter) * ENERGY_SMOOTHING;
  }

  /** @returns how many frames of the clip there were left, this one included */
  #mixClip(): number {
    const left = this.#clip?.framesLeft ?? 0;
    if (left > 0) this.#clip?.mixInto(this.#bus);
    if (left <= 1) this.#clip = null;
    return left;
  }

  #mixHolding(wanted: boolean): void {
    const from = this.#holdingGain;
    const step = 1 / HOLDING_FADE_TICKS;
    const to = wanted ? Math.min(1, from + step) : Math.max(0, from - step);
    this.#holdingGain = to;
    if (from > 0 || to > 0) this.#holdingLoop.mixInto(this.#bus, this.#tickCount, from, to);
  }
}

function levelOf(lufs: number): number {
  const share = (lufs - LEVEL_LUFS.least) / (LEVEL_LUFS.most - LEVEL_LUFS.least);
  return Math.min(1, Math.max(0, share));
}

function peakOf(pcm: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < pcm.length; i += 1) {
    const sample = Math.abs(pcm[i]!);
    if (sample > peak) peak = sample;
  }
  return Math.min(255, Math.round(peak * 255));
}
