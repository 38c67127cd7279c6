/**
 * As much of STUN (RFC 8489) as stands between a relayed speaker and the native library: reading a Binding
 * request of ICE (RFC 8445 §7.1), proving it, and writing it or its answer anew. Reading is total: what is
 * not such a request with a MESSAGE-INTEGRITY is null. Nothing is written anew that was not proved before.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const HEADER_BYTES = 20;
const COOKIE = 0x2112_a442;
const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const XOR_MAPPED_ADDRESS = 0x0020;
const PRIORITY = 0x0024;
const FINGERPRINT = 0x8028;
const ICE_CONTROLLED = 0x8029;
const ICE_CONTROLLING = 0x802a;
const HMAC_BYTES = 20;
const INTEGRITY_BYTES = 4 + HMAC_BYTES;
const FINGERPRINT_BYTES = 8;
const FINGERPRINT_MASK = 0x5354_554e;
/** Longest user name (RFC 8489 §14.3), bytes. */
const USERNAME_BYTES_MAX = 508;
/** The lowest priority a candidate may have (RFC 8445 §5.1.2). */
const PRIORITY_MIN = 1;

/** Where the parts of a Binding request are, offsets in its packet. */
export interface BindingRequest {
  /** The user fragment of the one it is for. */
  readonly ufrag: string;
  /** Its tie-breaker is zero, which the native library takes for a missing one. */
  readonly tieless: boolean;
  readonly tieBreakerAt: number;
  readonly priorityAt: number;
  readonly integrityAt: number;
}

export function isBindingRequest(packet: Buffer): boolean {
  return isStun(packet) && packet.readUInt16BE(0) === BINDING_REQUEST;
}

export function isBindingSuccess(packet: Buffer): boolean {
  return isStun(packet) && packet.readUInt16BE(0) === BINDING_SUCCESS;
}

function isStun(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && packet.readUInt32BE(4) === COOKIE;
}

/** @returns null unless it is a Binding request with user name, one role, priority and integrity */
export function readBindingRequest(packet: Buffer): BindingRequest | null {
  if (!isBindingRequest(packet)) return null;
  if (packet.readUInt16BE(2) !== packet.length - HEADER_BYTES) return null;
  let ufrag: string | null = null;
  let tieBreakerAt = 0;
  let priorityAt = 0;
  let at = HEADER_BYTES;
  while (at + 4 <= packet.length) {
    const type = packet.readUInt16BE(at);
    const length = packet.readUInt16BE(at + 2);
    const value = at + 4;
    if (value + length > packet.length) return null;
    if (type === MESSAGE_INTEGRITY) {
      if (length !== HMAC_BYTES || ufrag === null || tieBreakerAt === 0 || priorityAt === 0)
        return null;
      const tieless = packet.readBigUInt64BE(tieBreakerAt) === 0n;
      return { ufrag, tieless, tieBreakerAt, priorityAt, integrityAt: at };
    }
    if (type === USERNAME) {
      if (length > USERNAME_BYTES_MAX || ufrag !== null) return null;
      const [mine, theirs] = packet.toString('latin1', value, value + length).split(':');
      if (mine === undefined || theirs === undefined) return null;
      ufrag = mine;
    } else if (type === ICE_CONTROLLED || type === ICE_CONTROLLING) {
      if (length !== 8 || tieBreakerAt !== 0) return null;
      tieBreakerAt = value;
    } else if (type === PRIORITY) {
      if (length !== 4 || priorityAt !== 0) return null;
      priorityAt = value;
    }
    at = value + length + (-length & 3);
  }
  return null;
}

/** @param pwd the `ice-pwd` of the one it is for */
export function isProved(packet: Buffer, integrityAt: number, pwd: string): boolean {
  const head = Buffer.from(packet.subarray(0, integrityAt));
  const claimed = packet.subarray(integrityAt + 4, integrityAt + INTEGRITY_BYTES);
  return timingSafeEqual(integrityOf(head, pwd), claimed);
}

/**
 * The request with a tie-breaker of one, which loses as surely as zero, and the lowest priority: a path
 * by TCP or TLS is only for who has no other.
 */
export function withTieBreaker(packet: Buffer, request: BindingRequest, pwd: string): Buffer {
  const head = Buffer.from(packet.subarray(0, request.integrityAt));
  head.writeBigUInt64BE(1n, request.tieBreakerAt);
  head.writeUInt32BE(PRIORITY_MIN, request.priorityAt);
  return sealed(head, pwd);
}

/** The success response to the same transaction that tells another address. */
export function withMappedAddress(
  response: Buffer,
  address: Uint8Array,
  port: number,
  pwd: string,
): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + 8 + address.length);
  response.copy(head, 0, 0, HEADER_BYTES);
  head.writeUInt16BE(XOR_MAPPED_ADDRESS, 20);
  head.writeUInt16BE(4 + address.length, 22);
  head[25] = address.length === 4 ? 1 : 2;
  head.writeUInt16BE(port ^ (COOKIE >>> 16), 26);
  // The cookie and the transaction's identifier (RFC 8489 §14.2).
  for (const [index, byte] of address.entries()) head[28 + index] = byte ^ response[4 + index]!;
  return sealed(head, pwd);
}

/** MESSAGE-INTEGRITY over what comes before it (RFC 8489 §14.5); sets the length in the header for it. */
function integrityOf(head: Buffer, pwd: string): Buffer {
  head.writeUInt16BE(head.length - HEADER_BYTES + INTEGRITY_BYTES, 2);
  return createHmac('sha1', pwd).update(head).digest();
}

/** A header and attributes with MESSAGE-INTEGRITY and FINGERPRINT (RFC 8489 §14.7) behind. */
export function sealed(head: Buffer, pwd: string): Buffer {
  const packet = Buffer.alloc(head.length + INTEGRITY_BYTES + FINGERPRINT_BYTES);
  const integrity = integrityOf(head, pwd);
  head.copy(packet);
  packet.writeUInt16BE(MESSAGE_INTEGRITY, head.length);
  packet.writeUInt16BE(HMAC_BYTES, head.length + 2);
  integrity.copy(packet, head.length + 4);
  packet.writeUInt16BE(packet.length - HEADER_BYTES, 2);
  const at = head.length + INTEGRITY_BYTES;
  packet.writeUInt16BE(FINGERPRINT, at);
  packet.writeUInt16BE(4, at + 2);
  packet.writeUInt32BE((crc32(packet.subarray(0, at)) ^ FINGERPRINT_MASK) >>> 0, at + 4);
  return packet;
}
