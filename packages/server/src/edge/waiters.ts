/**
 * Those who wait, on the strict fast path: each asks again and again for the one document that says how
 * the line stands, and is given bytes that are ready.
 */
import type { EdgeCounters } from './counters.ts';
import { parseWaitingRequest } from './live-request.ts';

/** For how long a connection is kept for the next question, s: those near the front ask every three. */
export const KEPT_S = 5;

export class Waiters {
  readonly #counters: EdgeCounters;
  readonly #ready: (spaceId: string, kept: boolean) => Uint8Array | null;

  /** @param ready the whole answer; null where there is no such space, or nothing is known of its line */
  constructor(
    counters: EdgeCounters,
    ready: (spaceId: string, kept: boolean) => Uint8Array | null,
  ) {
    this.#counters = counters;
    this.#ready = ready;
  }

  /**
   * @param packet its first `length` bytes
   * @param kept the connection will be
   * @returns the answer; null when that is not the question, or the full HTTP server must answer it
   */
  answerTo(packet: Buffer, length: number, kept: boolean): Uint8Array | null {
    const spaceId = parseWaitingRequest(packet, length);
    const answer = spaceId === null ? null : this.#ready(spaceId, kept);
    if (answer !== null) this.#counters.fastAnswers++;
    return answer;
  }
}
