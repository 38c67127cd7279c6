/**
 * What turns chunks into sound. There are two: Media Source Extensions, and the WebAssembly decoder with
 * an AudioWorklet where those have no Opus. Both play on the programme's clock, in the one element the
 * listener was given, and keep a bounded amount. Positions are ms of programme time since doors.
 */
import type { Fragment } from './reader.ts';

/** A stretch of sound without holes, ms of programme time. */
export interface Range {
  readonly startMs: number;
  readonly endMs: number;
}

export interface EngineObserver {
  /** The engine broke and must be made anew. */
  broken(detail: string): void;
  /** Chunks were left out because the engine could not take them. */
  dropped(fromSeq: number, toSeq: number): void;
}

export interface Engine {
  readonly kind: 'mse' | 'wasm';
  /** Starts the element; in the gesture, before any data. Rejects as `HTMLMediaElement.play()` does. */
  play(): Promise<void>;
  pause(): void;
  /** What is heard now; null before the first sound. */
  readonly positionMs: number | null;
  /** Ascending, disjoint; what is still queued counts when it continues the last. */
  ranges(): readonly Range[];
  init(bytes: Uint8Array<ArrayBuffer>, channels: 1 | 2): void;
  append(fragment: Fragment): void;
  seek(toMs: number): void;
  /** 0 holds the sound where it is. */
  setRate(rate: number): void;
  /** Throws away what is buffered; `append` goes on anywhere. */
  flush(): void;
  close(): void;
}
