/**
 * `AacEncoder` over mediabunny and its AAC extension: libavcodec's encoder as WebAssembly inside the npm
 * package, in a worker thread of its own for each stretch. Loaded with the first stretch, so that a process
 * in which nobody asks for AAC carries none of it.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import type { AacEncoder, AacStretch } from '../../ports/aac-encoder.ts';

type Mediabunny = typeof import('mediabunny');

let loading: Promise<Mediabunny> | null = null;

/** Once a process: registering twice would be another encoder. */
function load(): Promise<Mediabunny> {
  loading ??= Promise.all([import('mediabunny'), import('@mediabunny/aac-encoder')]).then(
    ([mediabunny, { registerAacEncoder }]) => {
      registerAacEncoder();
      return mediabunny;
    },
  );
  return loading;
}

export class MediabunnyAac implements AacEncoder {
  async begin(
    channels: 1 | 2,
    bitrateBps: number,
    frame: (bytes: Uint8Array) => void,
  ): Promise<AacStretch> {
    const { AdtsOutputFormat, AudioSample, AudioSampleSource, NullTarget, Output } = await load();
    const source = new AudioSampleSource({
      codec: 'aac',
      bitrate: bitrateBps,
      onEncodedPacket: (packet) => frame(packet.data),
    });
    const output = new Output({ format: new AdtsOutputFormat(), target: new NullTarget() });
    output.addAudioTrack(source);
    await output.start();
    let pushed = 0;
    return {
      async push(pcm) {
        const sample = new AudioSample({
          data: pcm,
          format: 'f32',
          numberOfChannels: channels,
          sampleRate: SAMPLE_RATE_HZ,
          timestamp: pushed / SAMPLE_RATE_HZ,
        });
        pushed += pcm.length / channels;
        await source.add(sample);
        sample.close();
      },
      close() {
        if (output.state === 'started') void output.cancel();
      },
    };
  }
}
