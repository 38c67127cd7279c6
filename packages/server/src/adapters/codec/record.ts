/**
 * The bytes of one programme record, the same in log files and between processes. All numbers are big
 * endian. Invariant: `decodeRecord(encodeRecord(r))` equals `r`, and bytes that are torn, flipped or of
 * another version are refused by length, magic and CRC-32, never half understood.
 *
 *     0 magic "PL"   2 version   3 kind   4 length of the whole record (u32)   8 CRC-32 of all but itself
 *    12 epoch (u32)  16 seq (u64)        24 capturedAtMs (f64)
 *    32 chunk: peak (u8), frame count (u8), snapshot length (u32), a u16 per frame, frames, snapshot
 *    32 hole:  endSeq (u64)
 */
import { crc32 } from 'node:zlib';
import { FRAMES_PER_CHUNK } from '@parterre/protocol';
import type { Chunk, Hole, ProgrammeRecord } from '../../ports/programme-log.ts';

const MAGIC = 0x504c;
const VERSION = 1;
const CHUNK = 1;
const HOLE = 2;
/** Enough to learn a record's length, bytes. */
export const RECORD_HEAD_BYTES = 32;
/** Longest record, bytes: ten Opus packets (1275 each at most, RFC 6716 §3.2) and a snapshot. */
const RECORD_BYTES_MAX = 128 * 1024;
const CHUNK_HEAD_BYTES = RECORD_HEAD_BYTES + 6;
const HOLE_BYTES = RECORD_HEAD_BYTES + 8;
const TWO_32 = 2 ** 32;

/** The record as bytes in a buffer of its own. @throws RangeError when a field does not fit */
export function encodeRecord(record: ProgrammeRecord): Buffer {
  const bytes = record.kind === 'chunk' ? encodeChunk(record) : encodeHole(record);
  bytes.writeUInt32BE(checksum(bytes), 8);
  return bytes;
}

function encodeChunk(chunk: Chunk): Buffer {
  const { frames, snapshot } = chunk;
  if (frames.length !== FRAMES_PER_CHUNK) {
    throw new RangeError(`A chunk has ${FRAMES_PER_CHUNK} frames, not ${frames.length}.`);
  }
  let length = CHUNK_HEAD_BYTES + 2 * frames.length + snapshot.length;
  for (const frame of frames) length += frame.length;
  const bytes = head(chunk, CHUNK, length);
  bytes[32] = chunk.peak;
  bytes[33] = frames.length;
  bytes.writeUInt32BE(snapshot.length, 34);
  let at = CHUNK_HEAD_BYTES + 2 * frames.length;
  for (let index = 0; index < frames.length; index++) {
    const frame = frames[index]!;
    bytes.writeUInt16BE(frame.length, CHUNK_HEAD_BYTES + 2 * index);
    bytes.set(frame, at);
    at += frame.length;
  }
  bytes.set(snapshot, at);
  return bytes;
}

function encodeHole(hole: Hole): Buffer {
  const bytes = head(hole, HOLE, HOLE_BYTES);
  writeUint64(bytes, hole.endSeq, 32);
  return bytes;
}

function head(record: ProgrammeRecord, kind: number, length: number): Buffer {
  if (length > RECORD_BYTES_MAX) {
    throw new RangeError(`A record has at most ${RECORD_BYTES_MAX} bytes, not ${length}.`);
  }
  const bytes = Buffer.allocUnsafe(length);
  bytes.writeUInt16BE(MAGIC, 0);
  bytes[2] = VERSION;
  bytes[3] = kind;
  bytes.writeUInt32BE(length, 4);
  bytes.writeUInt32BE(record.epoch, 12);
  writeUint64(bytes, record.seq, 16);
  bytes.writeDoubleBE(record.capturedAtMs, 24);
  return bytes;
}

/**
 * How many bytes the record that begins at `at` has; null when no record can begin there. Needs
 * RECORD_HEAD_BYTES from `at`.
 */
export function recordLength(bytes: Buffer, at: number): number | null {
  if (bytes.readUInt16BE(at) !== MAGIC || bytes[at + 2] !== VERSION) return null;
  const length = bytes.readUInt32BE(at + 4);
  return length < HOLE_BYTES - 2 || length > RECORD_BYTES_MAX ? null : length;
}

/**
 * The record that is exactly `bytes`, or null when they are not one whole, unharmed record. Frames and
 * snapshot are views of `bytes`: the caller gives the buffer away.
 */
export function decodeRecord(bytes: Buffer): ProgrammeRecord | null {
  if (bytes.length < RECORD_HEAD_BYTES || recordLength(bytes, 0) !== bytes.length) return null;
  if (bytes.readUInt32BE(8) !== checksum(bytes)) return null;
  const epoch = bytes.readUInt32BE(12);
  const seq = readUint64(bytes, 16);
  const capturedAtMs = bytes.readDoubleBE(24);
  if (!Number.isSafeInteger(seq) || !Number.isFinite(capturedAtMs)) return null;
  if (bytes[3] === CHUNK) return decodeChunk(bytes, seq, epoch, capturedAtMs);
  if (bytes[3] === HOLE) return decodeHole(bytes, seq, epoch, capturedAtMs);
  return null;
}

function decodeChunk(bytes: Buffer, seq: number, epoch: number, capturedAtMs: number) {
  const count = bytes.length < CHUNK_HEAD_BYTES ? 0 : bytes[33]!;
  let at = CHUNK_HEAD_BYTES + 2 * count;
  if (count !== FRAMES_PER_CHUNK || at > bytes.length) return null;
  const frames: Uint8Array[] = [];
  for (let index = 0; index < count; index++) {
    const end = at + bytes.readUInt16BE(CHUNK_HEAD_BYTES + 2 * index);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  if (at + bytes.readUInt32BE(34) !== bytes.length) return null;
  const snapshot = bytes.subarray(at);
  return { kind: 'chunk', seq, epoch, capturedAtMs, peak: bytes[32]!, frames, snapshot } as const;
}

function decodeHole(bytes: Buffer, seq: number, epoch: number, capturedAtMs: number) {
  if (bytes.length !== HOLE_BYTES) return null;
  const endSeq = readUint64(bytes, 32);
  if (!Number.isSafeInteger(endSeq) || endSeq <= seq) return null;
  return { kind: 'hole', seq, endSeq, epoch, capturedAtMs } as const;
}

function checksum(bytes: Buffer): number {
  return crc32(bytes.subarray(12), crc32(bytes.subarray(0, 8)));
}

function writeUint64(bytes: Buffer, value: number, at: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`A sequence is a whole number from 0 to 2^53 - 1, not ${value}.`);
  }
  bytes.writeUInt32BE(Math.floor(value / TWO_32), at);
  bytes.writeUInt32BE(value % TWO_32, at + 4);
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * TWO_32 + bytes.readUInt32BE(at + 4);
}
