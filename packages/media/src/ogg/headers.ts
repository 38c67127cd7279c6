/**
 * The two header packets of an Ogg Opus stream (RFC 7845 §5), written and read. Pre-skip is 0 and the
 * gain is 0: what a listener hears begins where he joins. Reading refuses other versions and mapping
 * families than 0, and tags whose lengths do not add up.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import { ContainerError } from '../container-error.ts';
import { BEGIN_OF_STREAM, writePage } from './page.ts';

export interface OpusHead {
  readonly channels: 1 | 2;
  /** Samples at 48 kHz to drop at the beginning. */
  readonly preSkip: number;
  readonly inputSampleRateHz: number;
  /** Q7.8 dB. */
  readonly outputGain: number;
}

export interface OpusTags {
  readonly vendor: string;
  /** `NAME=value`, in the order of the file. */
  readonly comments: readonly string[];
}

/** Pages that `oggHeaders` writes; the first page of sound has this page sequence. */
export const HEADER_PAGES = 2;
const HEAD_BYTES = 19;
const HEAD_MAGIC = latin1('OpusHead');
const TAGS_MAGIC = latin1('OpusTags');
const VENDOR = 'parterre';
const TWO_32 = 0x1_0000_0000;

/**
 * The header pages, OpusHead and OpusTags.
 * @param tags comment fields, such as TITLE and ARTIST; the names are ASCII without `=`
 * @param pageSequence of the first page: 0 for a file; for who joins the radio lane at chunk `seq`, that
 *   `seq`, so that his pages are numbered without a break (RFC 3533 §6, field 6)
 * @throws RangeError when the tags do not fit into one page (about 65,000 bytes)
 */
export function oggHeaders(
  channels: 1 | 2,
  serial: number,
  tags: Readonly<Record<string, string>>,
  pageSequence = 0,
): Uint8Array {
  const head = writePage({
    packets: [headPacket(channels)],
    granule: 0,
    serial,
    pageSequence,
    flags: BEGIN_OF_STREAM,
  });
  const comments = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  const packet = tagsPacket({ vendor: VENDOR, comments });
  const page = writePage({
    packets: [packet],
    granule: 0,
    serial,
    pageSequence: (pageSequence + 1) % TWO_32,
    flags: 0,
  });
  const bytes = new Uint8Array(head.length + page.length);
  bytes.set(head);
  bytes.set(page, head.length);
  return bytes;
}

function headPacket(channels: 1 | 2): Uint8Array {
  const packet = new Uint8Array(HEAD_BYTES);
  packet.set(HEAD_MAGIC);
  packet[8] = 1;
  packet[9] = channels;
  new DataView(packet.buffer).setUint32(12, SAMPLE_RATE_HZ, true);
  return packet;
}

function tagsPacket(tags: OpusTags): Uint8Array {
  const encoder = new TextEncoder();
  const vendor = encoder.encode(tags.vendor);
  const comments = tags.comments.map((comment) => encoder.encode(comment));
  const commentBytes = comments.reduce((sum, comment) => sum + 4 + comment.length, 0);
  const packet = new Uint8Array(16 + vendor.length + commentBytes);
  const view = new DataView(packet.buffer);
  packet.set(TAGS_MAGIC);
  view.setUint32(8, vendor.length, true);
  packet.set(vendor, 12);
  let at = 12 + vendor.length;
  view.setUint32(at, comments.length, true);
  at += 4;
  for (const comment of comments) {
    view.setUint32(at, comment.length, true);
    packet.set(comment, at + 4);
    at += 4 + comment.length;
  }
  return packet;
}

export function parseHead(packet: Uint8Array): OpusHead | ContainerError {
  if (!startsWith(packet, HEAD_MAGIC) || packet.length < HEAD_BYTES) {
    return new ContainerError(
      'OpusHead',
      `must be the first packet, ${HEAD_BYTES} bytes`,
      packet.length,
    );
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const version = view.getUint8(8);
  // The upper four bits are the major version (RFC 7845 §5.1).
  if (version >= 16) return new ContainerError('OpusHead', 'must have version 0 to 15', version);
  const family = view.getUint8(18);
  if (family !== 0) return new ContainerError('OpusHead', 'must have mapping family 0', family);
  const channels = view.getUint8(9);
  if (channels !== 1 && channels !== 2) {
    return new ContainerError('OpusHead', 'must have 1 or 2 channels', channels);
  }
  return {
    channels,
    preSkip: view.getUint16(10, true),
    inputSampleRateHz: view.getUint32(12, true),
    outputGain: view.getInt16(16, true),
  };
}

export function parseTags(packet: Uint8Array): OpusTags | ContainerError {
  if (!startsWith(packet, TAGS_MAGIC)) {
    return new ContainerError('OpusTags', 'must be the second packet', packet.length);
  }
  const decoder = new TextDecoder();
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  let at = TAGS_MAGIC.length;
  const uint32 = (): number | null => {
    if (packet.length - at < 4) return null;
    at += 4;
    return view.getUint32(at - 4, true);
  };
  const text = (): string | null => {
    const bytes = uint32();
    if (bytes === null || bytes > packet.length - at) return null;
    at += bytes;
    return decoder.decode(packet.subarray(at - bytes, at));
  };
  const vendor = text();
  const count = uint32();
  if (vendor === null || count === null) {
    return new ContainerError('OpusTags', 'must hold vendor and count', packet.length);
  }
  const comments: string[] = [];
  while (comments.length < count) {
    const comment = text();
    if (comment === null) {
      return new ContainerError('OpusTags', `must hold ${count} comments`, comments.length);
    }
    comments.push(comment);
  }
  return { vendor, comments };
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
