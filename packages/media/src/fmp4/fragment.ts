/**
 * One chunk of the programme as a movie fragment (ISO 14496-12 §8.8): the bytes every listener of the
 * live lane is sent. Invariant: the result depends on the chunk alone, its size is known before it is
 * written and it is written once, in one allocation at most. `prft` and `emsg` stand in front of the
 * `moof`, so that a player can take them out and append the rest.
 */
import { clockOfSeq, EMSG_SCHEME, SAMPLE_RATE_HZ } from '@parterre/protocol';
import { setNtp } from '../ntp.ts';
import { ascii, BOX_HEADER_BYTES, fourcc, setUint64, viewOf } from './box.ts';
import { TRACK_ID } from './init.ts';

export interface FragmentInput {
  readonly seq: number;
  /** Wall clock of the first sample, ms since the Unix epoch. */
  readonly capturedAtMs: number;
  /** Opus packets of 20 ms. */
  readonly frames: readonly Uint8Array[];
  /** UTF-8 JSON of the snapshot; empty for none. */
  readonly snapshot: Uint8Array;
}

const TWO_32 = 0x1_0000_0000;
/** prft flags: the time is that of capture (ISO 14496-12:2022 §8.16.5). */
const PRFT_CAPTURED = 24;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x02_0000;
const TRUN_DATA_OFFSET_AND_SIZES = 0x00_0201;
const EVENT_DURATION_UNKNOWN = 0xffff_ffff;

const VERSION_1 = 0x0100_0000;
/** scheme_id_uri and an empty value, both ended by a zero. */
const EMSG_STRINGS = ascii(`${EMSG_SCHEME}\0\0`);
const EMSG_FIXED_BYTES = 32 + EMSG_STRINGS.length;
const PRFT_BYTES = 32;
const MFHD_BYTES = 16;
const TFHD_BYTES = 16;
const TFDT_BYTES = 20;
const TRUN_FIXED_BYTES = 20;
const MOOF_FIXED_BYTES =
  BOX_HEADER_BYTES + MFHD_BYTES + BOX_HEADER_BYTES + TFHD_BYTES + TFDT_BYTES + TRUN_FIXED_BYTES;

const EMSG = fourcc('emsg');
const PRFT = fourcc('prft');
const MOOF = fourcc('moof');
const MFHD = fourcc('mfhd');
const TRAF = fourcc('traf');
const TFHD = fourcc('tfhd');
const TFDT = fourcc('tfdt');
const TRUN = fourcc('trun');
const MDAT = fourcc('mdat');

/** The exact size of what `wrapFragment` writes, bytes. */
export function fragmentSize(input: FragmentInput): number {
  const event = input.snapshot.length === 0 ? 0 : EMSG_FIXED_BYTES + input.snapshot.length;
  return event + PRFT_BYTES + mediaSize(input.frames.length, payloadSize(input.frames));
}

/**
 * Writes `emsg?`, `prft`, `moof` and `mdat` for a chunk.
 * @param out where to write; a new array of the exact size when left out
 * @returns the part of `out` that was written
 * @throws RangeError when `out` is too small
 */
export function wrapFragment(input: FragmentInput, out?: Uint8Array): Uint8Array {
  const size = fragmentSize(input);
  if (out !== undefined && out.length < size) {
    throw new RangeError(`out must hold ${size} bytes, got ${out.length}`);
  }
  const bytes = out === undefined ? new Uint8Array(size) : out.subarray(0, size);
  const view = viewOf(bytes);
  const time = clockOfSeq(input.seq);
  let at = 0;
  if (input.snapshot.length > 0) at = writeEvent(bytes, view, input, time);
  at = writeReferenceTime(view, at, input.capturedAtMs, time);
  writeMedia(bytes, view, at, (input.seq + 1) % TWO_32, time, input.frames);
  return bytes;
}

