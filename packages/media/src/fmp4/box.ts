/**
 * The grammar of boxes (ISO 14496-12 §4.2) for the parts that are written once: a box is its size, its
 * four-character type and its payload. Reading refuses 64-bit sizes and boxes that run to the end of the
 * file, so that a size is always known before anything is kept.
 */
import { ContainerError } from '../container-error.ts';

export const BOX_HEADER_BYTES = 8;
const TWO_32 = 0x1_0000_0000;

/** A four-character code as the 32-bit number that stands in the file. */
export function fourcc(type: string): number {
  return (
    ((type.charCodeAt(0) << 24) |
      (type.charCodeAt(1) << 16) |
      (type.charCodeAt(2) << 8) |
      type.charCodeAt(3)) >>>
    0
  );
}

/** The inverse of `fourcc`; bytes that cannot be printed become `?`. */
export function fourccText(code: number): string {
  let text = '';
  for (let shift = 24; shift >= 0; shift -= 8) {
    const byte = (code >>> shift) & 0xff;
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '?';
  }
  return text;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Writes an unsigned 64-bit number; exact up to 2^53. */
export function setUint64(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, Math.floor(value / TWO_32));
  view.setUint32(offset + 4, value >>> 0);
}

/** Reads an unsigned 64-bit number; exact up to 2^53, above that the nearest double. */
export function getUint64(view: DataView, offset: number): number {
  return view.getUint32(offset) * TWO_32 + view.getUint32(offset + 4);
}

/** Big-endian fields in a row, for payloads that are written once. */
export function u8(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

export function u16(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 2);
  const view = viewOf(bytes);
  for (const [index, value] of values.entries()) view.setUint16(index * 2, value);
  return bytes;
}

export function u32(...values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = viewOf(bytes);
  for (const [index, value] of values.entries()) view.setUint32(index * 4, value);
  return bytes;
}

export function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  setUint64(viewOf(bytes), 0, value);
  return bytes;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A box of the given type around its payload. */
export function box(type: string, ...payload: readonly Uint8Array[]): Uint8Array {
  const body = concat(payload);
  return concat([u32(BOX_HEADER_BYTES + body.length, fourcc(type)), body]);
}

/** A box with version and flags in front (ISO 14496-12 §4.2.2). */
export function fullBox(
  type: string,
  version: number,
  flags: number,
  ...payload: readonly Uint8Array[]
): Uint8Array {
  return box(type, u32(version * 0x100_0000 + flags), ...payload);
}

/** A box inside a buffer: its payload is the bytes from `start` (after the header) to `end`. */
export interface BoxSpan {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

/** The boxes that fill `bytes` from `start` to `end`, or what is wrong with them. */
export function spansOf(
  bytes: Uint8Array,
  start: number,
  end: number,
  parent: string,
): BoxSpan[] | ContainerError {
  const view = viewOf(bytes);
  const spans: BoxSpan[] = [];
  let at = start;
  while (at < end) {
    if (end - at < BOX_HEADER_BYTES) {
      return new ContainerError(parent, 'must be filled with whole boxes', end - at);
    }
    const size = view.getUint32(at);
    const type = fourccText(view.getUint32(at + 4));
    if (size < BOX_HEADER_BYTES || size > end - at) {
      return new ContainerError(
        `${parent}/${type}`,
        `must have a size from 8 to ${end - at}`,
        size,
      );
    }
    spans.push({ type, start: at + BOX_HEADER_BYTES, end: at + size });
    at += size;
  }
  return spans;
}
