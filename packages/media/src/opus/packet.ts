/**
 * What a packet's first bytes say, without decoding it (RFC 6716 §3.1, §3.2, §4.2.3): how long it lasts and
 * whether it carries in-band FEC. Invariant: a duration is between 2.5 and 120 ms or the packet is refused;
 * the payload is never read past its end.
 */

/** Samples at 48 kHz of one Opus frame for each of the 32 configurations (RFC 6716 §3.1, table 2). */
const FRAME_SAMPLES_OF_CONFIG = Uint16Array.of(
  ...[480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880],
  ...[480, 960, 480, 960],
  ...[120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960, 120, 240, 480, 960],
);

/** Longest packet: 120 ms (RFC 6716 §3.2, R5). */
export const PACKET_SAMPLES_MAX = 5_760;
/** Longest payload accepted: 48 frames' worth is never sent; 120 ms at 510 kbit/s fits. */
export const OPUS_PACKET_BYTES_MAX = 7_680;

/** Samples at 48 kHz of each frame in the packet; 0 for an empty payload. */
export function opusFrameSamples(payload: Uint8Array): number {
  const toc = payload[0];
  return toc === undefined ? 0 : FRAME_SAMPLES_OF_CONFIG[toc >> 3]!;
}

/** Samples at 48 kHz of the whole packet; 0 when the packet is malformed. */
export function opusPacketSamples(payload: Uint8Array): number {
  const toc = payload[0];
  if (toc === undefined || payload.length > OPUS_PACKET_BYTES_MAX) return 0;
  const frames = frameCount(toc & 3, payload);
  const samples = frames * FRAME_SAMPLES_OF_CONFIG[toc >> 3]!;
  return samples <= PACKET_SAMPLES_MAX ? samples : 0;
}

function frameCount(code: number, payload: Uint8Array): number {
  if (code === 0) return 1;
  if (code < 3) return 2;
  const count = payload[1];
  return count === undefined ? 0 : count & 0x3f;
}

/** The first of the configurations without a SILK layer (table 2): they carry no FEC. */
const CELT_CONFIG_MIN = 16;
/** Samples at 48 kHz of one SILK frame; a shorter Opus frame still holds one. */
const SILK_FRAME_SAMPLES = 960;

/**
 * Whether the packet carries a second, coarser copy of the time before it: the LBRR flag of its first frame
 * (RFC 6716 §4.2.3, §4.2.4). The flags are the first symbols of the range coder, of even odds, so they are the
 * first bits of the frame: one VAD flag for each SILK frame, then the LBRR flag. In stereo that of the mid
 * channel counts, which alone makes sound in mono.
 */
export function opusPacketHasFec(payload: Uint8Array): boolean {
  const toc = payload[0];
  if (toc === undefined || toc >> 3 >= CELT_CONFIG_MIN) return false;
  const flags = payload[firstFrameAt(toc & 3, payload)];
  if (flags === undefined) return false;
  const silkFrames = Math.max(1, FRAME_SAMPLES_OF_CONFIG[toc >> 3]! / SILK_FRAME_SAMPLES);
  return (flags & (0x80 >> silkFrames)) !== 0;
}

/** Where the first frame begins (RFC 6716 §3.2); the payload's length when it is empty. */
function firstFrameAt(code: number, payload: Uint8Array): number {
  if (code < 2) return 1;
  if (code === 2) return frameAfterLengths(payload, 1, 1);
  const count = payload[1] ?? 0;
  let at = 2;
  if ((count & 0x40) !== 0) {
    while (payload[at] === 255) at += 1;
    at += 1;
  }
  return (count & 0x80) === 0 ? at : frameAfterLengths(payload, at, (count & 0x3f) - 1);
}

function frameAfterLengths(payload: Uint8Array, from: number, lengths: number): number {
  if (lengths > 0 && payload[from] === 0) return payload.length;
  let at = from;
  for (let left = lengths; left > 0; left -= 1) at += (payload[at] ?? 0) < 252 ? 1 : 2;
  return at;
}
