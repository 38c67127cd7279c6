/**
 * What an edge does with newcomers when its own time, a space's places or the way out run short: the ladder
 * of each space on air, fed with what is measured, and what its step means for somebody who comes. Whoever
 * comes back has what they had.
 */
import type {
  LaneWord,
  OverflowWord,
  ProfileId,
  PublicSpace,
  RenditionId,
} from '@parterre/protocol';
import { Ladder, type Rung, type Strain } from '../gate/index.ts';
import type { Clock } from '../ports/clock.ts';
import type { Refusal } from './answers.ts';
import type { Cohort } from './cohort.ts';

/** How often is measured, ms. */
const MEASURE_MS = 250;

export interface OverflowOptions {
  /** The rungs that there are here. */
  readonly has: ReadonlySet<Rung>;
  /** Of the bound on what the house sends, the share in use; 0 without a bound. */
  readonly egress: () => number;
  /** Stands before `/hls/` where newcomers are sent to a cache at another address. */
  readonly hlsBase: string;
}

const NONE: OverflowOptions = { has: new Set(), egress: () => 0, hlsBase: '' };

/** A space as far as it is needed here. */
interface Crowded {
  readonly space: Pick<PublicSpace, 'id' | 'state' | 'profile' | 'rendition'>;
  readonly ladder: Ladder;
}

export class Overflow {
  /** Newcomers by what they were given instead of the space's own. */
  readonly newcomers: Record<Exclude<Rung, 'flush'>, number> = { far: 0, hls: 0, voice24: 0 };
  readonly #options: OverflowOptions;
  #measuredMs = Number.NEGATIVE_INFINITY;

  constructor(options: OverflowOptions | null) {
    this.#options = options ?? NONE;
  }

  /** There is this rung at all. */
  has(rung: Rung): boolean {
    return this.#options.has.has(rung);
  }

  /** Of a space that an edge begins to know. */
  ladder(): Ladder {
    return new Ladder(this.#options.has);
  }

  /** @param placesOf of a space's places for newcomers, the share that is taken */
  tick(
    nowMs: number,
    rooms: Iterable<Crowded>,
    { raised, load }: { readonly raised: number; readonly load: number },
    placesOf: (spaceId: string) => number,
  ): void {
    if (this.#options.has.size === 0 || nowMs - this.#measuredMs < MEASURE_MS) return;
    this.#measuredMs = nowMs;
    const egress = this.#options.egress();
    for (const { space, ladder } of rooms) {
      if (space.state !== 'doors' && space.state !== 'live' && ladder.step === 0) continue;
      const strain: Strain = { flush: raised, load, places: placesOf(space.id), egress };
      ladder.tick(nowMs, strain);
    }
  }

  /** What one who comes to the live lane is given. `far` is for newcomers in a crowd, and for who had it. */
  given(
    { space, ladder }: Crowded,
    profile: ProfileId | null,
    rendition: RenditionId | null,
    isNew: boolean,
  ): LaneWord {
    const far = isNew && ladder.on('far');
    const lean = isNew && ladder.on('voice24');
    const asked = isNew && profile === 'far' ? null : profile;
    return {
      profile: far ? 'far' : (asked ?? space.profile),
      rendition: lean ? 'voice24' : (rendition ?? space.rendition),
    };
  }

  /** A newcomer was taken in. */
  took({ profile, source }: Cohort): void {
    if (profile.id === 'far') this.newcomers.far++;
    if (source.ring.about.rendition.id === 'voice24') this.newcomers.voice24++;
  }

  /** What newcomers meet. @param line there is one, and nobody gets past it but to the cache */
  word({ ladder }: Pick<Crowded, 'ladder'>, line: boolean, clock: Clock): OverflowWord {
    if (line && !ladder.on('hls'))
      return { overflow: 'line', overflowBy: 'places', overflowSinceMs: null };
    const { rung, by, sinceMs } = ladder;
    if (rung === null || sinceMs === null)
      return { overflow: 'none', overflowBy: null, overflowSinceMs: null };
    return {
      overflow: rung,
      overflowBy: by === 'places' || by === 'egress' ? by : 'work',
      overflowSinceMs: Math.round(clock.wallMs() - (clock.monotonicMs() - sinceMs)),
    };
  }

  /** Where a newcomer listens instead; null: here. */
  elsewhere({ space, ladder }: Crowded): Refusal | null {
    if (!ladder.on('hls')) return null;
    this.newcomers.hls++;
    const location = `${this.#options.hlsBase}/hls/${space.id}/index.m3u8`;
    return { refusal: 'take_hls', location };
  }
}
