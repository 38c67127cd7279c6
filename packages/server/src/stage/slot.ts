/**
 * One forward slot towards one browser: whatever sources are carried in it one after the other, the
 * browser sees a single RTP stream with one SSRC, a sequence without jumps and a timestamp that follows
 * real time (a translator, RFC 3550 §7.2). Late packets of a source that came before the change are refused.
 */
import type { RtpPacket } from '@parterre/media';
import { FRAME_SAMPLES, SAMPLE_RATE_HZ } from '@parterre/protocol';

const TWO_16 = 0x1_0000;
const HEADER_BYTES = 12;
const MARKER = 0x80;

export class SlotStream {
  readonly ssrc: number;
  /** Sent so far, for sender reports (RFC 3550 §6.4.1). */
  packets = 0;
  octets = 0;
  #lastSequence = 0;
  #lastTimestamp = 0;
  #lastAtMs = 0;
  /** Null when the next packet begins a new source. */
  #source: number | null = null;
  #sequenceOffset = 0;
  #timestampOffset = 0;
  #firstSequence = 0;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  /** The next packet belongs to another source, or comes after a pause. */
  release(): void {
    this.#source = null;
  }

  /**
   * Writes the packet's new header into the first 12 bytes of `target`; the payload stands behind it.
   * @returns false when the packet is older than what the slot began this source with
   */
  rewrite(packet: RtpPacket, payloadType: number, nowMs: number, target: DataView): boolean {
    const begins = this.#source !== packet.ssrc;
    if (begins) this.#begin(packet, nowMs);
    else if (signed16(packet.sequence - this.#firstSequence) < 0) return false;
    const sequence = (packet.sequence + this.#sequenceOffset) % TWO_16;
    const timestamp = (packet.timestamp + this.#timestampOffset) >>> 0;
    if (begins || signed16(sequence - this.#lastSequence) > 0) {
      this.#lastSequence = sequence;
      this.#lastTimestamp = timestamp;
      this.#lastAtMs = nowMs;
      // Kept near the newest, so that the comparison holds when a source runs for long.
      if (signed16(packet.sequence - this.#firstSequence) > TWO_16 / 4) {
        this.#firstSequence = (packet.sequence + TWO_16 - TWO_16 / 8) % TWO_16;
      }
    }
    target.setUint8(0, 0x80);
    target.setUint8(1, payloadType | (begins || packet.marker ? MARKER : 0));
    target.setUint16(2, sequence);
    target.setUint32(4, timestamp);
    target.setUint32(8, this.ssrc);
    this.packets += 1;
    this.octets = (this.octets + packet.payload.length) >>> 0;
    return true;
  }

  /** The timestamp that belongs to now, for a sender report. */
  timestampAt(nowMs: number): number {
    const samples = Math.round(((nowMs - this.#lastAtMs) * SAMPLE_RATE_HZ) / 1000);
    return (this.#lastTimestamp + samples) >>> 0;
  }

  #begin(packet: RtpPacket, nowMs: number): void {
    const fresh = this.packets === 0;
    const elapsed = Math.round(((nowMs - this.#lastAtMs) * SAMPLE_RATE_HZ) / 1000);
    const sequence = fresh ? packet.sequence : this.#lastSequence + 1;
    const timestamp = fresh
      ? packet.timestamp
      : this.#lastTimestamp + Math.max(FRAME_SAMPLES, elapsed);
    this.#source = packet.ssrc;
    this.#firstSequence = packet.sequence;
    this.#sequenceOffset = (sequence - packet.sequence + TWO_16) % TWO_16;
    this.#timestampOffset = (timestamp - packet.timestamp) >>> 0;
  }
}

export { HEADER_BYTES as SLOT_HEADER_BYTES };

function signed16(difference: number): number {
  return (difference << 16) >> 16;
}
