/**
 * The adaptive jitter buffer of one voice: Opus packets as the network brought them in, exactly one tick of
 * samples out at every pull. Late, doubled, reordered and lost packets, pauses (DTX), new sources, wrapped
 * counters and a drifting sender clock are all met here; whatever comes, a pull never waits and never
 * throws.
 *
 * `#writeTime` is the RTP time at the end of what is decoded. At each pull the delay, playing time against
 * the fastest recent arrival, is known; where it differs from the target the head is shortened or
 * lengthened (time-scale.ts). With nothing to play the time stands still and concealment covers for it
 * (`#stalled`); the next packet's gap is then paid from that account, so a loss costs no delay and a late
 * burst loses no words. More than DELAY_MS_MAX of delay is cut; so is, of a new source, what it had piled up
 * before it was connected: nobody was listening yet, and hurrying it away would take seconds of what follows.
 */
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';
import {
  CONCEAL_STEP_SAMPLES,
  type OpusDecoder,
  opusFrameSamples,
  opusPacketHasFec,
  opusPacketSamples,
} from '../opus/index.ts';
import { ArrivalStatistics, TARGET_MS_MAX } from './arrival.ts';
import { PacketQueue, type QueuedPacket } from './packet-queue.ts';
import { FIFO_SAMPLES_MAX, SampleFifo } from './sample-fifo.ts';
import { headIsQuiet, lengthen, SCALE_SAMPLES, shorten } from './time-scale.ts';
import { SequenceUnwrapper, unwrapTimestamp } from './unwrap.ts';

const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1000;
/** Beyond this the delay is cut at once, not scaled away. */
const DELAY_MS_MAX = TARGET_MS_MAX + 300;
/** Delay may differ this much from the target: in quiet, in speech, and before quality gives way. */
const TOLERANCE_MS = { quiet: 10, speech: 25, hurried: 80 };
/** For so long a source is new, ms. */
const NEW_SOURCE_MS = 1_000;
/** Smoothing of the delay over the ticks. */
const DELAY_SMOOTHING = 1 / 16;
/** Ticks between two changes of speed in speech. */
const SCALE_EVERY_TICKS = 5;
/** Concealment is faded to silence after this many samples (200 ms), unless the sender is in DTX. */
const CONCEAL_SAMPLES_MAX = 10 * FRAME_SAMPLES;
/** Without a packet for this long the stream rests; its next packet begins it anew. */
const REST_SAMPLES = 2 * SAMPLE_RATE_HZ;
/** So many packets in a row that are too late mean that the sender's clock was set back. */
const LATE_RUN_MAX = 16;
/** The longest loss recovered with one packet's FEC and concealment before it. */
const FEC_SAMPLES_MAX = 3 * FRAME_SAMPLES;

export interface JitterCounters {
  received: number;
  /** Packets that carry in-band FEC. */
  withFec: number;
  /** Refused: no valid Opus packet. */
  malformed: number;
  duplicate: number;
  /** Too late to be played, or cut because there was too much. */
  discarded: number;
  /** Decoded from the next packet's in-band FEC, samples. */
  recoveredSamples: number;
  /** Made up, samples. */
  concealedSamples: number;
  /** Removed or added to hold the delay, samples. */
  shortenedSamples: number;
  lengthenedSamples: number;
}

export function newJitterCounters(): JitterCounters {
  return {
    received: 0,
    withFec: 0,
    malformed: 0,
    duplicate: 0,
    discarded: 0,
    recoveredSamples: 0,
    concealedSamples: 0,
    shortenedSamples: 0,
    lengthenedSamples: 0,
  };
}

