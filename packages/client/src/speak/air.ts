/**
 * A file on air: decoded, and mixed with the microphone into one track for as long as it plays. Between
 * clips the microphone's own track goes out, so that nobody depends on Web Audio to be heard.
 */
import { SpeakError } from './failure.ts';
import type { AirClip } from './types.ts';

/** Largest file taken, bytes: decoded sound is about ten times that in memory. */
export const FILE_BYTES_MAX = 64 * 1024 * 1024;
const FADE_S = 0.02;

export interface AirOptions {
  readonly name: string;
  readonly gainDb: number;
}

export class PlayingClip implements AirClip {
  readonly name: string;
  readonly durationMs: number;
  readonly finished: Promise<void>;
  readonly #context: AudioContext;
  readonly #output: MediaStreamAudioDestinationNode;
  readonly #voice: GainNode;
  readonly #clip: GainNode;
  readonly #player: AudioBufferSourceNode;
  readonly #startedAtS: number;
  #microphone: MediaStreamAudioSourceNode | null = null;
  #playing = true;

  constructor(context: AudioContext, sound: AudioBuffer, { name, gainDb }: AirOptions) {
    this.name = name;
    this.durationMs = Math.round(sound.duration * 1_000);
    this.#context = context;
    this.#output = context.createMediaStreamDestination();
    this.#voice = context.createGain();
    this.#clip = context.createGain();
    this.#clip.gain.value = 10 ** (gainDb / 20);
    this.#player = new AudioBufferSourceNode(context, { buffer: sound });
    this.#player.connect(this.#clip).connect(this.#output);
    // To oneself too: whoever starts a jingle wants to hear it.
    this.#clip.connect(context.destination);
    this.#voice.connect(this.#output);
    this.finished = new Promise((resolve) => {
      this.#player.onended = () => {
        this.#playing = false;
        this.#microphone?.disconnect();
        this.#clip.disconnect();
        this.#voice.disconnect();
        resolve();
      };
    });
    this.#startedAtS = context.currentTime;
    this.#player.start();
  }

  /** Clip and microphone together, to be sent while it plays. */
  get track(): MediaStreamTrack {
    return this.#output.stream.getAudioTracks()[0]!;
  }

  get positionMs(): number {
    if (!this.#playing) return this.durationMs;
    return Math.min(this.durationMs, (this.#context.currentTime - this.#startedAtS) * 1_000);
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** The microphone to mix in; null for the clip alone. */
  mix(stream: MediaStream | null): void {
    this.#microphone?.disconnect();
    this.#microphone = stream === null ? null : this.#context.createMediaStreamSource(stream);
    this.#microphone?.connect(this.#voice);
  }

  stop(): void {
    if (!this.#playing) return;
    const now = this.#context.currentTime;
    this.#clip.gain.setTargetAtTime(0, now, FADE_S / 3);
    this.#player.stop(now + FADE_S);
  }
}

/** Decodes a file. @throws SpeakError `file_unreadable` */
export async function decodeFile(
  context: AudioContext,
  file: Blob | ArrayBuffer,
): Promise<AudioBuffer> {
  const size = file instanceof Blob ? file.size : file.byteLength;
  if (size === 0 || size > FILE_BYTES_MAX) throw new SpeakError('file_unreadable');
  try {
    // decodeAudioData takes the buffer away from its owner.
    const bytes = file instanceof Blob ? await file.arrayBuffer() : file.slice(0);
    return await context.decodeAudioData(bytes);
  } catch {
    throw new SpeakError('file_unreadable');
  }
}
