/**
 * From the bytes of a live response to chunks: the container's reader, with each snapshot parsed and
 * checked to be one. A snapshot that cannot be read is left out; the sound goes on.
 */
import { FragmentReader } from '@parterre/media/fmp4';
import type { Snapshot } from '@parterre/protocol';

/** One chunk as it arrived. */
export interface Fragment {
  readonly seq: number;
  /** Wall clock of its first sample, ms since the Unix epoch. */
  readonly capturedAtMs: number;
  readonly snapshot: Snapshot | null;
  /** `moof` and `mdat` alone, as a source buffer takes them. */
  readonly media: Uint8Array<ArrayBuffer>;
  /** Its Opus packets, in order. */
  frames(): readonly Uint8Array[];
}

/** What a live response consists of. */
export interface LiveObserver {
  init(bytes: Uint8Array<ArrayBuffer>, channels: 1 | 2): void;
  fragment(fragment: Fragment): void;
}

/** Reads one response; `push` throws when it is not one. */
export class LiveReader {
  readonly #fragments = new FragmentReader();
  readonly #utf8 = new TextDecoder();
  readonly #observer: LiveObserver;

  constructor(observer: LiveObserver) {
    this.#observer = observer;
  }

  push(bytes: Uint8Array): void {
    for (const part of this.#fragments.push(bytes)) {
      if (part.kind === 'error') throw part.error;
      if (part.kind === 'init') {
        this.#observer.init(owned(part.bytes), part.channels);
      } else {
        const { seq, capturedAtMs } = part;
        const snapshot = part.snapshot === null ? null : this.#snapshotOf(part.snapshot);
        this.#observer.fragment({
          seq,
          capturedAtMs,
          snapshot,
          media: owned(part.media),
          frames: () => part.frames(),
        });
      }
    }
  }

  #snapshotOf(bytes: Uint8Array): Snapshot | null {
    try {
      const value = JSON.parse(this.#utf8.decode(bytes)) as Partial<Snapshot> | null;
      const known = value !== null && typeof value === 'object' && value.v === 1;
      return known && Array.isArray(value.seats) ? (value as Snapshot) : null;
    } catch {
      return null;
    }
  }
}

/** The bytes in a buffer of exactly their size, which may be handed to other threads and tabs. */
function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
}
