/**
 * Looks at every fragment as it arrives: is it the next one, does its time go on, are there ten packets
 * that decode to 20 ms of sound each, does the log's epoch never go back? Keeps counts and the first hundred findings; takes the arrival's
 * clocks as arguments.
 */
import type { FragmentPart, OpusDecoder } from '@parterre/media';
import { CHUNK_MS, FRAME_SAMPLES, FRAMES_PER_CHUNK, type Snapshot } from '@parterre/protocol';
import type { ProbeFault, ProbeGap, ProbeLatency } from './report.ts';

const FINDINGS_MAX = 100;
const LATENCIES_MAX = 100_000;
/** What comes this soon after a connection's first byte is its beginning, not pushed as it was made. */
const OPENING_MS = 400;

/** Where a fragment arrived in time. */
export interface Arrival {
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** Monotonic ms of the connection's first byte. */
  readonly openedMs: number;
}

export class Examination {
  readonly gaps: ProbeGap[] = [];
  readonly faults: ProbeFault[] = [];
  gapCount = 0;
  faultCount = 0;
  fragments = 0;
  decodedFrames = 0;
  snapshots = 0;
  /** The last one told; null where none is. */
  epoch: number | null = null;
  starvedMs = 0;
  firstSeq: number | null = null;
  nextSeq: number | null = null;
  #capturedAtMs = Number.NEGATIVE_INFINITY;
  /** Monotonic ms at which a player that began at once has played all it was given. */
  #playedOutMs: number | null = null;
  readonly #latencies: number[] = [];

  fragment(part: FragmentPart, decoder: OpusDecoder, arrival: Arrival): void {
    this.#order(part);
    this.#sound(part, decoder);
    this.#snapshot(part);
    this.#play(arrival);
    this.fragments++;
    this.nextSeq = part.seq + 1;
    this.#capturedAtMs = part.capturedAtMs;
    const pushed = arrival.monotonicMs - arrival.openedMs > OPENING_MS;
    if (pushed && this.#latencies.length < LATENCIES_MAX) {
      this.#latencies.push(arrival.wallMs - part.capturedAtMs);
    }
  }

  fault(atSeq: number | null, rule: string): void {
    this.faultCount++;
    if (this.faults.length < FINDINGS_MAX) this.faults.push({ atSeq, rule });
  }

  #order({ seq, capturedAtMs }: FragmentPart): void {
    this.firstSeq ??= seq;
    if (this.nextSeq !== null && seq < this.nextSeq) {
      this.fault(seq, `came again; ${this.nextSeq} was due`);
    } else if (this.nextSeq !== null && seq > this.nextSeq) {
      this.gapCount++;
      const gap = { atSeq: this.nextSeq, missingChunks: seq - this.nextSeq };
      if (this.gaps.length < FINDINGS_MAX) this.gaps.push(gap);
    } else if (capturedAtMs <= this.#capturedAtMs) {
      this.fault(seq, `captured at ${capturedAtMs}, not after the chunk before it`);
    }
  }

  #sound(part: FragmentPart, decoder: OpusDecoder): void {
    const frames = part.frames();
    if (frames.length !== FRAMES_PER_CHUNK) {
      this.fault(part.seq, `has ${frames.length} frames instead of ${FRAMES_PER_CHUNK}`);
    }
    for (const frame of frames) {
      const pcm = decoder.decode(frame);
      if (pcm === null) this.fault(part.seq, 'holds a packet that is not Opus');
      else if (pcm.length !== FRAME_SAMPLES * decoder.channels) {
        this.fault(part.seq, `holds a packet of ${pcm.length / decoder.channels} samples`);
      } else this.decodedFrames++;
    }
  }

  #snapshot({ snapshot, seq }: FragmentPart): void {
    if (snapshot === null) return;
    this.snapshots++;
    let epoch: unknown;
    try {
      ({ epoch } = JSON.parse(new TextDecoder().decode(snapshot)) as Partial<Snapshot>);
    } catch {
      this.fault(seq, 'carries a snapshot that is not JSON');
    }
    if (typeof epoch !== 'number') return;
    if (this.epoch !== null && epoch < this.epoch) {
      this.fault(seq, `is of epoch ${epoch}, after one of epoch ${this.epoch}`);
    }
    this.epoch = epoch;
  }

  #play({ monotonicMs }: Arrival): void {
    const playedOutMs = this.#playedOutMs ?? monotonicMs;
    const lackedMs = Math.max(0, monotonicMs - playedOutMs);
    this.starvedMs += lackedMs;
    this.#playedOutMs = playedOutMs + lackedMs + CHUNK_MS;
  }

  latency(): ProbeLatency | null {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    if (sorted.length === 0) return null;
    const at = (share: number): number =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return { p50Ms: at(0.5), p95Ms: at(0.95), maxMs: sorted[sorted.length - 1]! };
  }
}
