/**
 * Reads an Ogg Opus stream as it arrives, in pieces of any size: the headers, then page after page with
 * the packets that end on it. Packets may run over several pages. Invariant: at most one page and one
 * packet of PACKET_BYTES_MAX are kept. It refuses wrong checksums, other streams mixed in and lost
 * packet halves, with an error part that is the last; a chain of streams (RFC 3533 §4) is read on.
 */
import { ContainerError } from '../container-error.ts';
import { pageChecksum } from './crc.ts';
import { type OpusHead, type OpusTags, parseHead, parseTags } from './headers.ts';
import {
  BEGIN_OF_STREAM,
  CAPTURE_PATTERN,
  CONTINUED,
  END_OF_STREAM,
  PAGE_HEADER_BYTES,
  SEGMENTS_MAX,
} from './page.ts';

export interface HeadPart {
  readonly kind: 'head';
  readonly head: OpusHead;
  readonly serial: number;
}

export interface TagsPart {
  readonly kind: 'tags';
  readonly tags: OpusTags;
}

export interface PagePart {
  readonly kind: 'page';
  /** The Opus packets that end on this page; the receiver owns them. */
  readonly packets: readonly Uint8Array[];
  /** End of the last packet that ends here on the 48 kHz clock; null when none ends here. */
  readonly granule: number | null;
  readonly pageSequence: number;
  readonly endOfStream: boolean;
}

/** The stream broke a rule; nothing more will come from this reader. */
export interface OggErrorPart {
  readonly kind: 'error';
  readonly error: ContainerError;
}

export type OggPart = HeadPart | TagsPart | PagePart | OggErrorPart;

/** Largest packet that is put together, bytes; tags included. */
export const PACKET_BYTES_MAX = 131_072;
const PAGE_BYTES_MAX = PAGE_HEADER_BYTES + SEGMENTS_MAX + SEGMENTS_MAX * 255;
const TWO_32 = 0x1_0000_0000;
const NO_GRANULE = 0xffff_ffff;

export class OggReader {
  readonly #page = new Uint8Array(PAGE_BYTES_MAX);
  readonly #view = new DataView(this.#page.buffer);
  #pageBytes = 0;
  #expects: 'head' | 'tags' | 'sound' = 'head';
  #serial = 0;
  /** The beginning of a packet that goes on on the next page. */
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;
  #failed = false;