export class JitterBuffer {
  readonly counters: JitterCounters;
  readonly #channels: 1 | 2;
  readonly #queue = new PacketQueue();
  readonly #fifo: SampleFifo;
  readonly #arrival = new ArrivalStatistics();
  readonly #sequence = new SequenceUnwrapper();
  #decoder: OpusDecoder;
  #source = -1;
  /** When its first packet came. */
  #sourceMs: number | null = null;
  #playing = false;
  /** Nothing of this stream has been decoded yet: what comes before it is silence. */
  #fresh = true;
  #lastTimestamp = 0;
  #lastSequence = 0;
  #writeTime = 0;
  #stalled = 0;
  #concealed = 0;
  #inDtx = false;
  #lateRun = 0;
  #delayMs = 0;
  #ticksToScale = 0;

  /** @param counters what is counted into; several buffers may share it */
  constructor(decoder: OpusDecoder, counters: JitterCounters = newJitterCounters()) {
    this.#decoder = decoder;
    this.counters = counters;
    this.#channels = decoder.channels;
    this.#fifo = new SampleFifo(decoder.channels);
  }

  /** Playing delay against the fastest recent arrival, smoothed, ms. */
  get delayMs(): number {
    return this.#delayMs;
  }

  get targetMs(): number {
    return this.#arrival.targetMs;
  }

  /** The source whose packets are played; −1 before the first. */
  get source(): number {
    return this.#source;
  }

  /** Begins another stream with a decoder that knows nothing of the one before. @returns the old decoder. */
  switchTo(source: number, decoder: OpusDecoder): OpusDecoder {
    const before = this.#decoder;
    this.#decoder = decoder;
    this.#source = source;
    this.#sourceMs = null;
    this.#playing = false;
    this.#queue.clear();
    this.#sequence.reset();
    this.#arrival.reset();
    return before;
  }

