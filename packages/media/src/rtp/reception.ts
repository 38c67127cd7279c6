/**
 * What a receiver reports about one source (RFC 3550 §6.4.1), from the packets as they arrive: validity
 * and wraps of the sequence number (A.1), loss (A.3), jitter (A.8), and the round trip's two fields.
 * Time is an argument. Browsers size their in-band FEC by these reports.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import type { ReportBlock } from './rtcp.ts';

const SEQUENCE_MODULUS = 0x1_0000;
const TWO_32 = 0x1_0000_0000;
/** A.1: a jump ahead of this many packets or more is taken for a restart of the source. */
const DROPOUT_MAX = 3_000;
/** A.1: packets this much older than the newest are late, not of a restarted source. */
const MISORDER_MAX = 100;
/** A.8: each packet moves the estimate by a sixteenth of its deviation. */
const JITTER_GAIN = 1 / 16;
const LOST_MAX = 0x7f_ffff;
const LOST_MIN = -0x80_0000;

export class ReceptionStats {
  readonly ssrc: number;
  #started = false;
  #baseSequence = 0;
  #highest = 0;
  #cycles = 0;
  /** The next sequence that proves a restart; null when none is suspected. */
  #restartAt: number | null = null;
  #received = 0;
  #expectedPrior = 0;
  #receivedPrior = 0;
  #transit = 0;
  #jitter = 0;
  #lastSr = 0;
  #lastSrAtMs = 0;

  constructor(ssrc: number) {
    this.ssrc = ssrc;
  }

  /**
   * A packet of the source has arrived.
   * @param sequence 16 bits
   * @param timestamp 32 bits, 48 kHz
   * @param arrivalMs any monotonic clock, ms, fractional
   * @returns false when the packet is not counted: a jump that the next packet has yet to confirm
   */
  receive(sequence: number, timestamp: number, arrivalMs: number): boolean {
    if (!this.#started) {
      this.#restart(sequence);
    } else if (!this.#follow(sequence)) {
      return false;
    }
    this.#received += 1;
    const transit = toUint32(Math.round((arrivalMs * SAMPLE_RATE_HZ) / 1000) - timestamp);
    if (this.#received > 1) {
      const deviation = Math.abs((transit - this.#transit) | 0);
      this.#jitter += (deviation - this.#jitter) * JITTER_GAIN;
    }
    this.#transit = transit;
    return true;
  }

  /** A sender report of the source has arrived. @param ntpMiddle as `parseRtcp` gives it */
  senderReport(ntpMiddle: number, arrivalMs: number): void {
    this.#lastSr = ntpMiddle;
    this.#lastSrAtMs = arrivalMs;
  }

  /** Packets that should have come by now. */
  get expected(): number {
    return this.#started ? this.#extendedHighest - this.#baseSequence + 1 : 0;
  }

  /** Packets counted, doubles included. */
  get received(): number {
    return this.#received;
  }

  /** Expected less received; negative when packets were doubled. */
  get lost(): number {
    return this.expected - this.#received;
  }

  /** In units of 1/48,000 s. */
  get jitter(): number {
    return this.#jitter;
  }

  /** The report block for now; it begins the next interval of `fractionLost`. Null before any packet. */
  report(nowMs: number): ReportBlock | null {
    if (!this.#started) return null;
    const { expected } = this;
    const expectedInterval = expected - this.#expectedPrior;
    const lostInterval = expectedInterval - (this.#received - this.#receivedPrior);
    this.#expectedPrior = expected;
    this.#receivedPrior = this.#received;
    const fraction = expectedInterval > 0 ? Math.floor((lostInterval * 256) / expectedInterval) : 0;
    const sinceSr = Math.round(((nowMs - this.#lastSrAtMs) * 65_536) / 1000);
    return {
      ssrc: this.ssrc,
      fractionLost: Math.min(255, Math.max(0, fraction)),
      cumulativeLost: Math.min(LOST_MAX, Math.max(LOST_MIN, this.lost)),
      highestSequence: this.#extendedHighest % TWO_32,
      jitter: Math.min(TWO_32 - 1, Math.floor(this.#jitter)),
      lastSr: this.#lastSr,
      delaySinceLastSr: this.#lastSr === 0 ? 0 : Math.min(TWO_32 - 1, Math.max(0, sinceSr)),
    };
  }

  get #extendedHighest(): number {
    return this.#cycles + this.#highest;
  }

  /** `update_seq` of A.1, after probation: the demultiplexer has already vouched for the source. */
  #follow(sequence: number): boolean {
    const ahead = (sequence - this.#highest + SEQUENCE_MODULUS) % SEQUENCE_MODULUS;
    if (ahead < DROPOUT_MAX) {
      if (sequence < this.#highest) this.#cycles += SEQUENCE_MODULUS;
      this.#highest = sequence;
    } else if (ahead <= SEQUENCE_MODULUS - MISORDER_MAX) {
      if (sequence !== this.#restartAt) {
        this.#restartAt = (sequence + 1) % SEQUENCE_MODULUS;
        return false;
      }
      this.#restart(sequence);
      return true;
    }
    this.#restartAt = null;
    return true;
  }

  #restart(sequence: number): void {
    this.#started = true;
    this.#baseSequence = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#restartAt = null;
    this.#received = 0;
    this.#expectedPrior = 0;
    this.#receivedPrior = 0;
  }
}

function toUint32(value: number): number {
  return value >>> 0;
}
