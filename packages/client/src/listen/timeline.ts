/**
 * What arrived but is not heard yet: for each chunk, when it was captured and what the programme said
 * of itself. Looked up by the position of the ear, so that a view shows who speaks when their voice is
 * heard. Bounded; what was heard is forgotten.
 */
import type { Snapshot } from '@parterre/protocol';
import { CHUNK_MS } from '@parterre/protocol';

/** Chunks remembered ahead of the ear: two minutes, as long as any log ring. */
export const TIMELINE_CHUNKS_MAX = 600;

interface Mark {
  readonly seq: number;
  readonly capturedAtMs: number;
  readonly snapshot: Snapshot | null;
}

export class Timeline {
  #marks: Mark[] = [];
  #snapshot: Snapshot | null = null;
  #heard: Mark | null = null;

  /** In order of sequence. */
  arrived(seq: number, capturedAtMs: number, snapshot: Snapshot | null): void {
    this.#marks.push({ seq, capturedAtMs, snapshot });
    if (this.#marks.length > TIMELINE_CHUNKS_MAX) this.#take(this.#marks.shift()!);
  }

  /** Moves the ear to `positionMs` of programme time; true when the snapshot heard changed. */
  hear(positionMs: number): boolean {
    const before = this.#snapshot;
    let passed = 0;
    while (passed < this.#marks.length && this.#marks[passed]!.seq * CHUNK_MS <= positionMs) {
      this.#take(this.#marks[passed]!);
      passed++;
    }
    if (passed > 0) this.#marks.splice(0, passed);
    return this.#snapshot !== before;
  }

  get snapshot(): Snapshot | null {
    return this.#snapshot;
  }

  /** The last snapshot that arrived, heard or not. */
  get newest(): Snapshot | null {
    for (let at = this.#marks.length - 1; at >= 0; at--) {
      const snapshot = this.#marks[at]!.snapshot;
      if (snapshot !== null) return snapshot;
    }
    return this.#snapshot;
  }

  /** When the sample heard at `positionMs` was captured, server wall clock; null when not known. */
  capturedAtMs(positionMs: number): number | null {
    const heard = this.#heard;
    if (heard === null) return null;
    return heard.capturedAtMs + (positionMs - heard.seq * CHUNK_MS);
  }

  forget(): void {
    this.#marks = [];
    this.#heard = null;
  }

  #take(mark: Mark): void {
    this.#heard = mark;
    if (mark.snapshot !== null) this.#snapshot = mark.snapshot;
  }
}