  /** Takes in one packet; the payload is copied. */
  push(sequence: number, timestamp: number, payload: Uint8Array, nowMs: number): void {
    this.counters.received += 1;
    const samples = opusPacketSamples(payload);
    if (samples === 0) {
      this.counters.malformed += 1;
      return;
    }
    if (opusPacketHasFec(payload)) this.counters.withFec += 1;
    const extendedSequence = this.#sequence.unwrap(sequence);
    if (extendedSequence === null) {
      this.counters.discarded += 1;
      return;
    }
    this.#sourceMs ??= nowMs;
    const extended = unwrapTimestamp(timestamp, this.#lastTimestamp);
    this.#lastTimestamp = extended;
    if (!this.#playing || this.#lateRun >= LATE_RUN_MAX || this.#sequence.restarted) {
      this.#begin(extended, nowMs);
    }
    this.#arrival.arrived(extended, nowMs);
    if (extended + samples <= this.#writeTime) {
      this.counters.discarded += 1;
      this.#lateRun += 1;
      return;
    }
    this.#lateRun = 0;
    if (!this.#queue.insert(extendedSequence, extended, samples, payload)) {
      this.counters.duplicate += 1;
    }
  }

  /** Fills `out` with the next FRAME_SAMPLES per channel. @returns false, `out` untouched, at rest. */
  pull(out: Float32Array, nowMs: number): boolean {
    if (!this.#playing) return false;
    this.#cutExcess(nowMs);
    while (this.#fifo.length < FRAME_SAMPLES) this.#produce();
    this.#steer(nowMs);
    this.#fifo.take(out);
    if (this.#stalled >= REST_SAMPLES) this.#rest();
    return true;
  }

  #begin(timestamp: number, nowMs: number): void {
    this.#queue.clear();
    this.#arrival.reset();
    this.#arrival.arrived(timestamp, nowMs);
    this.#playing = true;
    this.#fresh = true;
    this.#stalled = 0;
    this.#concealed = 0;
    this.#lateRun = 0;
    this.#delayMs = this.#arrival.targetMs;
    const lead = Math.round(this.#arrival.targetMs * SAMPLES_PER_MS);
    this.#writeTime = timestamp - Math.max(0, lead - this.#fifo.length);
  }

  #rest(): void {
    this.#playing = false;
    this.#fifo.clear();
  }

  /** Appends the next stretch, real or made up, to the FIFO: at least one sample, at most one packet. */
  #produce(): void {
    const packet = this.#firstUseful();
    if (packet === undefined) {
      this.#stalled += FRAME_SAMPLES;
      this.#coverFor(FRAME_SAMPLES);
      return;
    }
    const gap = packet.timestamp - this.#writeTime;
    if (gap > 0 && this.#stalled > 0) {
      this.#writeTime += Math.min(gap, this.#stalled);
      this.#stalled = 0;
      return;
    }
    if (gap > 0) this.#bridge(packet, gap);
    else this.#decode(packet);
  }

  /** The earliest packet that is not wholly in the past. */
  #firstUseful(): QueuedPacket | undefined {
    for (;;) {
      const packet = this.#queue.first();
      if (packet === undefined) return undefined;
      if (packet.timestamp + packet.samples > this.#writeTime) return packet;
      this.counters.discarded += 1;
      this.#queue.remove();
    }
  }

  #decode(packet: QueuedPacket): void {
    const overlap = this.#writeTime - packet.timestamp;
    const pcm = this.#decoder.decode(packet.payload);
    const wanted = packet.samples * this.#channels;
    if (pcm === null || pcm.length !== wanted) {
      this.counters.malformed += 1;
      this.#coverFor(packet.samples - overlap);
    } else {
      if (this.#concealed > CONCEAL_SAMPLES_MAX || this.#fresh) fadeIn(pcm, this.#channels);
      this.#fifo.append(pcm, overlap);
      this.#concealed = 0;
      this.#fresh = false;
    }
    this.#inDtx = packet.payload.length <= 2;
    this.#lastSequence = packet.sequence;
    this.#writeTime = packet.timestamp + packet.samples;
    this.#stalled = 0;
    this.#queue.remove();
  }

  /** Fills (part of) the time before `packet`: lost packets by FEC or concealment, a pause by silence. */
  #bridge(packet: QueuedPacket, gap: number): void {
    const lost = packet.sequence - this.#lastSequence > 1;
    const steps = gap - (gap % CONCEAL_STEP_SAMPLES);
    if (!this.#fresh && lost && steps > 0 && gap <= FEC_SAMPLES_MAX) {
      const pcm = this.#decoder.decodeFec(packet.payload, steps);
      if (pcm !== null && pcm.length === steps * this.#channels) {
        this.#fifo.append(pcm);
        this.#fifo.appendSilence(gap - steps);
        this.#writeTime += gap;
        const recovered = fecSamples(packet.payload, steps);
        this.counters.recoveredSamples += recovered;
        this.counters.concealedSamples += gap - recovered;
        return;
      }
    }
    const part = Math.min(gap, FRAME_SAMPLES);
    this.#coverFor(part);
    this.#writeTime += part;
  }

  /** Appends `samples` of concealment, comfort noise or silence. */
  #coverFor(samples: number): void {
    const steps = samples - (samples % CONCEAL_STEP_SAMPLES);
    const spent = this.#concealed > CONCEAL_SAMPLES_MAX && !this.#inDtx;
    if (this.#fresh || spent || steps === 0) {
      this.#fifo.appendSilence(samples);
    } else {
      const pcm = this.#decoder.conceal(steps);
      if (!this.#inDtx && this.#concealed + samples > CONCEAL_SAMPLES_MAX) {
        fadeOut(pcm, this.#channels);
      }
      this.#fifo.append(pcm);
      this.#fifo.appendSilence(samples - steps);
      this.counters.concealedSamples += samples;
    }
    this.#concealed += samples;
  }

  /** Delay of the sample that is played next, ms. */
  #delayNow(nowMs: number): number {
    const playTime = this.#writeTime - this.#fifo.length;
    return nowMs - playTime / SAMPLES_PER_MS - this.#arrival.leastTransitMs;
  }

