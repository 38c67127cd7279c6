/**
 * Plays through Media Source Extensions, or ManagedMediaSource where the system decides when to buffer
 * (iPhone). One source buffer in segments mode on the programme's clock: chunks land where their `tfdt`
 * says, whatever connection brought them. What waits to be appended is bounded, what was played is
 * evicted, and the element starts at the beginning of what is buffered, never at zero.
 */
import { CHUNK_MS } from '@parterre/protocol';
import type { Engine, EngineObserver, Range } from './engine.ts';
import type { Fragment } from './reader.ts';

/** Chunks that may wait for the source buffer: 30 s. The oldest are left out. */
export const QUEUE_CHUNKS_MAX = 150;
/** Played sound is kept for this long and evicted when there is twice as much, s. */
const KEEP_BEHIND_S = 5;
/** A managed source that says "enough" is believed only while this much is ahead, ms. */
const MANAGED_AHEAD_MS = 4_000;

/** Both spellings are probed: browsers have differed in which they know. */
const TYPES = ['audio/mp4; codecs="opus"', 'audio/mp4; codecs="Opus"'] as const;

interface ManagedSource extends MediaSource {
  readonly streaming?: boolean;
}
type SourceClass = { new (): ManagedSource; isTypeSupported(type: string): boolean };

function sourceClass(): { readonly make: SourceClass; readonly type: string } | null {
  const scope = globalThis as { ManagedMediaSource?: SourceClass; MediaSource?: SourceClass };
  for (const make of [scope.MediaSource, scope.ManagedMediaSource]) {
    const type = make && TYPES.find((candidate) => make.isTypeSupported(candidate));
    if (make && type !== undefined) return { make, type };
  }
  return null;
}

/** Whether this browser can play Opus in fragmented MP4 from a script. */
export function mseHasOpus(): boolean {
  return sourceClass() !== null;
}

export class MseEngine implements Engine {
  readonly kind = 'mse';
  readonly #element: HTMLAudioElement;
  readonly #observer: EngineObserver;
  readonly #type: string;
  readonly #source: ManagedSource;
  readonly #url: string;
  #buffer: SourceBuffer | null = null;
  #queue: (Fragment | { readonly seq: null; readonly media: Uint8Array<ArrayBuffer> })[] = [];
  #init: Uint8Array<ArrayBuffer> | null = null;
  #started = false;
  #flushing = false;
  #closed = false;

  /** @throws Error where `mseHasOpus()` is false */
  constructor(element: HTMLAudioElement, observer: EngineObserver) {
    const found = sourceClass();
    if (found === null) throw new Error('no Opus');
    this.#element = element;
    this.#observer = observer;
    this.#type = found.type;
    this.#source = new found.make();
    this.#source.addEventListener('sourceopen', this.#open, { once: true });
    this.#source.addEventListener('startstreaming', this.#pump);
    element.disableRemotePlayback = true;
    element.preservesPitch = true;
    this.#url = URL.createObjectURL(this.#source);
    element.src = this.#url;
  }

  play(): Promise<void> {
    return this.#element.play();
  }

  pause(): void {
    this.#element.pause();
  }

  get positionMs(): number | null {
    return this.#started ? this.#element.currentTime * 1_000 : null;
  }

  ranges(): readonly Range[] {
    const ranges: { startMs: number; endMs: number }[] = [];
    const buffered = this.#buffer === null ? null : this.#element.buffered;
    for (let at = 0; buffered !== null && at < buffered.length; at++) {
      ranges.push({ startMs: buffered.start(at) * 1_000, endMs: buffered.end(at) * 1_000 });
    }
    for (const { seq } of this.#queue) {
      const last = ranges.at(-1);
      if (seq === null || last === undefined) continue;
      if (Math.abs(seq * CHUNK_MS - last.endMs) < 1) last.endMs += CHUNK_MS;
    }
    return ranges;
  }

  init(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#init !== null && sameBytes(this.#init, bytes)) return;
    this.#init = bytes;
    this.#queue.push({ seq: null, media: bytes });
    this.#pump();
  }

