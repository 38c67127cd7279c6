/**
 * One Ogg page (RFC 3533 §6) from whole packets: a header of 27 bytes, the lacing values, the packets.
 * Invariant: every packet begins and ends on its page, so that a listener may join at any page; what does
 * not fit into 255 lacing values is refused.
 */
import { pageChecksum } from './crc.ts';

/** header_type bits (RFC 3533 §6, field 3). */
export const CONTINUED = 1;
export const BEGIN_OF_STREAM = 2;
export const END_OF_STREAM = 4;

export const PAGE_HEADER_BYTES = 27;
export const SEGMENTS_MAX = 255;
const SEGMENT_BYTES = 255;
const TWO_32 = 0x1_0000_0000;
export const CAPTURE_PATTERN = 0x4f67_6753;

export interface PageInput {
  /** Packets that begin and end on this page. */
  readonly packets: readonly Uint8Array[];
  /** End of the last packet on the 48 kHz clock (RFC 7845 §4); for the radio lane the programme's clock. */
  readonly granule: number;
  readonly serial: number;
  /** Counted from 0 for each stream; wraps at 2^32. */
  readonly pageSequence: number;
  /** Sum of BEGIN_OF_STREAM and END_OF_STREAM, or 0. */
  readonly flags: number;
}

/** How many lacing values a packet of `bytes` needs. */
export function segmentsOf(bytes: number): number {
  return Math.floor(bytes / SEGMENT_BYTES) + 1;
}

/**
 * The bytes of a page, with its checksum.
 * @throws RangeError when the packets need more than SEGMENTS_MAX lacing values
 */
export function writePage(input: PageInput): Uint8Array {
  let segments = 0;
  let payloadBytes = 0;
  for (const packet of input.packets) {
    segments += segmentsOf(packet.length);
    payloadBytes += packet.length;
  }
  if (segments > SEGMENTS_MAX) {
    throw new RangeError(`a page must have at most ${SEGMENTS_MAX} segments, got ${segments}`);
  }
  const page = new Uint8Array(PAGE_HEADER_BYTES + segments + payloadBytes);
  const view = new DataView(page.buffer);
  view.setUint32(0, CAPTURE_PATTERN);
  view.setUint8(5, input.flags);
  view.setUint32(6, input.granule >>> 0, true);
  view.setUint32(10, Math.floor(input.granule / TWO_32), true);
  view.setUint32(14, input.serial, true);
  view.setUint32(18, input.pageSequence >>> 0, true);
  view.setUint8(26, segments);
  let lacingAt = PAGE_HEADER_BYTES;
  let dataAt = PAGE_HEADER_BYTES + segments;
  for (const packet of input.packets) {
    const full = segmentsOf(packet.length) - 1;
    page.fill(SEGMENT_BYTES, lacingAt, lacingAt + full);
    page[lacingAt + full] = packet.length - full * SEGMENT_BYTES;
    lacingAt += full + 1;
    page.set(packet, dataAt);
    dataAt += packet.length;
  }
  view.setUint32(22, pageChecksum(page), true);
  return page;
}
