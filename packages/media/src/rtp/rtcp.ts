/**
 * RTCP (RFC 3550 §6): compound packets read and written, sender and receiver reports, source
 * descriptions and goodbyes. Reading is total: bytes that are not a valid compound give null; packet
 * types that are not known (feedback, application) are named and passed over. A compound may be of
 * reduced size (RFC 5506), so no packet is required to come first.
 */
import { getNtp, setNtp } from '../ntp.ts';

/** One block of a sender or receiver report (RFC 3550 §6.4.1). */
export interface ReportBlock {
  /** The source that is reported on. */
  readonly ssrc: number;
  /** 0…255, in 1/256, since the report before. */
  readonly fractionLost: number;
  /** Since the beginning, −2^23 … 2^23 − 1; negative when packets were doubled. */
  readonly cumulativeLost: number;
  /** Extended by the count of wraps, 32 bits. */
  readonly highestSequence: number;
  /** In units of the timestamp. */
  readonly jitter: number;
  /** Middle 32 bits of the NTP time of the last sender report, 0 when there was none. */
  readonly lastSr: number;
  /** Since that report arrived, in 1/65536 s. */
  readonly delaySinceLastSr: number;
}

export interface SenderReport {
  readonly kind: 'sr';
  readonly ssrc: number;
  /** The sender's wall clock, ms since the Unix epoch. */
  readonly sentAtMs: number;
  /** The middle 32 bits of its NTP time, to be sent back as `lastSr`. */
  readonly ntpMiddle: number;
  readonly timestamp: number;
  readonly packetCount: number;
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
}

export interface ReceiverReport {
  readonly kind: 'rr';
  readonly ssrc: number;
  readonly reports: readonly ReportBlock[];
}

export interface SourceDescription {
  readonly kind: 'sdes';
  readonly chunks: readonly { readonly ssrc: number; readonly cname: string | null }[];
}

export interface Goodbye {
  readonly kind: 'bye';
  readonly ssrcs: readonly number[];
}

/** Feedback (205, 206), application (204) and anything newer; `count` is the five-bit format field. */
export interface OtherRtcp {
  readonly kind: 'other';
  readonly packetType: number;
  readonly count: number;
}

export type RtcpPacket = SenderReport | ReceiverReport | SourceDescription | Goodbye | OtherRtcp;

export const REPORTS_MAX = 31;
export const CNAME_BYTES_MAX = 255;
const SR = 200;
const RR = 201;
const SDES = 202;
const BYE = 203;
const CNAME = 1;
const BLOCK_BYTES = 24;
const SENDER_INFO_BYTES = 20;

/** @returns the packets of a compound, or null when the bytes are not one */
export function parseRtcp(bytes: Uint8Array): RtcpPacket[] | null {
  if (bytes.length === 0) return null;
  const packets: RtcpPacket[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 4) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const first = view.getUint8(0);
    const length = 4 * (view.getUint16(2) + 1);
    if (first >> 6 !== 2 || length > bytes.length - at) return null;
    const end = at + length;
    const padded = (first & 0x20) !== 0;
    // Only the last packet of a compound may be padded (RFC 3550 §6.4.1).
    const padding = padded ? view.getUint8(length - 1) : 0;
    if (padded && (end !== bytes.length || padding === 0 || padding > length - 4)) return null;
    const packet = parseOne(bytes.subarray(at, end - padding), view.getUint8(1), first & 0x1f);
    if (packet === null) return null;
    packets.push(packet);
    at = end;
  }
  return packets;
}

function parseOne(bytes: Uint8Array, packetType: number, count: number): RtcpPacket | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (packetType) {
    case SR:
      return parseSenderReport(view, count);
    case RR: {
      const reports = parseBlocks(view, 8, count);
      return reports === null ? null : { kind: 'rr', ssrc: view.getUint32(4), reports };
    }
    case SDES:
      return parseDescription(bytes, view, count);
    case BYE:
      return parseGoodbye(view, count);
    default:
      return { kind: 'other', packetType, count };
  }
}

function parseSenderReport(view: DataView, count: number): SenderReport | null {
  const reports = parseBlocks(view, 8 + SENDER_INFO_BYTES, count);
  if (reports === null) return null;
  return {
    kind: 'sr',
    ssrc: view.getUint32(4),
    sentAtMs: getNtp(view, 8),
    ntpMiddle: view.getUint32(10),
    timestamp: view.getUint32(16),
    packetCount: view.getUint32(20),
    octetCount: view.getUint32(24),
    reports,
  };
}

/** Bytes after the blocks are a profile's own (RFC 3550 §6.4.3) and are passed over. */
function parseBlocks(view: DataView, start: number, count: number): ReportBlock[] | null {
  if (view.byteLength < start + count * BLOCK_BYTES) return null;
  const blocks: ReportBlock[] = [];
  for (let at = start; blocks.length < count; at += BLOCK_BYTES) {
    const lost = view.getInt32(at + 4);
    blocks.push({
      ssrc: view.getUint32(at),
      fractionLost: lost >>> 24,
      cumulativeLost: (lost << 8) >> 8,
      highestSequence: view.getUint32(at + 8),
      jitter: view.getUint32(at + 12),
      lastSr: view.getUint32(at + 16),
      delaySinceLastSr: view.getUint32(at + 20),
    });
  }
  return blocks;
}

