/**
 * The WebAssembly decoder, alone in a chunk of its own: imported only where Media Source Extensions have
 * no Opus.
 */
import { OpusDecoder } from 'opus-decoder';

/** Decodes the packets of one stream, in order. */
export interface PacketDecoder {
  /** One Float32Array per channel at 48 kHz. */
  decode(packets: readonly Uint8Array[]): readonly Float32Array[];
  free(): void;
}

export async function openDecoder(channels: 1 | 2): Promise<PacketDecoder> {
  const decoder = new OpusDecoder({
    channels,
    streamCount: 1,
    coupledStreamCount: channels - 1,
    channelMappingTable: channels === 1 ? [0] : [0, 1],
    preSkip: 0,
  });
  await decoder.ready;
  return {
    decode: (packets) => decoder.decodeFrames([...packets]).channelData,
    free: () => decoder.free(),
  };
}

/** Adds the ring's processor to a context. */
export async function addRing(context: AudioContext): Promise<void> {
  await context.audioWorklet.addModule(new URL('./ring.worklet.js', import.meta.url));
}
