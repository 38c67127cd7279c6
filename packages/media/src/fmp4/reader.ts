/**
 * Reads a live response as it arrives, in pieces of any size: the init segment, then one fragment per
 * chunk with its capture time and snapshot taken out. Invariants: the concatenation of the `media` of all
 * parts after the init segment is a stream a player can append; at most HELD_BYTES_MAX are kept whatever
 * the other side sends. It refuses what the live lane never writes, with an error part that is the last.
 */
import { clockOfSeq, EMSG_SCHEME, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { ContainerError } from '../container-error.ts';
import { getNtp } from '../ntp.ts';
import { ascii, BOX_HEADER_BYTES, concat, fourccText, getUint64, viewOf } from './box.ts';
import { type FragmentHeader, parseMoof } from './moof.ts';
import { parseMoov } from './moov.ts';

export interface InitPart {
  readonly kind: 'init';
  /** `ftyp` and `moov`, to be appended first. */
  readonly bytes: Uint8Array;
  readonly channels: 1 | 2;
}

export interface FragmentPart {
  readonly kind: 'fragment';
  readonly seq: number;
  /** Wall clock of the first sample, ms since the Unix epoch. */
  readonly capturedAtMs: number;
  /** UTF-8 JSON of the snapshot, or null when the chunk carries none. */
  readonly snapshot: Uint8Array | null;
  /** `moof` and `mdat`, to be appended. The receiver owns it. */
  readonly media: Uint8Array;
  /** The Opus packets, views into `media`. */
  frames(): Uint8Array[];
}

/** The stream broke a rule; nothing more will come from this reader. */
export interface ErrorPart {
  readonly kind: 'error';
  readonly error: ContainerError;
}

export type LivePart = InitPart | FragmentPart | ErrorPart;

/** Largest size of each box, header included, bytes; a box not named here is passed over unread. */
const BOX_BYTES_MAX: Readonly<Record<string, number>> = {
  ftyp: 256,
  moov: 4_096,
  emsg: 65_536,
  prft: 64,
  moof: 1_024,
  mdat: 65_536,
};
const PASSED_OVER_BYTES_MAX = 65_536;
/** Most bytes a reader keeps between two pushes. */
export const HELD_BYTES_MAX = Object.values(BOX_BYTES_MAX).reduce((sum, bytes) => sum + bytes, 0);

const EMSG_STRINGS = ascii(`${EMSG_SCHEME}\0\0`);
const EMSG_FIXED_BYTES = 32 + EMSG_STRINGS.length;
const VERSION_1 = 0x0100_0000;

export class FragmentReader {
  readonly #header = new Uint8Array(BOX_HEADER_BYTES);
  #headerBytes = 0;
  /** The box being filled, header included; null between boxes. */
  #box: Uint8Array | null = null;
  #boxBytes = 0;
  #passOver = 0;
  #failed = false;

  #fileType: Uint8Array | null = null;
  #started = false;
  #event: { readonly snapshot: Uint8Array; readonly time: number } | null = null;
  #reference: { readonly unixMs: number; readonly time: number } | null = null;
  #moof: { readonly bytes: Uint8Array; readonly header: FragmentHeader } | null = null;

  /** Takes the next bytes, which it does not keep. @returns what they completed, in order */
  push(bytes: Uint8Array): LivePart[] {
    const parts: LivePart[] = [];
    let at = 0;
    while (at < bytes.length && !this.#failed) {
      if (this.#passOver > 0) {
        const skipped = Math.min(this.#passOver, bytes.length - at);
        this.#passOver -= skipped;
        at += skipped;
      } else if (this.#box === null) {
        at += this.#fillHeader(bytes, at, parts);
      } else {
        at += this.#fillBox(this.#box, bytes, at, parts);
      }
    }
    return parts;
  }

  /** True when the stream may end here: between two fragments, and not after an error. */
  get atBoundary(): boolean {
    const between = this.#headerBytes === 0 && this.#box === null && this.#passOver === 0;
    const complete = this.#event === null && this.#reference === null && this.#moof === null;
    return !this.#failed && between && complete;
  }

  #fillHeader(bytes: Uint8Array, from: number, parts: LivePart[]): number {
    const taken = Math.min(BOX_HEADER_BYTES - this.#headerBytes, bytes.length - from);
    this.#header.set(bytes.subarray(from, from + taken), this.#headerBytes);
    this.#headerBytes += taken;
    if (this.#headerBytes < BOX_HEADER_BYTES) return taken;
    this.#headerBytes = 0;
    const view = viewOf(this.#header);
    const size = view.getUint32(0);
    const type = fourccText(view.getUint32(4));
    const known = BOX_BYTES_MAX[type];
    const sizeMax = known ?? PASSED_OVER_BYTES_MAX;
    if (size < BOX_HEADER_BYTES || size > sizeMax) {
      this.#fail(parts, new ContainerError(type, `must have a size from 8 to ${sizeMax}`, size));
    } else if (this.#moof !== null && type !== 'mdat') {
      this.#fail(parts, new ContainerError(type, 'must be the mdat that follows its moof', type));
    } else if (known === undefined) {
      this.#passOver = size - BOX_HEADER_BYTES;
    } else {
      const box = new Uint8Array(size);
      box.set(this.#header);
      this.#boxBytes = BOX_HEADER_BYTES;
      if (size === BOX_HEADER_BYTES) this.#complete(box, type, parts);
      else this.#box = box;
    }
    return taken;
  }

  #fillBox(box: Uint8Array, bytes: Uint8Array, from: number, parts: LivePart[]): number {
    const taken = Math.min(box.length - this.#boxBytes, bytes.length - from);
    box.set(bytes.subarray(from, from + taken), this.#boxBytes);
    this.#boxBytes += taken;
    if (this.#boxBytes === box.length) {
      this.#box = null;
      this.#complete(box, fourccText(viewOf(box).getUint32(4)), parts);
    }
    return taken;
  }

  #complete(box: Uint8Array, type: string, parts: LivePart[]): void {
    const outcome = this.#take(box, type);
    if (outcome instanceof ContainerError) this.#fail(parts, outcome);
    else if (outcome !== null) parts.push(outcome);
  }

  #fail(parts: LivePart[], error: ContainerError): void {
    this.#failed = true;
    this.#box = null;
    this.#fileType = null;
    this.#event = null;
    this.#reference = null;
    this.#moof = null;
    parts.push({ kind: 'error', error });
  }

  #take(box: Uint8Array, type: string): InitPart | FragmentPart | ContainerError | null {
    const init = type === 'ftyp' || type === 'moov';
    if (init === this.#started) {
      const rule = init ? 'must come once, before all fragments' : 'must come after ftyp and moov';
      return new ContainerError(type, rule, type);
    }
    switch (type) {
      case 'ftyp':
        return this.#takeFileType(box);
      case 'moov':
        return this.#takeMovie(box);
      case 'emsg':
        return this.#takeEvent(box);
      case 'prft':
        return this.#takeReference(box);
      case 'moof':
        return this.#takeFragmentHeader(box);
      default:
        return this.#takeMediaData(box);
    }
  }

  #takeFileType(box: Uint8Array): ContainerError | null {
    if (this.#fileType !== null) return new ContainerError('ftyp', 'must come once', 2);
    this.#fileType = box;
    return null;
  }

  #takeMovie(box: Uint8Array): InitPart | ContainerError {
    if (this.#fileType === null) return new ContainerError('moov', 'must come after ftyp', 'moov');
    const channels = parseMoov(box);
    if (channels instanceof ContainerError) return channels;
    const bytes = concat([this.#fileType, box]);
    this.#fileType = null;
    this.#started = true;
    return { kind: 'init', bytes, channels };
  }

  /** Events of other schemes are passed over. */
  #takeEvent(box: Uint8Array): ContainerError | null {
    const view = viewOf(box);
    if (box.length < EMSG_FIXED_BYTES || view.getUint32(8) !== VERSION_1) return null;
    if (EMSG_STRINGS.some((letter, index) => box[32 + index] !== letter)) return null;
    if (this.#event !== null) return new ContainerError('emsg', 'must come once a fragment', 2);
    const timescale = view.getUint32(12);
    if (timescale !== SAMPLE_RATE_HZ) {
      return new ContainerError('emsg', `must have timescale ${SAMPLE_RATE_HZ}`, timescale);
    }
    this.#event = { snapshot: box.subarray(EMSG_FIXED_BYTES), time: getUint64(view, 16) };
    return null;
  }

  #takeReference(box: Uint8Array): ContainerError | null {
    if (this.#reference !== null) return new ContainerError('prft', 'must come once a fragment', 2);
    const view = viewOf(box);
    const version = box.length < 12 ? 0 : view.getUint8(8);
    if (version !== 1) return new ContainerError('prft', 'must be of version 1', version);
    if (box.length !== 32) return new ContainerError('prft', 'must have a size of 32', box.length);
    this.#reference = { unixMs: getNtp(view, 16), time: getUint64(view, 24) };
    return null;
  }

  #takeFragmentHeader(box: Uint8Array): ContainerError | null {
    const header = parseMoof(box);
    if (header instanceof ContainerError) return header;
    const time = clockOfSeq(header.seq);
    if (this.#reference === null)
      return new ContainerError('prft', 'must come before each moof', 0);
    if (this.#reference.time !== time) {
      return new ContainerError('prft', `must have media time ${time}`, this.#reference.time);
    }
    if (this.#event !== null && this.#event.time !== time) {
      return new ContainerError('emsg', `must have presentation time ${time}`, this.#event.time);
    }
    this.#moof = { bytes: box, header };
    return null;
  }

  #takeMediaData(box: Uint8Array): FragmentPart | ContainerError {
    const moof = this.#moof;
    const reference = this.#reference;
    if (moof === null || reference === null) {
      return new ContainerError('mdat', 'must follow its moof', 'mdat');
    }
    const { seq, sizes, payloadBytes } = moof.header;
    if (box.length !== BOX_HEADER_BYTES + payloadBytes) {
      return new ContainerError(
        'mdat',
        `must hold the ${payloadBytes} bytes of its trun`,
        box.length - BOX_HEADER_BYTES,
      );
    }
    const media = concat([moof.bytes, box]);
    const dataAt = moof.bytes.length + BOX_HEADER_BYTES;
    const snapshot = this.#event?.snapshot ?? null;
    this.#moof = null;
    this.#reference = null;
    this.#event = null;
    return {
      kind: 'fragment',
      seq,
      capturedAtMs: reference.unixMs,
      snapshot,
      media,
      frames: () => framesOf(media, dataAt, sizes),
    };
  }
}

function framesOf(media: Uint8Array, dataAt: number, sizes: readonly number[]): Uint8Array[] {
  let at = dataAt;
  return sizes.map((size) => {
    at += size;
    return media.subarray(at - size, at);
  });
}
