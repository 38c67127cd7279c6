/**
 * Frames on a byte stream between processes of one machine: length (u32, of what follows it), type (u8),
 * body. Invariant: frames come out as they went in, whatever the stream's pieces. Refuses a frame longer
 * than FRAME_BYTES_MAX, before any of it is kept.
 */

/** Longest frame, type included, bytes. */
const FRAME_BYTES_MAX = 1024 * 1024;
const HEAD_BYTES = 5;

/** One whole frame whose body is the parts in order; each is copied. */
export function encodeFrame(type: number, ...parts: readonly Uint8Array[]): Buffer {
  let length = 1;
  for (const part of parts) length += part.length;
  if (length > FRAME_BYTES_MAX) {
    throw new RangeError(`A frame has at most ${FRAME_BYTES_MAX} bytes, not ${length}.`);
  }
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length, 0);
  frame[4] = type;
  let at = HEAD_BYTES;
  for (const part of parts) {
    frame.set(part, at);
    at += part.length;
  }
  return frame;
}

/** A frame whose body is a value as JSON. */
export function encodeJson(type: number, value: unknown): Buffer {
  return encodeFrame(type, Buffer.from(JSON.stringify(value)));
}

/** Cuts a stream into frames. The body handed on is valid only during the call. */
export class FrameParser {
  private readonly onFrame: (type: number, body: Buffer) => void;
  private kept: Buffer[] = [];
  private keptBytes = 0;
  private wantedBytes = HEAD_BYTES;

  constructor(onFrame: (type: number, body: Buffer) => void) {
    this.onFrame = onFrame;
  }

  /** Takes the next piece of the stream. @throws RangeError when a frame is empty or too long */
  push(piece: Buffer): void {
    this.kept.push(piece);
    this.keptBytes += piece.length;
    if (this.keptBytes < this.wantedBytes) return;
    const bytes = this.kept.length === 1 ? piece : Buffer.concat(this.kept, this.keptBytes);
    const rest = this.cut(bytes);
    this.kept = rest === bytes.length ? [] : [bytes.subarray(rest)];
    this.keptBytes = bytes.length - rest;
  }

  private cut(bytes: Buffer): number {
    let at = 0;
    this.wantedBytes = HEAD_BYTES;
    while (bytes.length - at >= HEAD_BYTES) {
      const length = bytes.readUInt32BE(at);
      if (length < 1 || length > FRAME_BYTES_MAX) {
        throw new RangeError(`A frame has 1 to ${FRAME_BYTES_MAX} bytes, not ${length}.`);
      }
      if (bytes.length - at < 4 + length) {
        this.wantedBytes = 4 + length;
        break;
      }
      this.onFrame(bytes[at + 4]!, bytes.subarray(at + HEAD_BYTES, at + 4 + length));
      at += 4 + length;
    }
    return at;
  }
}
