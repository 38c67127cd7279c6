/**
 * Keeps the ear where it belongs: jumps holes, waits for sound after running dry, frees a stuck element,
 * holds the distance to live. It looks at positions and buffered ranges, never at how the programme
 * sounds: a minute of silence is programme like any other. Called about four times a second.
 */
import { CHUNK_MS, type Profile } from '@parterre/protocol';
import type { Engine, Range } from './engine.ts';
import { LiveEdge, RateController, type RateDecision, rateBands } from './rate.ts';

/** Where the playhead is and what the player must do. */
export interface Reading {
  readonly positionMs: number | null;
  readonly aheadMs: number;
  readonly rate: number;
  readonly starved: boolean;
  /** When to look again, ms. */
  readonly nextMs: number;
  /** `skip`: too far behind, and live is not in the buffer. `stuck`: the element does not move. */
  readonly need: 'nothing' | 'skip' | 'stuck';
}

/** What a look goes by. */
export interface Circumstances {
  readonly engine: Engine;
  /** Monotonic. */
  readonly nowMs: number;
  readonly profile: Profile;
  /** No more will come, so that nothing is waited for. */
  readonly final: boolean;
}

interface Sight extends Circumstances {
  readonly at: number;
  readonly ranges: readonly Range[];
  /** Sound without a hole from `at` on. */
  readonly aheadMs: number;
}

/** What happened on the way. */
export interface PlayheadObserver {
  gap(fromSeq: number, toSeq: number): void;
  stall(seq: number): void;
  skip(fromSeq: number, toSeq: number): void;
}

/** How often the playhead looks, ms. */
export const TICK_MS = 250;
const DRY_MS = 25;
/** Browsers stop a little before the end of what they have: standing still with less than this is dry too, ms. */
const LOW_MS = 350;
const STILL_MS = 200;
/** An element that has sound and does not move for this long is stuck, ms. */
const STUCK_MS = 1_200;
const NUDGES_MAX = 3;
const NUDGE_MS = 20;
/** After running dry, this share of the buffer is gathered before going on. */
const REFILL_SHARE = 0.5;
const EDGE_MS = 1;
const AS_IT_IS: RateDecision = { rate: 1, skip: false };

export class Playhead {
  readonly #observer: PlayheadObserver;
  readonly #liveEdge = new LiveEdge();
  readonly #controller = new RateController();
  #heard = false;
  /** The first sound has been brought to its distance from live. */
  #begun = false;
  #dry = false;
  /** Holding the sound until the buffer has refilled; since when, monotonic ms. */
  #refillSinceMs: number | null = null;
  #lastMs: number | null = null;
  #movedAtMs = 0;
  #nudges = 0;
  #jumpToSeq: number | null = null;

  constructor(observer: PlayheadObserver) {
    this.#observer = observer;
  }

  /** A chunk arrived at `nowMs`, monotonic. */
  arrived(seq: number, nowMs: number): void {
    this.#liveEdge.arrived((seq + 1) * CHUNK_MS, nowMs);
  }

  /** The ear goes to `seq` as soon as it is buffered: what lies before it is left out. */
  jumpTo(seq: number): void {
    this.#jumpToSeq = seq;
  }

  /** Begins anew: another timeline, or sound after a pause. */
  forget(): void {
    this.#liveEdge.forget();
    this.#controller.forget();
    this.#heard = false;
    this.#begun = false;
    this.#dry = false;
    this.#refillSinceMs = null;
    this.#lastMs = null;
    this.#nudges = 0;
    this.#jumpToSeq = null;
  }

