/**
 * The PROXY protocol, version 2 alone (HAProxy's proxy-protocol.txt §2.2): what a load balancer puts before
 * the client's first byte to say who the client is. Pure; refuses version 1, unknown commands and
 * families, and a header longer than MAX: nothing that anybody sends can make it read beyond.
 */

/** The longest header that is taken, bytes; what stands behind the addresses (TLVs) is passed over. */
export const PROXY_HEADER_BYTES_MAX = 536;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const FIXED_BYTES = 16;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const UNSPEC = 0;
const INET = 1;
const INET6 = 2;
const UNIX = 3;
/** What the addresses of a family take, bytes. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = {
  [UNSPEC]: 0,
  [INET]: 12,
  [INET6]: 36,
  [UNIX]: 216,
};
/** Transports: unspecified, stream, datagram. */
const TRANSPORT_MAX = 2;

export type ProxyHeader =
  /** So far it may be one. */
  | 'incomplete'
  | 'malformed'
  | {
      /** Where the client's own bytes begin. */
      readonly bytes: number;
      /** The client's address; null when the balancer speaks for itself or does not know. */
      readonly address: string | null;
    };

/** @param bytes everything that has come on the connection */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeader {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const seen = Math.min(head.length, SIGNATURE.length);
  if (head.compare(SIGNATURE, 0, seen, 0, seen) !== 0) return 'malformed';
  if (head.length < FIXED_BYTES) return 'incomplete';
  const command = head[12]! & 0x0f;
  const family = head[13]! >> 4;
  const addressBytes = ADDRESS_BYTES[family];
  const length = head.readUInt16BE(14);
  const end = FIXED_BYTES + length;
  if (head[12]! >> 4 !== VERSION || command > PROXY || addressBytes === undefined)
    return 'malformed';
  if ((head[13]! & 0x0f) > TRANSPORT_MAX || end > PROXY_HEADER_BYTES_MAX) return 'malformed';
  // What a LOCAL header says of addresses is not to be looked at.
  if (command !== LOCAL && length < addressBytes) return 'malformed';
  if (head.length < end) return 'incomplete';
  return { bytes: end, address: command === LOCAL ? null : addressOf(head, family) };
}

function addressOf(head: Buffer, family: number): string | null {
  if (family === INET) return head.subarray(FIXED_BYTES, FIXED_BYTES + 4).join('.');
  if (family !== INET6) return null;
  const groups: string[] = [];
  for (let at = FIXED_BYTES; at < FIXED_BYTES + 16; at += 2)
    groups.push(head.readUInt16BE(at).toString(16));
  return groups.join(':');
}
