/**
 * What a movie fragment of the live lane says (ISO 14496-12 §8.8), checked against the lane's rules: one
 * track, a version 1 `tfdt` on a chunk's boundary, one `trun` with data offset and sizes. Anything that
 * would make a player guess is refused; child boxes that are not known are passed over.
 */
import { CHUNK_SAMPLES, seqOfClock } from '@parterre/protocol';
import { ContainerError } from '../container-error.ts';
import { BOX_HEADER_BYTES, type BoxSpan, getUint64, spansOf, viewOf } from './box.ts';

/** Most packets one fragment may hold: a second of sound. */
const FRAMES_PER_FRAGMENT_MAX = 50;
const TFHD_DEFAULT_BASE_IS_MOOF = 0x02_0000;
const TFHD_BASE_DATA_OFFSET = 0x00_0001;
const TRUN_DATA_OFFSET_AND_SIZES = 0x00_0201;
const VERSION_1 = 0x0100_0000;
const TWO_32 = 0x1_0000_0000;

export interface FragmentHeader {
  readonly seq: number;
  /** Sizes of the packets in `mdat`, bytes. */
  readonly sizes: readonly number[];
  readonly payloadBytes: number;
}

/** @param moof the whole box */
export function parseMoof(moof: Uint8Array): FragmentHeader | ContainerError {
  const view = viewOf(moof);
  const children = spansOf(moof, BOX_HEADER_BYTES, moof.length, 'moof');
  if (children instanceof ContainerError) return children;
  const traf = only(children, 'moof', 'traf', 0);
  if (traf instanceof ContainerError) return traf;
  const mfhd = only(children, 'moof', 'mfhd', 8);
  if (mfhd instanceof ContainerError) return mfhd;
  const inner = spansOf(moof, traf.start, traf.end, 'moof/traf');
  if (inner instanceof ContainerError) return inner;
  const trackProblem = checkTrack(view, inner);
  if (trackProblem !== null) return trackProblem;
  const seq = sequenceOf(view, inner);
  if (seq instanceof ContainerError) return seq;
  const number = view.getUint32(mfhd.start + 4);
  if (number !== (seq + 1) % TWO_32) {
    return new ContainerError('moof/mfhd', `must be numbered ${(seq + 1) % TWO_32}`, number);
  }
  return runOf(view, moof.length, inner, seq);
}

/** The one span of that type, of at least so many bytes. */
export function only(
  spans: readonly BoxSpan[],
  parent: string,
  type: string,
  bytesMin: number,
): BoxSpan | ContainerError {
  const found = spans.filter((span) => span.type === type);
  const [span] = found;
  if (span === undefined || found.length > 1) {
    return new ContainerError(`${parent}/${type}`, 'must be there once', found.length);
  }
  if (span.end - span.start < bytesMin) {
    return new ContainerError(
      `${parent}/${type}`,
      `must hold at least ${bytesMin} bytes`,
      span.end - span.start,
    );
  }
  return span;
}

function checkTrack(view: DataView, traf: readonly BoxSpan[]): ContainerError | null {
  const tfhd = only(traf, 'moof/traf', 'tfhd', 8);
  if (tfhd instanceof ContainerError) return tfhd;
  const flags = view.getUint32(tfhd.start);
  const relative =
    (flags & TFHD_DEFAULT_BASE_IS_MOOF) !== 0 && (flags & TFHD_BASE_DATA_OFFSET) === 0;
  return relative
    ? null
    : new ContainerError('moof/traf/tfhd', 'must have the flag default-base-is-moof alone', flags);
}

function sequenceOf(view: DataView, traf: readonly BoxSpan[]): number | ContainerError {
  const tfdt = only(traf, 'moof/traf', 'tfdt', 12);
  if (tfdt instanceof ContainerError) return tfdt;
  const version = view.getUint32(tfdt.start);
  if (version !== VERSION_1) {
    return new ContainerError('moof/traf/tfdt', 'must be of version 1 without flags', version);
  }
  const time = getUint64(view, tfdt.start + 4);
  if (!Number.isSafeInteger(time) || time % CHUNK_SAMPLES !== 0) {
    return new ContainerError('moof/traf/tfdt', `must be a multiple of ${CHUNK_SAMPLES}`, time);
  }
  return seqOfClock(time);
}

function runOf(
  view: DataView,
  moofBytes: number,
  traf: readonly BoxSpan[],
  seq: number,
): FragmentHeader | ContainerError {
  const where = 'moof/traf/trun';
  const trun = only(traf, 'moof/traf', 'trun', 12);
  if (trun instanceof ContainerError) return trun;
  const flags = view.getUint32(trun.start);
  if (flags !== TRUN_DATA_OFFSET_AND_SIZES) {
    return new ContainerError(where, 'must carry data offset and sizes alone', flags);
  }
  const count = view.getUint32(trun.start + 4);
  if (count < 1 || count > FRAMES_PER_FRAGMENT_MAX) {
    return new ContainerError(where, `must hold 1 to ${FRAMES_PER_FRAGMENT_MAX} samples`, count);
  }
  if (trun.end - trun.start !== 12 + 4 * count) {
    return new ContainerError(where, `must hold ${12 + 4 * count} bytes`, trun.end - trun.start);
  }
  const offset = view.getUint32(trun.start + 8);
  if (offset !== moofBytes + BOX_HEADER_BYTES) {
    return new ContainerError(where, `must point to ${moofBytes + BOX_HEADER_BYTES}`, offset);
  }
  const sizes: number[] = [];
  let payloadBytes = 0;
  for (let index = 0; index < count; index += 1) {
    const size = view.getUint32(trun.start + 12 + 4 * index);
    if (size === 0) return new ContainerError(where, 'must have no empty sample', index);
    sizes.push(size);
    payloadBytes += size;
  }
  return { seq, sizes, payloadBytes };
}
