/**
 * RTP packets (RFC 3550 §5.1) read and written, with CSRCs, header extension and padding. Reading is
 * total: any bytes give a packet or null, never an exception, and what it gives are views into the bytes
 * it was given. Invariant: parse ∘ serialise is the identity on the fields.
 */
export interface HeaderExtension {
  /** What defines the content: 0xbede and 0x1000–0x100f are RFC 8285. */
  readonly profile: number;
  /** A whole number of 32-bit words. */
  readonly data: Uint8Array;
}

export interface RtpPacket {
  /** 0…127 */
  readonly payloadType: number;
  readonly marker: boolean;
  /** 16 bits, wraps. */
  readonly sequence: number;
  /** 32 bits, wraps; 48 kHz for Opus (RFC 7587 §4.1). */
  readonly timestamp: number;
  readonly ssrc: number;
  /** At most 15. */
  readonly csrcs: readonly number[];
  readonly extension: HeaderExtension | null;
  readonly payload: Uint8Array;
  /** Bytes of padding after the payload, 0…255. */
  readonly padding: number;
}

export const RTP_HEADER_BYTES = 12;
const VERSION_BITS = 0x80;
const PADDING_BIT = 0x20;
const EXTENSION_BIT = 0x10;
const CSRCS_MAX = 15;
const NO_CSRCS: readonly number[] = [];

/**
 * True for RTCP, where both share a port: the second byte is 192…223 (RFC 5761 §4).
 */
export function isRtcp(packet: Uint8Array): boolean {
  const type = packet[1];
  return type !== undefined && type >= 192 && type <= 223;
}

/** @returns null when the bytes are not one RTP packet */
export function parseRtp(bytes: Uint8Array): RtpPacket | null {
  if (bytes.length < RTP_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const first = view.getUint8(0);
  if (first >> 6 !== 2) return null;
  const csrcCount = first & 0x0f;
  let at = RTP_HEADER_BYTES + 4 * csrcCount;
  if (at > bytes.length) return null;
  const csrcs = csrcCount === 0 ? NO_CSRCS : csrcsOf(view, csrcCount);
  let extension: HeaderExtension | null = null;
  if ((first & EXTENSION_BIT) !== 0) {
    if (at + 4 > bytes.length) return null;
    const dataAt = at + 4;
    const end = dataAt + 4 * view.getUint16(at + 2);
    if (end > bytes.length) return null;
    extension = { profile: view.getUint16(at), data: bytes.subarray(dataAt, end) };
    at = end;
  }
  let padding = 0;
  if ((first & PADDING_BIT) !== 0) {
    padding = view.getUint8(bytes.length - 1);
    if (padding === 0 || padding > bytes.length - at) return null;
  }
  const second = view.getUint8(1);
  return {
    payloadType: second & 0x7f,
    marker: second >= 0x80,
    sequence: view.getUint16(2),
    timestamp: view.getUint32(4),
    ssrc: view.getUint32(8),
    csrcs,
    extension,
    payload: bytes.subarray(at, bytes.length - padding),
    padding,
  };
}

function csrcsOf(view: DataView, count: number): number[] {
  const csrcs: number[] = [];
  for (let index = 0; index < count; index += 1) {
    csrcs.push(view.getUint32(RTP_HEADER_BYTES + 4 * index));
  }
  return csrcs;
}

/**
 * The bytes of a packet, in one array of the exact size.
 * @throws RangeError for more than 15 CSRCs, 255 bytes of padding or an extension of half words
 */
export function serializeRtp(packet: RtpPacket): Uint8Array {
  const { csrcs, extension, payload, padding } = packet;
  if (csrcs.length > CSRCS_MAX)
    throw new RangeError(`at most ${CSRCS_MAX} csrcs, got ${csrcs.length}`);
  if (padding > 255) throw new RangeError(`at most 255 bytes of padding, got ${padding}`);
  const extensionBytes = extension === null ? 0 : 4 + extension.data.length;
  if (extensionBytes % 4 !== 0) {
    throw new RangeError(`extension must be whole words, got ${extensionBytes - 4} bytes`);
  }
  const payloadAt = RTP_HEADER_BYTES + 4 * csrcs.length + extensionBytes;
  const bytes = new Uint8Array(payloadAt + payload.length + padding);
  const view = new DataView(bytes.buffer);
  const flags = (padding > 0 ? PADDING_BIT : 0) | (extension === null ? 0 : EXTENSION_BIT);
  view.setUint8(0, VERSION_BITS | flags | csrcs.length);
  view.setUint8(1, (packet.marker ? 0x80 : 0) | (packet.payloadType & 0x7f));
  view.setUint16(2, packet.sequence);
  view.setUint32(4, packet.timestamp);
  view.setUint32(8, packet.ssrc);
  for (const [index, csrc] of csrcs.entries()) view.setUint32(RTP_HEADER_BYTES + 4 * index, csrc);
  if (extension !== null) {
    const at = RTP_HEADER_BYTES + 4 * csrcs.length;
    view.setUint16(at, extension.profile);
    view.setUint16(at + 2, extension.data.length / 4);
    bytes.set(extension.data, at + 4);
  }
  bytes.set(payload, payloadAt);
  if (padding > 0) view.setUint8(bytes.length - 1, padding);
  return bytes;
}