/** Bytes of `moof` and `mdat` for `frameCount` packets of `payloadBytes` together. */
export function mediaSize(frameCount: number, payloadBytes: number): number {
  return MOOF_FIXED_BYTES + 4 * frameCount + BOX_HEADER_BYTES + payloadBytes;
}

function payloadSize(frames: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const frame of frames) bytes += frame.length;
  return bytes;
}

/** emsg version 1 (ISO 23009-1 §5.10.3.3): the snapshot, valid from `time` on. */
function writeEvent(bytes: Uint8Array, view: DataView, input: FragmentInput, time: number): number {
  const size = EMSG_FIXED_BYTES + input.snapshot.length;
  view.setUint32(0, size);
  view.setUint32(4, EMSG);
  view.setUint32(8, VERSION_1);
  view.setUint32(12, SAMPLE_RATE_HZ);
  setUint64(view, 16, time);
  view.setUint32(24, EVENT_DURATION_UNKNOWN);
  view.setUint32(28, input.seq % TWO_32);
  bytes.set(EMSG_STRINGS, 32);
  bytes.set(input.snapshot, EMSG_FIXED_BYTES);
  return size;
}

/** prft version 1 (ISO 14496-12 §8.16.5): the wall clock of capture beside the media time. */
function writeReferenceTime(view: DataView, at: number, unixMs: number, time: number): number {
  view.setUint32(at, PRFT_BYTES);
  view.setUint32(at + 4, PRFT);
  view.setUint32(at + 8, VERSION_1 + PRFT_CAPTURED);
  view.setUint32(at + 12, TRACK_ID);
  setNtp(view, at + 16, unixMs);
  setUint64(view, at + 24, time);
  return at + PRFT_BYTES;
}

/**
 * Writes `moof` and `mdat` at `at`; there must be `mediaSize` bytes.
 * @param sequenceNumber of the fragment, `mfhd`
 * @param time of the first sample, `tfdt`
 */
export function writeMedia(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  sequenceNumber: number,
  time: number,
  frames: readonly Uint8Array[],
): void {
  const moofBytes = MOOF_FIXED_BYTES + 4 * frames.length;
  view.setUint32(at, moofBytes);
  view.setUint32(at + 4, MOOF);
  view.setUint32(at + 8, MFHD_BYTES);
  view.setUint32(at + 12, MFHD);
  view.setUint32(at + 16, 0);
  view.setUint32(at + 20, sequenceNumber);
  view.setUint32(at + 24, moofBytes - BOX_HEADER_BYTES - MFHD_BYTES);
  view.setUint32(at + 28, TRAF);
  view.setUint32(at + 32, TFHD_BYTES);
  view.setUint32(at + 36, TFHD);
  view.setUint32(at + 40, TFHD_DEFAULT_BASE_IS_MOOF);
  view.setUint32(at + 44, TRACK_ID);
  view.setUint32(at + 48, TFDT_BYTES);
  view.setUint32(at + 52, TFDT);
  view.setUint32(at + 56, VERSION_1);
  setUint64(view, at + 60, time);
  view.setUint32(at + 68, TRUN_FIXED_BYTES + 4 * frames.length);
  view.setUint32(at + 72, TRUN);
  view.setUint32(at + 76, TRUN_DATA_OFFSET_AND_SIZES);
  view.setUint32(at + 80, frames.length);
  view.setUint32(at + 84, moofBytes + BOX_HEADER_BYTES);
  let sizeAt = at + MOOF_FIXED_BYTES;
  const mdatAt = at + moofBytes;
  let dataAt = mdatAt + BOX_HEADER_BYTES;
  for (const frame of frames) {
    view.setUint32(sizeAt, frame.length);
    bytes.set(frame, dataAt);
    sizeAt += 4;
    dataAt += frame.length;
  }
  view.setUint32(mdatAt, dataAt - mdatAt);
  view.setUint32(mdatAt + 4, MDAT);
}
