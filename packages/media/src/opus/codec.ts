/**
 * Opus by libopus compiled to WebAssembly: an encoder for each rendition, a decoder with concealment and
 * in-band FEC. The module is loaded once a process; after creation every call is synchronous. Samples are
 * 48 kHz, float, interleaved. A decoder never throws for what a sender sent: corrupt input is `null`.
 */
import { FRAME_SAMPLES, type Rendition, SAMPLE_RATE_HZ } from '@parterre/protocol';
import {
  Application,
  createDecoder,
  createEncoder,
  EncoderCtl,
  type OpusDecoderHandle,
  Signal,
} from 'libopus-wasm';
import { PACKET_SAMPLES_MAX } from './packet.ts';

/** Concealment comes in steps of 2.5 ms (RFC 6716 §2.1.4), samples. */
export const CONCEAL_STEP_SAMPLES = 120;

export interface OpusEncoder {
  /** Encodes one frame of FRAME_SAMPLES per channel; the packet belongs to the caller. */
  encode(pcm: Float32Array): Uint8Array;
  free(): void;
}

export interface OpusEncoderOptions {
  /** libopus complexity, 0 to 10. */
  readonly complexity?: number;
  readonly bitrateBps?: number;
  /** Loss the in-band FEC prepares for, percent; no FEC without it. */
  readonly expectedLossPercent?: number;
  readonly dtx?: boolean;
  /** Every packet decodes well after any other: no prediction from the one before. */
  readonly independentFrames?: boolean;
  /** `voip` favours speech and makes FEC possible at low bitrates. */
  readonly application?: 'audio' | 'voip';
}

export interface OpusDecoder {
  readonly channels: 1 | 2;
  /** Decodes a packet of any duration, or null when it is corrupt. */
  decode(packet: Uint8Array): Float32Array | null;
  /** The `samples` before `next`, from its in-band FEC where it has it, else concealed; null when corrupt. */
  decodeFec(next: Uint8Array, samples: number): Float32Array | null;
  /** Concealment of `samples`, a multiple of CONCEAL_STEP_SAMPLES. */
  conceal(samples: number): Float32Array;
  free(): void;
}

/** The encoder of a rendition: 20 ms frames, full band, music and speech alike. */
export async function createOpusEncoder(
  rendition: Rendition,
  options: OpusEncoderOptions = {},
): Promise<OpusEncoder> {
  const loss = options.expectedLossPercent ?? 0;
  const handle = await createEncoder({
    channels: rendition.channels,
    sampleRate: SAMPLE_RATE_HZ,
    frameSize: FRAME_SAMPLES,
    bitrate: options.bitrateBps ?? rendition.bitrateBps,
    complexity: options.complexity ?? 9,
    application: options.application === 'voip' ? Application.Voip : Application.Audio,
    signal: rendition.id === 'music' ? Signal.Music : Signal.Auto,
    dtx: options.dtx ?? false,
    fec: loss > 0,
    packetLossPercent: loss,
  });
  if (options.independentFrames === true) handle.encoderCtl(EncoderCtl.SetPredictionDisabled, 1);
  return {
    encode: (pcm) => handle.encodeFloat(pcm),
    free: () => handle.free(),
  };
}

/** A decoder to mono or stereo, whatever the sender's channel count. */
export async function createOpusDecoder(channels: 1 | 2): Promise<OpusDecoder> {
  const handle = await createDecoder({
    channels,
    sampleRate: SAMPLE_RATE_HZ,
    maxFrameSize: PACKET_SAMPLES_MAX,
  });
  return new WasmDecoder(channels, handle);
}

class WasmDecoder implements OpusDecoder {
  readonly channels: 1 | 2;
  readonly #handle: OpusDecoderHandle;
  readonly #fecOptions = { decodeFec: true, frameSize: FRAME_SAMPLES };

  constructor(channels: 1 | 2, handle: OpusDecoderHandle) {
    this.channels = channels;
    this.#handle = handle;
  }

  decode(packet: Uint8Array): Float32Array | null {
    try {
      return this.#handle.decodeFloat(packet);
    } catch {
      return null;
    }
  }

  decodeFec(next: Uint8Array, samples: number): Float32Array | null {
    try {
      this.#fecOptions.frameSize = samples;
      return this.#handle.decodeFloat(next, this.#fecOptions);
    } catch {
      return null;
    }
  }

  conceal(samples: number): Float32Array {
    try {
      return this.#handle.decodePacketLossFloat(samples);
    } catch {
      return new Float32Array(samples * this.channels);
    }
  }

  free(): void {
    this.#handle.free();
  }
}