  #delayMsMax(nowMs: number): number {
    const isNew = this.#sourceMs !== null && nowMs - this.#sourceMs < NEW_SOURCE_MS;
    return isNew ? this.#arrival.targetMs + TOLERANCE_MS.hurried : DELAY_MS_MAX;
  }

  /** Skips ahead where the delay is beyond all scaling; the seam is cross-faded. */
  #cutExcess(nowMs: number): void {
    const delayMs = this.#delayNow(nowMs);
    const first = this.#queue.first();
    if (first === undefined || delayMs <= this.#delayMsMax(nowMs)) return;
    const excess = Math.round((delayMs - this.#arrival.targetMs) * SAMPLES_PER_MS);
    const before = this.#fifo.length;
    this.#fifo.clear();
    if (!this.#fresh) {
      const seam = this.#decoder.conceal(CONCEAL_STEP_SAMPLES);
      fadeOut(seam, this.#channels);
      this.#fifo.append(seam);
    }
    this.#writeTime += excess - before + this.#fifo.length;
    this.#concealed = CONCEAL_SAMPLES_MAX + 1;
    this.#stalled = 0;
    this.#delayMs = this.#arrival.targetMs;
    this.#firstUseful();
  }

  /** Holds the delay at its target, also against the drift of the sender's clock. */
  #steer(nowMs: number): void {
    this.#delayMs += (this.#delayNow(nowMs) - this.#delayMs) * DELAY_SMOOTHING;
    if (this.#ticksToScale > 0) this.#ticksToScale -= 1;
    if (this.#stalled > 0 || this.#fresh) return;
    const offMs = this.#delayMs - this.#arrival.targetMs;
    if (Math.abs(offMs) <= TOLERANCE_MS.quiet) return;
    if (!this.#ready(offMs > 0 ? SCALE_SAMPLES + FRAME_SAMPLES / 2 : SCALE_SAMPLES)) return;
    if (!headIsQuiet(this.#fifo)) {
      if (Math.abs(offMs) <= TOLERANCE_MS.speech || this.#ticksToScale > 0) return;
    }
    this.#scale(offMs);
  }

  #scale(offMs: number): void {
    const samplesMax = Math.round(Math.abs(offMs) * SAMPLES_PER_MS);
    const hurried = Math.abs(offMs) > TOLERANCE_MS.hurried;
    if (offMs > 0) {
      const samples = shorten(this.#fifo, samplesMax, hurried);
      this.counters.shortenedSamples += samples;
      this.#delayMs -= samples / SAMPLES_PER_MS;
    } else {
      const samples = lengthen(this.#fifo, samplesMax, hurried);
      this.counters.lengthenedSamples += samples;
      this.#delayMs += samples / SAMPLES_PER_MS;
    }
    this.#ticksToScale = SCALE_EVERY_TICKS;
  }

  /** Decodes ahead, only what is there in order. @returns whether the FIFO holds `samples`. */
  #ready(samples: number): boolean {
    while (this.#fifo.length < samples) {
      const packet = this.#firstUseful();
      if (packet === undefined || packet.timestamp > this.#writeTime) return false;
      if (this.#fifo.length + packet.samples > FIFO_SAMPLES_MAX) return false;
      this.#decode(packet);
    }
    return true;
  }
}

/** Of the `samples` before the packet, those its FEC holds; the decoder conceals the others. */
function fecSamples(payload: Uint8Array, samples: number): number {
  const held = opusFrameSamples(payload);
  return held <= samples && opusPacketHasFec(payload) ? held : 0;
}

/** 5 ms. */
const FADE_SAMPLES = 240;

function fadeIn(pcm: Float32Array, channels: number): void {
  const count = Math.min(FADE_SAMPLES * channels, pcm.length);
  for (let i = 0; i < count; i += 1) pcm[i]! *= i / count;
}

function fadeOut(pcm: Float32Array, channels: number): void {
  const count = Math.min(FADE_SAMPLES * channels, pcm.length);
  const from = pcm.length - count;
  for (let i = 0; i < count; i += 1) pcm[from + i]! *= 1 - (i + 1) / count;
}
