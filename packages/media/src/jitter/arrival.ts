/**
 * How irregularly packets arrive, and the delay that makes up for it. Each packet's transit (arrival minus
 * RTP time) is compared with the least of the last seconds; a forgetting histogram of that relative delay
 * gives the target as a quantile, as in WebRTC's NetEq; what stalls again and again (stalls.ts) raises it.
 * A drifting sender clock moves the least with it. Times in ms. Bounded: fixed histogram, fixed window.
 */
import { SAMPLE_RATE_HZ } from '@parterre/protocol';
import { Stalls } from './stalls.ts';

const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1000;
const BUCKET_MS = 5;
const BUCKETS = 100;
const FORGET = 0.996;
const QUANTILE = 0.97;
/** The least transit is that of the last WINDOW_BLOCKS × WINDOW_BLOCK_MS. */
const WINDOW_BLOCKS = 8;
const WINDOW_BLOCK_MS = 500;
/** A packet must be there one tick before its last sample is due, and the delay may lie 10 ms below the target. */
const TICK_MARGIN_MS = 30;
/**
 * The least delay, also of a sender nothing is known about. Browsers hold a packet back by 60 ms now and
 * then on the best of networks. What speakers say to each other does not pass here, and the house hears it
 * most of a second later anyway: it is better off with a little more of that than with a broken word.
 */
const TARGET_MS_MIN = 80;
export const TARGET_MS_MAX = 500;
/** Packets until the histogram is believed. */
const LEARNING_PACKETS = 25;

export class ArrivalStatistics {
  readonly #histogram = new Float64Array(BUCKETS);
  readonly #blocks = new Float64Array(WINDOW_BLOCKS).fill(Number.POSITIVE_INFINITY);
  readonly #stalls = new Stalls();
  #block = -1;
  #packets = 0;
  #targetMs = TARGET_MS_MIN;
  #leastMs = 0;

  /** Delay between the fastest packet's arrival and its playing that lets nearly all packets be in time. */
  get targetMs(): number {
    return this.#targetMs;
  }

  /** Arrival minus RTP time of the fastest recent packet. */
  get leastTransitMs(): number {
    return this.#leastMs;
  }

  reset(): void {
    this.#histogram.fill(0);
    this.#stalls.clear();
    this.#blocks.fill(Number.POSITIVE_INFINITY);
    this.#block = -1;
    this.#packets = 0;
    this.#targetMs = TARGET_MS_MIN;
  }

  /** A packet of RTP time `timestamp` (unwrapped samples) has arrived. */
  arrived(timestamp: number, nowMs: number): void {
    const transitMs = nowMs - timestamp / SAMPLES_PER_MS;
    this.#window(transitMs, nowMs);
    const late = Math.max(0, transitMs - this.#leastMs);
    this.#packets += 1;
    const keep = Math.min(FORGET, 1 - 1 / this.#packets);
    for (let i = 0; i < BUCKETS; i += 1) this.#histogram[i]! *= keep;
    this.#histogram[Math.min(BUCKETS - 1, Math.floor(late / BUCKET_MS))]! += 1 - keep;
    this.#retarget(late, nowMs);
  }

  #window(transitMs: number, nowMs: number): void {
    const block = Math.floor(nowMs / WINDOW_BLOCK_MS);
    if (block !== this.#block) {
      const passed = this.#block < 0 ? WINDOW_BLOCKS : Math.abs(block - this.#block);
      for (let i = 0; i < Math.min(passed, WINDOW_BLOCKS); i += 1) {
        this.#blocks[slot(block - i)] = Number.POSITIVE_INFINITY;
      }
      this.#block = block;
    }
    const index = slot(block);
    this.#blocks[index] = Math.min(this.#blocks[index]!, transitMs);
    let least = transitMs;
    for (let i = 0; i < WINDOW_BLOCKS; i += 1) least = Math.min(least, this.#blocks[i]!);
    this.#leastMs = least;
  }

  #retarget(lateMs: number, nowMs: number): void {
    let below = 0;
    let bucket = 0;
    while (bucket < BUCKETS - 1) {
      below += this.#histogram[bucket]!;
      if (below >= QUANTILE) break;
      bucket += 1;
    }
    const usual = Math.max(TARGET_MS_MIN, (bucket + 1) * BUCKET_MS + TICK_MARGIN_MS);
    if (lateMs + TICK_MARGIN_MS > usual) this.#stalls.late(lateMs, nowMs);
    const wanted = Math.max(usual, this.#stalls.repeatedMs(nowMs) + TICK_MARGIN_MS);
    this.#targetMs = Math.min(TARGET_MS_MAX, wanted);
    if (this.#packets < LEARNING_PACKETS) {
      const seen = Math.min(TARGET_MS_MAX, lateMs + TICK_MARGIN_MS);
      this.#targetMs = Math.max(this.#targetMs, seen);
    }
  }
}

function slot(block: number): number {
  return ((block % WINDOW_BLOCKS) + WINDOW_BLOCKS) % WINDOW_BLOCKS;
}