function parseDescription(
  bytes: Uint8Array,
  view: DataView,
  count: number,
): SourceDescription | null {
  const decoder = new TextDecoder();
  const chunks: { ssrc: number; cname: string | null }[] = [];
  let at = 4;
  while (chunks.length < count) {
    if (at + 4 > bytes.length) return null;
    const ssrc = view.getUint32(at);
    let cname: string | null = null;
    at += 4;
    for (;;) {
      const type = bytes[at];
      if (type === undefined) return null;
      if (type === 0) break;
      const length = bytes[at + 1];
      if (length === undefined || at + 2 + length > bytes.length) return null;
      if (type === CNAME) cname = decoder.decode(bytes.subarray(at + 2, at + 2 + length));
      at += 2 + length;
    }
    // A zero ends the items and fills up to the next word (RFC 3550 §6.5).
    at = (Math.floor(at / 4) + 1) * 4;
    chunks.push({ ssrc, cname });
  }
  return { kind: 'sdes', chunks };
}

function parseGoodbye(view: DataView, count: number): Goodbye | null {
  if (view.byteLength < 4 + 4 * count) return null;
  const ssrcs: number[] = [];
  for (let index = 0; index < count; index += 1) ssrcs.push(view.getUint32(4 + 4 * index));
  return { kind: 'bye', ssrcs };
}

export interface SenderReportInput {
  readonly ssrc: number;
  /** Wall clock now, ms since the Unix epoch, and the RTP timestamp that belongs to it. */
  readonly nowMs: number;
  readonly timestamp: number;
  readonly packetCount: number;
  /** Payload bytes sent. */
  readonly octetCount: number;
  readonly reports: readonly ReportBlock[];
  readonly cname: string;
}

/** A compound of sender report and CNAME. @throws RangeError beyond REPORTS_MAX or CNAME_BYTES_MAX */
export function buildSenderReport(input: SenderReportInput): Uint8Array {
  const info = new Uint8Array(SENDER_INFO_BYTES);
  const view = new DataView(info.buffer);
  setNtp(view, 0, input.nowMs);
  view.setUint32(8, input.timestamp);
  view.setUint32(12, input.packetCount);
  view.setUint32(16, input.octetCount);
  return compound(SR, input.ssrc, info, input.reports, input.cname);
}

/** A compound of receiver report and CNAME. @throws RangeError beyond REPORTS_MAX or CNAME_BYTES_MAX */
export function buildReceiverReport(
  ssrc: number,
  reports: readonly ReportBlock[],
  cname: string,
): Uint8Array {
  return compound(RR, ssrc, new Uint8Array(0), reports, cname);
}

function compound(
  packetType: number,
  ssrc: number,
  info: Uint8Array,
  reports: readonly ReportBlock[],
  cname: string,
): Uint8Array {
  const name = new TextEncoder().encode(cname);
  if (reports.length > REPORTS_MAX) {
    throw new RangeError(`at most ${REPORTS_MAX} reports, got ${reports.length}`);
  }
  if (name.length > CNAME_BYTES_MAX) {
    throw new RangeError(`a CNAME of at most ${CNAME_BYTES_MAX} bytes, got ${name.length}`);
  }
  const reportBytes = 8 + info.length + reports.length * BLOCK_BYTES;
  // SSRC, item header, the name and at least one zero.
  const descriptionBytes = 4 + Math.ceil((4 + 2 + name.length + 1) / 4) * 4;
  const bytes = new Uint8Array(reportBytes + descriptionBytes);
  const view = new DataView(bytes.buffer);
  setHeader(view, 0, reports.length, packetType, reportBytes);
  view.setUint32(4, ssrc);
  bytes.set(info, 8);
  for (const [index, report] of reports.entries()) {
    setBlock(view, 8 + info.length + index * BLOCK_BYTES, report);
  }
  setHeader(view, reportBytes, 1, SDES, descriptionBytes);
  view.setUint32(reportBytes + 4, ssrc);
  view.setUint8(reportBytes + 8, CNAME);
  view.setUint8(reportBytes + 9, name.length);
  bytes.set(name, reportBytes + 10);
  return bytes;
}

function setHeader(view: DataView, at: number, count: number, type: number, bytes: number): void {
  view.setUint8(at, 0x80 | count);
  view.setUint8(at + 1, type);
  view.setUint16(at + 2, bytes / 4 - 1);
}

function setBlock(view: DataView, at: number, block: ReportBlock): void {
  view.setUint32(at, block.ssrc);
  view.setUint32(at + 4, (block.fractionLost << 24) | (block.cumulativeLost & 0xff_ffff));
  view.setUint32(at + 8, block.highestSequence);
  view.setUint32(at + 12, block.jitter);
  view.setUint32(at + 16, block.lastSr);
  view.setUint32(at + 20, block.delaySinceLastSr);
}