  append(fragment: Fragment): void {
    this.#queue.push(fragment);
    if (this.#queue.length > QUEUE_CHUNKS_MAX) this.#shed();
    this.#pump();
  }

  seek(toMs: number): void {
    this.#element.currentTime = toMs / 1_000;
  }

  setRate(rate: number): void {
    if (this.#element.playbackRate !== rate) this.#element.playbackRate = rate;
  }

  flush(): void {
    this.#queue = [];
    if (this.#init !== null) this.#queue.push({ seq: null, media: this.#init });
    this.#started = false;
    this.#flushing = true;
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    this.#queue = [];
    this.#source.removeEventListener('sourceopen', this.#open);
    this.#source.removeEventListener('startstreaming', this.#pump);
    this.#buffer?.removeEventListener('updateend', this.#pump);
    this.#buffer = null;
    URL.revokeObjectURL(this.#url);
    if (this.#element.src === this.#url) {
      this.#element.pause();
      this.#element.removeAttribute('src');
      this.#element.load();
    }
  }

  readonly #open = (): void => {
    try {
      this.#buffer = this.#source.addSourceBuffer(this.#type);
      this.#buffer.mode = 'segments';
      this.#buffer.addEventListener('updateend', this.#pump);
      this.#pump();
    } catch (error) {
      this.#break(error);
    }
  };

  /** Does the next thing the source buffer needs; called again when it has done it. */
  readonly #pump = (): void => {
    const buffer = this.#buffer;
    if (buffer === null || this.#closed || buffer.updating) return;
    if (this.#element.error !== null) {
      this.#break(this.#element.error);
      return;
    }
    try {
      if (this.#flushing) {
        this.#empty(buffer);
        return;
      }
      this.#startAtBuffered(buffer);
      if (this.#evict(buffer)) return;
      if (!this.#wanted()) return;
      const next = this.#queue[0];
      if (next === undefined) return;
      buffer.appendBuffer(next.media);
      this.#queue.shift();
    } catch (error) {
      if ((error as Error).name === 'QuotaExceededError') this.#makeRoom(buffer);
      else this.#break(error);
    }
  };

  #empty(buffer: SourceBuffer): void {
    this.#flushing = false;
    buffer.abort();
    if (buffer.buffered.length > 0) buffer.remove(0, Number.POSITIVE_INFINITY);
    else this.#pump();
  }

  #startAtBuffered(buffer: SourceBuffer): void {
    if (this.#started || buffer.buffered.length === 0) return;
    this.#started = true;
    this.#element.currentTime = buffer.buffered.start(0);
  }

  /** True when a removal has begun. */
  #evict(buffer: SourceBuffer): boolean {
    if (buffer.buffered.length === 0 || !this.#started) return false;
    const behindS = this.#element.currentTime - buffer.buffered.start(0);
    if (behindS < KEEP_BEHIND_S * 2) return false;
    buffer.remove(0, this.#element.currentTime - KEEP_BEHIND_S);
    return true;
  }

  #wanted(): boolean {
    if (this.#source.streaming !== false || !this.#started) return true;
    const last = this.ranges().at(-1);
    return last === undefined || last.endMs - this.#element.currentTime * 1_000 < MANAGED_AHEAD_MS;
  }

  #makeRoom(buffer: SourceBuffer): void {
    const { currentTime } = this.#element;
    if (buffer.buffered.length > 0 && buffer.buffered.start(0) < currentTime - 1) {
      buffer.remove(0, currentTime - 1);
    } else {
      this.#shed();
    }
  }

  /** Leaves out the oldest chunk that waits. */
  #shed(): void {
    const at = this.#queue.findIndex(({ seq }) => seq !== null);
    const [left] = at < 0 ? [] : this.#queue.splice(at, 1);
    if (left !== undefined && left.seq !== null) this.#observer.dropped(left.seq, left.seq + 1);
  }

  #break(error: unknown): void {
    if (this.#closed) return;
    this.#observer.broken(
      error instanceof Error ? error.message : ((error as MediaError).message ?? ''),
    );
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
