/**
 * Those who wait, on the strict fast path: each asks again and again for the one document that says how
 * the line stands, and is given bytes that are ready. A connection may be kept for the next question; one
 * who does not read is not.
 */
import type { BareSocket } from './bare-socket.ts';
import type { EdgeCounters } from './counters.ts';
import { parseWaitingRequest } from './live-request.ts';

/** For how long a connection is kept for the next question, s: those near the front ask every three. */
export const KEPT_S = 5;

export class Waiters {
  readonly #counters: EdgeCounters;
  readonly #answerOf: (spaceId: string, kept: boolean) => Uint8Array | null;

  /** @param answerOf the whole answer; null where there is no such space, or nothing is known of its line */
  constructor(
    counters: EdgeCounters,
    answerOf: (spaceId: string, kept: boolean) => Uint8Array | null,
  ) {
    this.#counters = counters;
    this.#answerOf = answerOf;
  }

  /**
   * @param keeps the connection may be kept
   * @returns whether that was the question, and is answered
   */
  tell(socket: BareSocket, packet: Uint8Array, keeps: boolean): boolean {
    const spaceId = parseWaitingRequest(packet);
    const answer = spaceId === null ? null : this.#answerOf(spaceId, keeps);
    if (answer === null) return false;
    this.#counters.fastAnswers++;
    if (!socket.write(answer)) socket.end();
    else if (keeps) socket.keep();
    // The question was read to its last byte: closing at once loses nothing of the answer.
    else socket.destroy();
    return true;
  }
}
