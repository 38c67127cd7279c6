/**
 * AAC-LC as packed audio: frames with ADTS headers, behind an ID3 tag that says where on the clock they
 * begin (RFC 8216bis §3.1.4). For players that know no fragments, or load an init segment with every list.
 */
import { concat, u8, u32 } from '../fmp4/box.ts';
import { SEGMENT_SAMPLES } from './layout.ts';

const ADTS_BYTES = 7;
/** 90 kHz, 33 bits, as in a transport stream: 1.875 to a sample. */
const TICKS_PER_SEGMENT = (SEGMENT_SAMPLES * 90) / 48;
const TWO_32 = 0x1_0000_0000;
const TWO_33 = 2 * TWO_32;
const OWNER = ascii('com.apple.streaming.transportStreamTimestamp\0');

/** Segment `msn`, whole. @param frames raw data blocks of AAC-LC at 48 kHz */
export function packedSegment(
  msn: number,
  frames: readonly Uint8Array[],
  channels: 1 | 2,
): Uint8Array {
  const parts = [timestamp((msn * TICKS_PER_SEGMENT) % TWO_33)];
  for (const frame of frames) parts.push(adts(frame.length, channels), frame);
  return concat(parts);
}

/** An ID3 tag with one PRIV frame (ID3v2.4 §3, §4.27); both sizes are below 128 and so their own last byte. */
function timestamp(ticks: number): Uint8Array {
  const content = concat([OWNER, u32(Math.floor(ticks / TWO_32), ticks % TWO_32)]);
  const frame = concat([ascii('PRIV'), u8(0, 0, 0, content.length, 0, 0), content]);
  return concat([ascii('ID3'), u8(4, 0, 0, 0, 0, 0, frame.length), frame]);
}

/** The header of a frame without a checksum (ISO 14496-3 §1.A.2.2): LC, 48 kHz, variable rate. */
function adts(bytes: number, channels: 1 | 2): Uint8Array {
  const length = ADTS_BYTES + bytes;
  return u8(
    0xff,
    0xf1,
    0x4c,
    (channels << 6) | (length >> 11),
    (length >> 3) & 0xff,
    ((length & 7) << 5) | 0x1f,
    0xfc,
  );
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}
