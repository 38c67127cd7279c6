/**
 * Just enough of the live lane's boxes to cut a stream into chunks without copying it: where one ends,
 * which sequence it is, when it was captured. What it finds is checked in full by `FragmentReader` the
 * first time a process hears it; afterwards bytes are compared.
 */
import { CHUNK_SAMPLES } from '@parterre/protocol';

/** More is needed to tell. */
export const INCOMPLETE = -1;
/** This is not the live lane. */
export const MALFORMED = -2;
/** Largest chunk, bytes: ten packets of at most 1275 and a snapshot. */
export const CHUNK_BYTES_MAX = 65_536;

const HEADER_BYTES = 8;
const PRFT_BYTES = 32;
const EMSG = 0x656d7367;
const PRFT = 0x70726674;
const MOOF = 0x6d6f6f66;
const MDAT = 0x6d646174;
const FTYP = 0x66747970;
const MOOV = 0x6d6f6f76;

/** The end of the chunk that begins at `at`, after its `mdat`. */
export function endOfChunk(bytes: Buffer, at: number, end: number): number {
  return endAfter(bytes, at, end, MDAT, isChunkBox);
}

/** The end of the init segment that begins at `at`, after its `moov`. */
export function endOfInit(bytes: Buffer, at: number, end: number): number {
  return endAfter(bytes, at, end, MOOV, isInitBox);
}

/** The sequence of the chunk that begins at `at`, from the media time of its `prft`. */
export function seqOfChunk(bytes: Buffer, at: number, end: number): number {
  const prft = prftAt(bytes, at, end);
  if (prft < 0) return prft;
  const samples = bytes.readUInt32BE(prft + 24) * 2 ** 32 + bytes.readUInt32BE(prft + 28);
  return samples % CHUNK_SAMPLES === 0 ? samples / CHUNK_SAMPLES : MALFORMED;
}

function prftAt(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (end - at >= HEADER_BYTES) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.readUInt32BE(at + 4);
    if (type === PRFT) {
      if (size !== PRFT_BYTES) return MALFORMED;
      return end - at < PRFT_BYTES ? INCOMPLETE : at;
    }
    if (type !== EMSG || size < HEADER_BYTES || size > CHUNK_BYTES_MAX) return MALFORMED;
    at += size;
  }
  return INCOMPLETE;
}

function endAfter(
  bytes: Buffer,
  from: number,
  end: number,
  last: number,
  allowed: (type: number) => boolean,
): number {
  let at = from;
  while (end - at >= HEADER_BYTES) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.readUInt32BE(at + 4);
    if (size < HEADER_BYTES || !allowed(type)) return MALFORMED;
    at += size;
    if (at - from > CHUNK_BYTES_MAX) return MALFORMED;
    if (at > end) return INCOMPLETE;
    if (type === last) return at;
  }
  return INCOMPLETE;
}

function isChunkBox(type: number): boolean {
  return type === EMSG || type === PRFT || type === MOOF || type === MDAT;
}

function isInitBox(type: number): boolean {
  return type === FTYP || type === MOOV;
}
