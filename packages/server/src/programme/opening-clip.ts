/**
 * The clip a space opens with. It is read before it is needed and checked whole; what it is at any frame
 * follows from the clock alone: its first frame is the first that is live, and a programme that was away
 * goes on where the clock says [P4]. A clip that cannot be read is told in the log, and the space opens
 * without one.
 */
import { FRAME_SAMPLES, FRAMES_PER_CHUNK } from '@parterre/protocol';
import type { Clip, ClipStore } from '../ports/clips.ts';
import type { Log } from '../ports/log.ts';
import type { KeptPlan } from '../ports/plan-store.ts';

export interface OpeningClipOptions {
  readonly clips: Pick<ClipStore, 'read'>;
  readonly log: Log;
  readonly mixer: { playClip(pcm: Int16Array | null, frame?: number): void };
}

export class OpeningClip {
  readonly #options: OpeningClipOptions;
  #wanted: Clip | null = null;
  #pcm: Int16Array | null = null;
  #liveFrame: number | null = null;

  constructor(options: OpeningClipOptions) {
    this.#options = options;
  }

  /**
   * What the plan says. Resolves when the clip is there, or cannot be; never rejects.
   * @param frameNow the next frame of the clock, whenever it is asked
   */
  async follow(kept: KeptPlan, frameNow: () => number): Promise<void> {
    const frame = firstLiveFrame(kept);
    if (frame !== null && this.#liveFrame === null) {
      this.#liveFrame = frame;
      this.play(frameNow());
    }
    const clip = kept.plan.clip ?? null;
    if (clip?.hash === this.#wanted?.hash) return;
    this.#wanted = clip;
    this.#pcm = null;
    if (clip === null || this.#isOver(frameNow())) return;
    const { clips, log } = this.#options;
    try {
      const pcm = await clips.read(kept.plan.id, clip);
      if (this.#wanted !== clip) return;
      this.#pcm = pcm;
      this.play(frameNow());
    } catch (error) {
      log.error({ error: String(error) }, 'the opening clip cannot be played');
    }
  }

  /** Has the mixer play what belongs to this frame and those after it. */
  play(frame: number): void {
    if (this.#pcm === null || this.#liveFrame === null) return;
    if (this.#isOver(frame)) this.#pcm = null;
    this.#options.mixer.playClip(this.#pcm, Math.max(0, frame - this.#liveFrame));
  }

  /** Lets go of the samples once they have been played. */
  tend(frame: number): void {
    if (this.#pcm !== null && this.#isOver(frame)) this.#pcm = null;
  }

  #isOver(frame: number): boolean {
    if (this.#liveFrame === null || this.#wanted === null) return false;
    return (frame - this.#liveFrame) * FRAME_SAMPLES >= this.#wanted.samples;
  }
}

/** Null before the start. */
function firstLiveFrame({ state, liveFrame, liveSeq }: KeptPlan): number | null {
  if (state !== 'live') return null;
  return liveFrame ?? (liveSeq === null ? null : liveSeq * FRAMES_PER_CHUNK);
}