  /** Takes the next bytes, which it does not keep. @returns what they completed, in order */
  push(bytes: Uint8Array): OggPart[] {
    const parts: OggPart[] = [];
    let at = 0;
    while (at < bytes.length && !this.#failed) {
      const taken = Math.min(this.#needed() - this.#pageBytes, bytes.length - at);
      this.#page.set(bytes.subarray(at, at + taken), this.#pageBytes);
      this.#pageBytes += taken;
      at += taken;
      this.#advance(parts);
    }
    return parts;
  }

  /** True when the stream may end here: between two pages, no packet open, and not after an error. */
  get atBoundary(): boolean {
    return !this.#failed && this.#pageBytes === 0 && this.#pieces.length === 0;
  }

  /** How many bytes of the page are needed to learn more. */
  #needed(): number {
    if (this.#pageBytes < PAGE_HEADER_BYTES) return PAGE_HEADER_BYTES;
    const segmentsEnd = PAGE_HEADER_BYTES + this.#page[26]!;
    if (this.#pageBytes < segmentsEnd) return segmentsEnd;
    let end = segmentsEnd;
    for (let index = PAGE_HEADER_BYTES; index < segmentsEnd; index += 1) end += this.#page[index]!;
    return end;
  }

  #advance(parts: OggPart[]): void {
    if (this.#pageBytes === PAGE_HEADER_BYTES) {
      const problem = this.#headerProblem();
      if (problem !== null) {
        this.#fail(parts, problem);
        return;
      }
    }
    if (this.#pageBytes < PAGE_HEADER_BYTES || this.#pageBytes < this.#needed()) return;
    const problem = this.#takePage(parts);
    this.#pageBytes = 0;
    if (problem !== null) this.#fail(parts, problem);
  }

  #fail(parts: OggPart[], error: ContainerError): void {
    this.#failed = true;
    this.#pieces = [];
    this.#pieceBytes = 0;
    parts.push({ kind: 'error', error });
  }

  #headerProblem(): ContainerError | null {
    const capture = this.#view.getUint32(0);
    if (capture !== CAPTURE_PATTERN) {
      return new ContainerError('page', 'must begin with OggS', capture);
    }
    const version = this.#view.getUint8(4);
    if (version !== 0) return new ContainerError('page.version', 'must be 0', version);
    const begins = (this.#view.getUint8(5) & BEGIN_OF_STREAM) !== 0;
    if (begins !== (this.#expects === 'head')) {
      const rule = begins ? 'must not begin a stream inside another' : 'must begin a stream';
      return new ContainerError('page.flags', rule, this.#view.getUint8(5));
    }
    const serial = this.#view.getUint32(14, true);
    if (begins) this.#serial = serial;
    if (serial === this.#serial) return null;
    return new ContainerError('page.serial', `must be ${this.#serial}`, serial);
  }

  #takePage(parts: OggPart[]): ContainerError | null {
    const page = this.#page.subarray(0, this.#pageBytes);
    const checksum = this.#view.getUint32(22, true);
    const computed = pageChecksum(page);
    if (checksum !== computed)
      return new ContainerError('page.crc', `must be ${computed}`, checksum);
    const flags = this.#view.getUint8(5);
    const continued = (flags & CONTINUED) !== 0;
    if (continued !== this.#pieces.length > 0) {
      return new ContainerError(
        'page.flags',
        'must continue the packet before, if it is open',
        flags,
      );
    }
    const packets = this.#packetsOf(page);
    if (packets instanceof ContainerError) return packets;
    const endOfStream = (flags & END_OF_STREAM) !== 0;
    const sound = this.#takeHeaders(packets, parts);
    if (sound instanceof ContainerError) return sound;
    if (sound) {
      const granule = this.#granule();
      if (granule instanceof ContainerError) return granule;
      const pageSequence = this.#view.getUint32(18, true);
      parts.push({ kind: 'page', packets, granule, pageSequence, endOfStream });
    }
    if (!endOfStream) return null;
    if (this.#pieces.length > 0) {
      return new ContainerError('page.flags', 'must not end the stream inside a packet', flags);
    }
    this.#expects = 'head';
    return null;
  }

  /** Cuts the page into packets; what goes on on the next page is kept. */
  #packetsOf(page: Uint8Array): Uint8Array[] | ContainerError {
    const segments = page[26]!;
    const packets: Uint8Array[] = [];
    let start = PAGE_HEADER_BYTES + segments;
    let end = start;
    for (let index = 0; index < segments; index += 1) {
      const lacing = page[PAGE_HEADER_BYTES + index]!;
      end += lacing;
      if (lacing === 255 && index + 1 < segments) continue;
      this.#pieces.push(page.slice(start, end));
      this.#pieceBytes += end - start;
      start = end;
      if (this.#pieceBytes > PACKET_BYTES_MAX) {
        const rule = `must have at most ${PACKET_BYTES_MAX} bytes`;
        return new ContainerError('packet', rule, this.#pieceBytes);
      }
      if (lacing < 255) packets.push(this.#closePacket());
    }
    return packets;
  }

  #closePacket(): Uint8Array {
    const [first] = this.#pieces;
    let packet = first!;
    if (this.#pieces.length > 1) {
      packet = new Uint8Array(this.#pieceBytes);
      let at = 0;
      for (const piece of this.#pieces) {
        packet.set(piece, at);
        at += piece.length;
      }
    }
    this.#pieces = [];
    this.#pieceBytes = 0;
    return packet;
  }

  /** @returns true when the page is one of sound; header packets have pages of their own (RFC 7845 §3) */
  #takeHeaders(packets: readonly Uint8Array[], parts: OggPart[]): boolean | ContainerError {
    if (this.#expects === 'sound') return true;
    const [packet] = packets;
    if (packet === undefined) {
      if (this.#expects === 'tags') return false;
      return new ContainerError('OpusHead', 'must end on the first page', 0);
    }
    if (packets.length > 1 || this.#pieces.length > 0) {
      return new ContainerError(
        `page of ${this.#expects}`,
        'must end one packet only',
        packets.length,
      );
    }
    if (this.#expects === 'head') {
      const head = parseHead(packet);
      if (head instanceof ContainerError) return head;
      parts.push({ kind: 'head', head, serial: this.#serial });
      this.#expects = 'tags';
      return false;
    }
    const tags = parseTags(packet);
    if (tags instanceof ContainerError) return tags;
    parts.push({ kind: 'tags', tags });
    this.#expects = 'sound';
    return false;
  }

  #granule(): number | null | ContainerError {
    const low = this.#view.getUint32(6, true);
    const high = this.#view.getUint32(10, true);
    if (low === NO_GRANULE && high === NO_GRANULE) return null;
    const granule = high * TWO_32 + low;
    if (Number.isSafeInteger(granule)) return granule;
    return new ContainerError('page.granule', 'must be below 2^53', granule);
  }
}
