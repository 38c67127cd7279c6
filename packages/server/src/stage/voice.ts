/**
 * What comes in from one microphone: the packets' source, how loud it is, what was lost, and whether it
 * still comes. One voice may be carried by several sources one after the other (each new peer connection
 * has a new SSRC); reception is counted per source, as reports need it.
 */
import { ReceptionStats, type ReportBlock, type RtpPacket } from '@parterre/media';
import { PACKETS_PER_S_MAX } from './limits.ts';

const SILENCE_DBOV = -127;
/** Level of a voice that tells none, by whether a packet holds more than comfort noise. */
const UNKNOWN_LOUD_DBOV = -30;
const NOISE_BYTES_MAX = 8;
/** Per 20 ms frame: quick to rise, slow to fall. */
const ATTACK = 0.5;
const RELEASE = 0.05;
const METER_FLOOR_DBOV = -60;

export class Voice {
  /** Smoothed level, dBov. */
  loudnessDbov = SILENCE_DBOV;
  /** When the last packet came, monotonic ms. */
  lastAtMs = Number.NEGATIVE_INFINITY;
  packets = 0;
  #lostBefore = 0;
  #secondAtMs = Number.NEGATIVE_INFINITY;
  #inSecond = 0;
  #reception: ReceptionStats | null = null;

  /** Counts one packet, before anything is done with it. @returns false beyond PACKETS_PER_S_MAX */
  allows(nowMs: number): boolean {
    if (nowMs - this.#secondAtMs >= 1_000) {
      this.#secondAtMs = nowMs;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    return this.#inSecond <= PACKETS_PER_S_MAX;
  }

  /** @param levelDbov as the packet tells it, or null when it tells none */
  receive(packet: RtpPacket, levelDbov: number | null, nowMs: number): void {
    this.lastAtMs = nowMs;
    this.packets += 1;
    let reception = this.#reception;
    if (reception === null || reception.ssrc !== packet.ssrc) {
      this.#lostBefore = this.lost;
      reception = new ReceptionStats(packet.ssrc);
      this.#reception = reception;
    }
    reception.receive(packet.sequence, packet.timestamp, nowMs);
    const heard = packet.payload.length > NOISE_BYTES_MAX ? UNKNOWN_LOUD_DBOV : SILENCE_DBOV;
    const level = levelDbov ?? heard;
    const step = level > this.loudnessDbov ? ATTACK : RELEASE;
    this.loudnessDbov += (level - this.loudnessDbov) * step;
  }

  senderReport(ssrc: number, ntpMiddle: number, nowMs: number): void {
    if (this.#reception?.ssrc === ssrc) this.#reception.senderReport(ntpMiddle, nowMs);
  }

  /** The report block for the current source (RFC 3550 §6.4.1); null before any packet. */
  report(nowMs: number): ReportBlock | null {
    return this.#reception?.report(nowMs) ?? null;
  }

  /** Packets lost over all sources. */
  get lost(): number {
    return this.#lostBefore + Math.max(0, this.#reception?.lost ?? 0);
  }

  /** Loudness for a meter, 0…1. */
  get meter(): number {
    return Math.max(0, Math.min(1, 1 - this.loudnessDbov / METER_FLOOR_DBOV));
  }

  silence(): void {
    this.loudnessDbov = SILENCE_DBOV;
  }
}
