/**
 * A recording as an Ogg Opus file (RFC 7845), written in one pass: a page a second, granules from zero,
 * the last page marked as the end. One page is held back, because only the end tells which one is last.
 */
import { FRAME_SAMPLES } from '@parterre/protocol';
import { HEADER_PAGES, oggHeaders } from './headers.ts';
import { END_OF_STREAM, SEGMENTS_MAX, segmentsOf, writePage } from './page.ts';

const FRAMES_PER_PAGE = 50;

/** `header` first, then what `add` and `finish` return, in order. */
export class OggFileWriter {
  readonly #channels: 1 | 2;
  readonly #serial: number;
  readonly #tags: Readonly<Record<string, string>>;
  #packets: Uint8Array[] = [];
  #segments = 0;
  #frameCount = 0;
  #pageSequence = HEADER_PAGES;

  constructor(channels: 1 | 2, serial: number, tags: Readonly<Record<string, string>>) {
    this.#channels = channels;
    this.#serial = serial;
    this.#tags = tags;
  }

  header(): Uint8Array {
    return oggHeaders(this.#channels, this.#serial, this.#tags);
  }

  /**
   * Takes the next packet of 20 ms; it is kept until its page is written.
   * @returns the page before it, when that is complete, or null
   */
  add(packet: Uint8Array): Uint8Array | null {
    const segments = segmentsOf(packet.length);
    const full =
      this.#packets.length === FRAMES_PER_PAGE ||
      (this.#packets.length > 0 && this.#segments + segments > SEGMENTS_MAX);
    const page = full ? this.#flush(0) : null;
    this.#packets.push(packet);
    this.#segments += segments;
    this.#frameCount += 1;
    return page;
  }

  /** The last page; without packets when there were none. */
  finish(): Uint8Array {
    return this.#flush(END_OF_STREAM);
  }

  #flush(flags: number): Uint8Array {
    const page = writePage({
      packets: this.#packets,
      granule: this.#frameCount * FRAME_SAMPLES,
      serial: this.#serial,
      pageSequence: this.#pageSequence,
      flags,
    });
    this.#pageSequence += 1;
    this.#packets = [];
    this.#segments = 0;
    return page;
  }
}
