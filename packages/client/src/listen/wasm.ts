/**
 * Plays where Media Source Extensions have no Opus: packets are decoded by WebAssembly and written into
 * the ring of an AudioWorklet, which plays into the same element through a media stream. So volume,
 * mute and the lock screen work alike on both paths. The context is made in the gesture; decoder and
 * worklet are fetched after it, and what arrives before they are ready waits, bounded.
 */
import { CHUNK_SAMPLES, clockOfSeq, SAMPLE_RATE_HZ } from '@parterre/protocol';
import type { Engine, EngineObserver, Range } from './engine.ts';
import type { PacketDecoder } from './opus.ts';
import type { Fragment } from './reader.ts';

/** Chunks that may wait for the decoder: 10 s. The oldest are left out. */
const WAITING_CHUNKS_MAX = 50;
/** Rates further from 1 than this would be heard as pitch: nothing here stretches time. */
const RATE_DEVIATION_MAX = 0.01;
const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1_000;

/** The processor's name in `ring.worklet.js`. */
const RING_NAME = 'parterre-ring';
/** Samples the ring holds per channel: 60 s. */
const RING_SAMPLES = SAMPLE_RATE_HZ * 60;

/** What the page tells the ring; positions in samples of programme time. */
type ToRing =
  | { readonly t: 'pcm'; readonly at: number; readonly channels: readonly Float32Array[] }
  | { readonly t: 'rate'; readonly rate: number }
  | { readonly t: 'seek'; readonly to: number }
  | { readonly t: 'flush' };

/** Whether this browser can play by WebAssembly and AudioWorklet. */
export function wasmHasOpus(): boolean {
  return typeof AudioWorkletNode === 'function' && typeof WebAssembly === 'object';
}

export class WasmEngine implements Engine {
  readonly kind = 'wasm';
  readonly #element: HTMLAudioElement;
  readonly #observer: EngineObserver;
  readonly #context: AudioContext;
  readonly #output: MediaStreamAudioDestinationNode;
  #node: AudioWorkletNode | null = null;
  #decoder: PacketDecoder | null = null;
  #opening = false;
  #waiting: Fragment[] = [];
  /** Samples of programme time that the ring holds, ascending and disjoint. */
  #spans: { start: number; end: number }[] = [];
  #at: number | null = null;
  #closed = false;

  constructor(element: HTMLAudioElement, observer: EngineObserver) {
    this.#element = element;
    this.#observer = observer;
    this.#context = new AudioContext({ sampleRate: SAMPLE_RATE_HZ, latencyHint: 'playback' });
    this.#output = this.#context.createMediaStreamDestination();
    element.srcObject = this.#output.stream;
  }

  async play(): Promise<void> {
    const resumed = this.#context.resume();
    await Promise.all([this.#element.play(), resumed]);
  }

  pause(): void {
    this.#element.pause();
    void this.#context.suspend();
  }

  get positionMs(): number | null {
    return this.#at === null ? null : this.#at / SAMPLES_PER_MS;
  }

  ranges(): readonly Range[] {
    return this.#spans.map(({ start, end }) => ({
      startMs: start / SAMPLES_PER_MS,
      endMs: end / SAMPLES_PER_MS,
    }));
  }

  init(_bytes: Uint8Array<ArrayBuffer>, channels: 1 | 2): void {
    if (this.#opening) return;
    this.#opening = true;
    this.#open(channels).catch((error: unknown) => {
      if (!this.#closed)
        this.#observer.broken(error instanceof Error ? error.message : String(error));
    });
  }

  append(fragment: Fragment): void {
    this.#waiting.push(fragment);
    if (this.#waiting.length > WAITING_CHUNKS_MAX) {
      const { seq } = this.#waiting.shift()!;
      this.#observer.dropped(seq, seq + 1);
    }
    this.#drain();
  }

  seek(toMs: number): void {
    this.#at = Math.round(toMs * SAMPLES_PER_MS);
    this.#tell({ t: 'seek', to: this.#at });
  }

  setRate(rate: number): void {
    const near = Math.max(1 - RATE_DEVIATION_MAX, Math.min(1 + RATE_DEVIATION_MAX, rate));
    this.#tell({ t: 'rate', rate: rate === 0 ? 0 : near });
  }

  flush(): void {
    this.#waiting = [];
    this.#spans = [];
    this.#at = null;
    this.#tell({ t: 'flush' });
  }

  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#node?.disconnect();
    this.#decoder?.free();
    this.#decoder = null;
    if (this.#element.srcObject === this.#output.stream) this.#element.srcObject = null;
    void this.#context.close();
  }

  async #open(channels: 1 | 2): Promise<void> {
    const { addRing, openDecoder } = await import('./opus.ts');
    const [decoder] = await Promise.all([openDecoder(channels), addRing(this.#context)]);
    if (this.#closed) {
      decoder.free();
      return;
    }
    this.#decoder = decoder;
    this.#node = new AudioWorkletNode(this.#context, RING_NAME, {
      numberOfInputs: 0,
      processorOptions: { ringSamples: RING_SAMPLES },
      outputChannelCount: [channels],
    });
    this.#node.port.onmessage = ({ data }: MessageEvent<{ readonly at: number }>) => {
      if (this.#spans.length > 0) this.#at = data.at;
      this.#forgetPlayed();
    };
    this.#node.connect(this.#output);
    this.#drain();
  }

  #drain(): void {
    if (this.#decoder === null || this.#node === null) return;
    for (const fragment of this.#waiting) this.#decode(this.#decoder, fragment);
    this.#waiting = [];
  }

  #decode(decoder: PacketDecoder, fragment: Fragment): void {
    const at = clockOfSeq(fragment.seq);
    const channels = decoder.decode(fragment.frames());
    const count = channels[0]?.length ?? 0;
    if (count !== CHUNK_SAMPLES) {
      this.#observer.dropped(fragment.seq, fragment.seq + 1);
      if (count === 0) return;
    }
    const last = this.#spans.at(-1);
    if (last !== undefined && last.end === at) last.end = at + count;
    else this.#spans.push({ start: at, end: at + count });
    if (this.#at === null) this.#at = at;
    this.#tell({ t: 'pcm', at, channels });
    this.#forgetPlayed();
  }

  #forgetPlayed(): void {
    const from = (this.#at ?? 0) - RING_SAMPLES / 2;
    while (this.#spans.length > 0 && this.#spans[0]!.end < from) this.#spans.shift();
  }

  #tell(word: ToRing): void {
    this.#node?.port.postMessage(word);
  }
}
