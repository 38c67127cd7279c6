/**
 * What a packet's first bytes say, without decoding it (RFC 6716 §3.1, §3.2): how long it lasts. Invariant:
 * a duration is between 2.5 and 120 ms or the packet is refused; the payload is never read past its end.
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