  look(circumstances: Circumstances): Reading {
    const { engine, nowMs } = circumstances;
    const at = engine.positionMs;
    if (at === null) return reading(null, 0, 1, true, TICK_MS);
    const ranges = engine.ranges();
    const here = ranges.find((range) => range.startMs - EDGE_MS <= at && at < range.endMs);
    const aheadMs = here === undefined ? 0 : here.endMs - at;
    const sight: Sight = { ...circumstances, at, ranges, aheadMs };
    const jumped = this.#jump(sight);
    if (jumped !== null) return reading(jumped, 0, 1, false, TICK_MS);
    const still = at === this.#lastMs ? nowMs - this.#movedAtMs : 0;
    if (aheadMs < (still > STILL_MS ? LOW_MS : DRY_MS)) return this.#dryUp(sight);
    if (this.#refilling(sight)) return reading(at, aheadMs, 0, true, TICK_MS);
    this.#dry = false;
    if (this.#isStuck(sight)) return this.#free(sight);
    return this.#steer(sight);
  }

  /** Where the ear now is, when it could follow a wanted jump. */
  #jump({ engine, ranges, at }: Sight): number | null {
    const seq = this.#jumpToSeq;
    if (seq === null) return null;
    const toMs = seq * CHUNK_MS;
    if (!ranges.some((range) => range.startMs - EDGE_MS <= toMs && toMs < range.endMs)) return null;
    this.#jumpToSeq = null;
    if (toMs <= at) return null;
    this.#go(engine, toMs + EDGE_MS);
    this.#observer.skip(Math.ceil(at / CHUNK_MS), seq);
    return toMs;
  }

  #dryUp({ engine, ranges, at, nowMs, final }: Sight): Reading {
    const next = ranges.find((range) => range.startMs > at);
    if (next !== undefined) {
      if (this.#heard)
        this.#observer.gap(Math.round(at / CHUNK_MS), Math.round(next.startMs / CHUNK_MS));
      this.#go(engine, next.startMs + EDGE_MS);
      return reading(next.startMs, 0, 1, false, TICK_MS / 4);
    }
    if (!this.#dry && this.#heard && !final) {
      this.#observer.stall(Math.floor(at / CHUNK_MS));
      this.#refillSinceMs = nowMs;
    }
    this.#dry = true;
    return reading(at, 0, 1, true, TICK_MS / 2);
  }

  /** True while the sound is held for the buffer to refill. */
  #refilling({ engine, aheadMs, nowMs, profile, final }: Sight): boolean {
    const targetMs = profile.bufferMs;
    const since = this.#refillSinceMs;
    if (since === null) return false;
    if (!this.#dry && nowMs - since > targetMs * 2) this.#refillSinceMs = null;
    if (final || aheadMs >= targetMs * REFILL_SHARE) this.#refillSinceMs = null;
    this.#dry = false;
    this.#movedAtMs = nowMs;
    engine.setRate(this.#refillSinceMs === null ? 1 : 0);
    return this.#refillSinceMs !== null;
  }

  #isStuck({ at, nowMs }: Sight): boolean {
    // Without a last position the ear was put where it is: that is no proof that it moves.
    const placed = this.#lastMs === null;
    const moved = !placed && Math.abs(at - this.#lastMs!) > 1;
    this.#lastMs = at;
    if (placed || moved) this.#movedAtMs = nowMs;
    if (moved) {
      this.#heard = true;
      this.#nudges = 0;
    }
    return nowMs - this.#movedAtMs > STUCK_MS;
  }

  #free({ engine, at, aheadMs }: Sight): Reading {
    this.#nudges++;
    if (this.#nudges > NUDGES_MAX) {
      return { ...reading(at, aheadMs, 1, true, TICK_MS), need: 'stuck' };
    }
    engine.seek(at + NUDGE_MS);
    this.#lastMs = null;
    return reading(at, aheadMs, 1, true, TICK_MS);
  }

  #steer(sight: Sight): Reading {
    const { engine, at, aheadMs, nowMs, profile, ranges } = sight;
    const beyond = ranges.some((range) => range.startMs > at);
    const nextMs = beyond ? Math.max(10, Math.min(TICK_MS, aheadMs - DRY_MS / 2)) : TICK_MS;
    const liveMs = this.#liveEdge.at(nowMs);
    if (liveMs === null || sight.final) {
      engine.setRate(1);
      return reading(at, aheadMs, 1, false, nextMs);
    }
    const late = this.#beganLate(liveMs - at, profile);
    // WebKit stops for a new rate as for a jump: a newcomer is moved once, with no change of rate around it.
    const hold = late || !this.#begun;
    const { rate, skip } = hold ? AS_IT_IS : this.#controller.decide(liveMs - at, profile);
    engine.setRate(rate);
    if (!skip && !late) return reading(at, aheadMs, rate, false, nextMs);
    const seq = Math.ceil((liveMs - profile.bufferMs) / CHUNK_MS);
    const toMs = seq * CHUNK_MS;
    const buffered = ranges.some((range) => range.startMs <= toMs && toMs + CHUNK_MS < range.endMs);
    if (!buffered) {
      return { ...reading(at, aheadMs, rate, false, nextMs), need: skip ? 'skip' : 'nothing' };
    }
    this.#go(engine, toMs + EDGE_MS);
    this.#observer.skip(Math.ceil(at / CHUNK_MS), seq);
    return reading(toMs, 0, rate, false, nextMs);
  }

  /** Once, when the first sound moves: an element that was slow to start is behind by as much. */
  #beganLate(distanceMs: number, profile: Profile): boolean {
    if (!this.#heard || this.#begun) return false;
    this.#begun = true;
    return profile.id === 'near' && distanceMs - profile.bufferMs > rateBands(profile).beginMs;
  }

  #go(engine: Engine, toMs: number): void {
    engine.seek(toMs);
    this.#lastMs = null;
  }
}

function reading(
  positionMs: number | null,
  aheadMs: number,
  rate: number,
  starved: boolean,
  nextMs: number,
): Reading {
  return { positionMs, aheadMs, rate, starved, nextMs, need: 'nothing' };
}
