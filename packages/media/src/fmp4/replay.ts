/**
 * A recording as a seekable fragmented MP4, written in two passes with the memory of one fragment: the
 * first pass gives every packet's size to a `ReplayPlan`, the second gives the packets to its
 * `ReplayWriter`. The header holds the whole length (`mehd`) and an index of all fragments (`sidx`, ISO
 * 14496-12 §8.16.3), so a player seeks with range requests and reads nothing it does not play. Invariant:
 * the second pass must repeat the first; a packet of another size is a bug of the caller and is thrown.
 */
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { concat, fullBox, u16, u32, u64, viewOf } from './box.ts';
import { mediaSize, writeMedia } from './fragment.ts';
import { fileType, movie, TRACK_ID } from './init.ts';

/** Packets in one fragment: 5 s; more where the recording is longer than its index would reach with that. */
export const REPLAY_FRAGMENT_FRAMES = 250;
/** Entries a `sidx` can hold: 91 hours of 5 s. */
export const REPLAY_FRAGMENTS_MAX = 65_535;
const STARTS_WITH_SAP_TYPE_1 = 0x9000_0000;

/** The first pass: what the file will look like. About 8 bytes are kept for 5 s of sound. */
export class ReplayPlan {
  readonly channels: 1 | 2;
  /** Packets in each fragment but the last. */
  readonly framesPerFragment: number;
  /** Payload bytes of each fragment. */
  readonly #payloadBytes: number[] = [];
  #frameCount = 0;

  /** @param framesMax packets that will come at most; beyond 91 hours fragments are longer for them */
  constructor(channels: 1 | 2, framesMax = 0) {
    this.channels = channels;
    const needed = Math.ceil(framesMax / REPLAY_FRAGMENTS_MAX);
    this.framesPerFragment = Math.max(REPLAY_FRAGMENT_FRAMES, needed);
  }

  /**
   * The next packet has `bytes` bytes.
   * @throws RangeError beyond REPLAY_FRAGMENTS_MAX fragments
   */
  add(bytes: number): void {
    const index = Math.floor(this.#frameCount / this.framesPerFragment);
    if (index >= REPLAY_FRAGMENTS_MAX) {
      throw new RangeError(`a recording must have at most ${REPLAY_FRAGMENTS_MAX} fragments`);
    }
    this.#payloadBytes[index] = (this.#payloadBytes[index] ?? 0) + bytes;
    this.#frameCount += 1;
  }

  get frameCount(): number {
    return this.#frameCount;
  }

  get durationSamples(): number {
    return this.#frameCount * FRAME_SAMPLES;
  }

  /** Size of the whole file, bytes. */
  get fileBytes(): number {
    return this.#payloadBytes.reduce(
      (sum, _, index) => sum + this.fragmentBytes(index),
      this.header().length,
    );
  }

  /** Packets in fragment `index`. */
  fragmentFrames(index: number): number {
    return Math.min(this.framesPerFragment, this.#frameCount - index * this.framesPerFragment);
  }

  /** Bytes of fragment `index`, `moof` and `mdat`. */
  fragmentBytes(index: number): number {
    return mediaSize(this.fragmentFrames(index), this.#payloadBytes[index] ?? 0);
  }

  /** `ftyp`, `moov` and `sidx`. */
  header(): Uint8Array {
    const references = this.#payloadBytes.map((_, index) =>
      u32(
        this.fragmentBytes(index),
        this.fragmentFrames(index) * FRAME_SAMPLES,
        STARTS_WITH_SAP_TYPE_1,
      ),
    );
    const index = fullBox(
      'sidx',
      1,
      0,
      u32(TRACK_ID, SAMPLE_RATE_HZ),
      u64(0),
      u64(0),
      u16(0, references.length),
      concat(references),
    );
    return concat([fileType(), movie(this.channels, this.durationSamples), index]);
  }

  /** The second pass; the plan must not change any more. */
  writer(): ReplayWriter {
    return new ReplayWriter(this);
  }
}

/** The second pass: `header` first, then what `add` and `finish` return, in order. */
export class ReplayWriter {
  readonly #plan: ReplayPlan;
  #frames: Uint8Array[] = [];
  #payloadBytes = 0;
  #fragments = 0;

  constructor(plan: ReplayPlan) {
    this.#plan = plan;
  }

  header(): Uint8Array {
    return this.#plan.header();
  }

  /**
   * Takes the next packet; it is kept until its fragment is complete.
   * @returns the fragment that it completed, or null
   */
  add(packet: Uint8Array): Uint8Array | null {
    this.#frames.push(packet);
    this.#payloadBytes += packet.length;
    return this.#frames.length === this.#plan.framesPerFragment ? this.#flush() : null;
  }

  /** The last, shorter fragment, or null when there is none. */
  finish(): Uint8Array | null {
    const last = this.#frames.length === 0 ? null : this.#flush();
    const written = Math.ceil(this.#plan.frameCount / this.#plan.framesPerFragment);
    if (this.#fragments !== written) {
      throw new RangeError(
        `the second pass must have ${written} fragments, got ${this.#fragments}`,
      );
    }
    return last;
  }

  #flush(): Uint8Array {
    const index = this.#fragments;
    const size = mediaSize(this.#frames.length, this.#payloadBytes);
    const planned = this.#plan.fragmentBytes(index);
    if (this.#plan.fragmentFrames(index) !== this.#frames.length || planned !== size) {
      throw new RangeError(`fragment ${index} must have ${planned} bytes as planned, got ${size}`);
    }
    const bytes = new Uint8Array(size);
    const time = index * this.#plan.framesPerFragment * FRAME_SAMPLES;
    writeMedia(bytes, viewOf(bytes), 0, index + 1, time, this.#frames);
    this.#fragments += 1;
    this.#frames = [];
    this.#payloadBytes = 0;
    return bytes;
  }
}
