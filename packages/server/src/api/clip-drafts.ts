/**
 * Clips on their way in, piece by piece: an edge holds a request until it is whole, and takes no large ones.
 * In memory alone: what is not finished is brought again. Bounded: the drafts at once, the length of each,
 * and the time between two pieces.
 */
import { CLIP_SAMPLES_MAX, ParterreError } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';

const DRAFTS_MAX = 4;
const IDLE_MS_MAX = 60_000;

interface Draft {
  readonly pieces: Buffer[];
  bytes: number;
  touchedMs: number;
}

export class ClipDrafts {
  readonly #clock: Clock;
  readonly #drafts = new Map<string, Draft>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * The next piece; the one at 0 begins anew.
   * @throws ParterreError `bad_request` when it does not follow, `too_large`, `too_many_requests`
   * @returns how long it is now, bytes
   */
  add(spaceId: string, at: number, piece: Buffer, channels: 1 | 2): number {
    const nowMs = this.#clock.monotonicMs();
    for (const [id, { touchedMs }] of this.#drafts)
      if (nowMs - touchedMs > IDLE_MS_MAX) this.#drafts.delete(id);
    if (at === 0) this.#drafts.delete(spaceId);
    const draft = this.#drafts.get(spaceId) ?? { pieces: [], bytes: 0, touchedMs: nowMs };
    if (at !== draft.bytes)
      throw new ParterreError('bad_request', `at: the draft has ${draft.bytes} bytes.`);
    if (draft.bytes + piece.length > CLIP_SAMPLES_MAX * channels * 2) {
      this.#drafts.delete(spaceId);
      throw new ParterreError('too_large', 'A clip lasts two minutes at most.');
    }
    if (!this.#drafts.has(spaceId) && this.#drafts.size >= DRAFTS_MAX)
      throw new ParterreError('too_many_requests');
    draft.pieces.push(piece);
    draft.bytes += piece.length;
    draft.touchedMs = nowMs;
    this.#drafts.set(spaceId, draft);
    return draft.bytes;
  }

  /** Takes the draft away. @throws ParterreError `bad_request` when there is none, or half a sample */
  take(spaceId: string, channels: 1 | 2): Int16Array {
    const draft = this.#drafts.get(spaceId);
    this.#drafts.delete(spaceId);
    if (draft === undefined || draft.bytes === 0)
      throw new ParterreError('bad_request', 'There is no draft of a clip.');
    if (draft.bytes % (channels * 2) !== 0)
      throw new ParterreError('bad_request', `A sample of this space has ${channels * 2} bytes.`);
    const pcm = new Int16Array(draft.bytes / 2);
    const bytes = new Uint8Array(pcm.buffer);
    let at = 0;
    for (const piece of draft.pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return pcm;
  }
}
