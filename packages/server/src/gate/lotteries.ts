/**
 * The lotteries an edge knows, one for each space: began before doors, closed when they open, drawn, and
 * told for as long as the space is there. Those of spaces that are over are looked up when somebody asks,
 * one at a time, and not all of them are kept in mind.
 */
import type { LotteryWord, SpaceState } from '@parterre/protocol';
import { Lottery, type LotteryOptions } from './lottery.ts';

/** How others' entrants come to be known, ms: while somebody asks, else seldom; each time when doors are near. */
const LOOK_MS = 1_000;
const LOOK_IDLE_MS = 15_000;
const ASKED_MS = 10_000;
const NEAR_MS = 3_000;
/** What the disk refused is tried again after so long, ms. */
const AGAIN_MS = 1_000;
/** So long a disk that refuses keeps a house waiting; then it opens without a lottery. */
const UNREAD_MS_MAX = 10_000;
/** Lotteries of spaces that are not open, kept in mind. */
const IDLE_MAX = 256;

/** What has to be known of a space. */
export interface DrawnSpace {
  readonly id: string;
  readonly state: SpaceState;
  readonly doorsAtMs: number;
}

/** What the coordinator is told of a space's entrants; `second` is null before it is drawn. */
export interface EntrantsWord {
  readonly count: number;
  readonly second: number | null;
}

interface Kept {
  readonly lottery: Lottery;
  readonly sinceMs: number;
  lookedMs: number;
  /** Somebody wanted to know it, or to enter. */
  askedMs: number;
  failedMs: number | null;
  busy: boolean;
}

export class Lotteries {
  readonly #options: Omit<LotteryOptions, 'spaceId' | 'begins'>;
  readonly #failed: (error: unknown) => void;
  readonly #kept = new Map<string, Kept>();
  #peeking = false;

  constructor(
    options: Omit<LotteryOptions, 'spaceId' | 'begins'>,
    failed: (error: unknown) => void = () => {},
  ) {
    this.#options = options;
    this.#failed = failed;
  }

  /** Of a space that is not over. */
  of(space: DrawnSpace, nowMs: number): Lottery {
    return this.#asked(space, nowMs).lottery;
  }

  /** Does for these what is due; called regularly. Forgets spaces that are not there any more. */
  tick(
    spaces: Iterable<DrawnSpace>,
    exists: (spaceId: string) => boolean,
    nowMs: number,
    wallMs: number,
  ): void {
    const open = new Set<string>();
    for (const space of spaces) {
      open.add(space.id);
      if (space.state !== 'ended') this.#due(space, nowMs, space.doorsAtMs - wallMs < NEAR_MS);
    }
    let idle = this.#kept.size - open.size - IDLE_MAX;
    for (const id of this.#kept.keys())
      if (!open.has(id) && (!exists(id) || idle-- > 0)) this.#kept.delete(id);
  }

  /** Who entered before doors; `unknown` while nobody is to be let in, since it is not known who was first. */
  entrantsOf(spaceId: string, nowMs: number): EntrantsWord | null | 'unknown' {
    const kept = this.#kept.get(spaceId);
    if (kept === undefined) return null;
    const { current, entrants: count, draw } = kept.lottery;
    if (!current && !isUnread(kept, nowMs)) return 'unknown';
    if (count === 0) return null;
    return { count, second: draw === null ? null : Math.floor(draw.closesAtMs / 1_000) };
  }

  /** What the public is told; `unknown` when it has to be asked again. */
  word(space: DrawnSpace, nowMs: number): LotteryWord | null | 'unknown' {
    const kept = this.#asked(space, nowMs);
    if (kept.lottery.current) return kept.lottery.word(space.doorsAtMs);
    if (space.state !== 'ended') this.#due(space, nowMs, false);
    else if (!this.#peeking) {
      this.#peeking = true;
      const done = (): void => {
        this.#peeking = false;
      };
      kept.lottery.look().catch(this.#failed).then(done, done);
    }
    return isUnread(kept, nowMs) ? null : 'unknown';
  }

  #asked(space: DrawnSpace, nowMs: number): Kept {
    const kept = this.#of(space, nowMs);
    kept.askedMs = nowMs;
    return kept;
  }

  #of({ id, state }: DrawnSpace, nowMs: number): Kept {
    let kept = this.#kept.get(id);
    if (kept === undefined) {
      const lottery = new Lottery({ ...this.#options, spaceId: id, begins: state !== 'ended' });
      const lookedMs = Number.NEGATIVE_INFINITY;
      kept = { lottery, sinceMs: nowMs, lookedMs, askedMs: nowMs, failedMs: null, busy: false };
      this.#kept.set(id, kept);
    }
    return kept;
  }

  #due(space: DrawnSpace, nowMs: number, isNear: boolean): void {
    const kept = this.#of(space, nowMs);
    const { lottery, lookedMs, failedMs, busy } = kept;
    if (busy || (failedMs !== null && nowMs - failedMs < AGAIN_MS)) return;
    const opened = space.state !== 'scheduled';
    if (lottery.current && lottery.draw !== null) return;
    const closes = opened && (!lottery.closing || failedMs !== null);
    const isDue = !lottery.current || closes || (!opened && isNear);
    const everyMs = nowMs - kept.askedMs < ASKED_MS ? LOOK_MS : LOOK_IDLE_MS;
    if (!isDue && nowMs - lookedMs < everyMs) return;
    kept.busy = true;
    kept.lookedMs = nowMs;
    const work = opened ? lottery.close(space.doorsAtMs) : lottery.look();
    work
      .catch((error: unknown) => {
        kept.failedMs = nowMs;
        this.#failed(error);
      })
      .finally(() => {
        kept.busy = false;
      });
  }
}

/** The disk has refused, and for long. */
function isUnread({ failedMs, sinceMs }: Kept, nowMs: number): boolean {
  return failedMs !== null && nowMs - sinceMs > UNREAD_MS_MAX;
}
