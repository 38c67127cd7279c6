/**
 * Where chunks come from, over all the spaces an evening may have: when one is given up, its last chunk
 * names the successor, and the line goes on there. Invariant: for those who read it the numbers ascend
 * without a gap across spaces, so that one source buffer plays on; what the successor has from before the
 * end of the old is left out, so that the distance to live stays. A whole house moves at once: each of it
 * waits a part of what it has buffered, so that the move is no stampede.
 */
import { renumbered } from '@parterre/media/fmp4';
import { CHUNK_MS, PROFILES } from '@parterre/protocol';
import { retryDelayMs } from './backoff.ts';
import { basesOf } from './house.ts';
import type { Fragment } from './reader.ts';
import { openSource } from './share.ts';
import type { LossReason, Source, SourceObserver } from './source.ts';
import { Alarm, type System } from './system.ts';
import type { ListenOptions } from './types.ts';

export interface LineObserver extends SourceObserver {
  /** From here on it is the programme of `space`. */
  moved(space: string): void;
  /** Sound that has arrived and is not heard yet, ms. */
  aheadMs(): number;
  /** Told when this tab begins or ceases to have the connection. */
  led(leads: boolean): void;
}

/** What a house sends at once is from the past; more than that is never left out. */
const PAST_CHUNKS_MAX = PROFILES.steady.bufferMs / CHUNK_MS;

export class Line implements Source {
  readonly #options: ListenOptions;
  readonly #system: System;
  readonly #observer: LineObserver;
  #source: Source;
  #space: string;
  readonly #begins: Alarm;
  /** Added to the numbers of the space. */
  #offset = 0;
  #last: { readonly seq: number; readonly capturedAtMs: number } | null = null;
  /** The first chunk of a successor is still to come: so many from before may be left out. */
  #pastChunks: number | null = null;

  constructor(options: ListenOptions, system: System, observer: LineObserver) {
    this.#options = options;
    this.#system = system;
    this.#observer = observer;
    this.#space = options.space;
    this.#begins = new Alarm(system, () => this.#source.start(null));
    this.#source = this.#open();
  }

  start(fromSeq: number | null): void {
    this.#begins.clear();
    if (fromSeq === null) this.#forget();
    this.#source.start(fromSeq === null ? null : fromSeq - this.#offset);
  }

  restart(fromSeq: number | null, reason: LossReason): void {
    this.#begins.clear();
    if (fromSeq === null) this.#forget();
    this.#source.restart(fromSeq === null ? null : fromSeq - this.#offset, reason);
  }

  check(): void {
    this.#source.check();
  }

  stop(): void {
    this.#begins.clear();
    this.#source.stop();
  }

  /** Goes on in another space; nothing more comes from this one. */
  moveTo(space: string): void {
    if (space === this.#space) return;
    this.#source.stop();
    this.#space = space;
    this.#pastChunks = PAST_CHUNKS_MAX;
    this.#source = this.#open();
    // Spread as after a loss: a small buffer leaves no time to wait.
    this.#begins.set(retryDelayMs(1, this.#system.random(), 0, this.#observer.aheadMs()));
    this.#observer.moved(space);
  }

  #forget(): void {
    this.#last = null;
    this.#pastChunks = null;
  }

  #open(): Source {
    const { options, observer } = { options: this.#options, observer: this.#observer };
    const space = this.#space;
    const source = {
      space,
      bases: basesOf(options),
      profile: options.profile ?? null,
      system: this.#system,
      // Both are good for the first space alone.
      ...(space === options.space ? { queue: options.queue, seat: options.seat } : {}),
      share: options.share ?? true,
      led: (leads: boolean) => observer.led(leads),
    };
    /** What comes late from a space that was left is nothing to anybody. */
    const here = <A extends unknown[]>(then: (...of: A) => void) => {
      return (...of: A) => {
        if (space === this.#space) then(...of);
      };
    };
    return openSource(source, {
      init: here((bytes, channels) => observer.init(bytes, channels)),
      fragment: here((fragment) => this.#arrived(fragment)),
      rewound: here(() => {
        this.#forget();
        observer.rewound();
      }),
      report: here((report) => observer.report(report)),
    });
  }

  #arrived(fragment: Fragment): void {
    if (this.#isPast(fragment)) return;
    const seq = fragment.seq + this.#offset;
    const { capturedAtMs, snapshot } = fragment;
    this.#last = { seq, capturedAtMs };
    const media = this.#offset === 0 ? fragment.media : renumbered(fragment.media, seq);
    this.#observer.fragment({ ...fragment, seq, media });
    if (typeof snapshot?.successor === 'string') this.moveTo(snapshot.successor);
  }

  /** Finds the place of a successor's first chunk. */
  #isPast({ seq, capturedAtMs }: Fragment): boolean {
    if (this.#pastChunks === null) return false;
    const last = this.#last;
    const past = last !== null && capturedAtMs < last.capturedAtMs + CHUNK_MS / 2;
    if (past && this.#pastChunks-- > 0) return true;
    this.#pastChunks = null;
    this.#offset = last === null ? this.#offset : last.seq + 1 - seq;
    return false;
  }
}
