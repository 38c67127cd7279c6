/** A space and what the public may know of it: its life, its times, its address. */
import type { SpaceProfileId } from './profile.ts';
import type { SpaceRenditionId } from './rendition.ts';

/** The life of a space. `ended` is final; a replay follows when it is `replayReady`. */
export type SpaceState = 'scheduled' | 'doors' | 'live' | 'ended';

/** What the public may know of a space; the same object from the api, the edge and the stage. */
export interface PublicSpace {
  readonly id: string;
  readonly title: string;
  readonly host: string;
  readonly state: SpaceState;
  readonly profile: SpaceProfileId;
  readonly rendition: SpaceRenditionId;
  /** Announced start, ms since the Unix epoch; null when none is: the host starts when ready. */
  readonly startsAtMs: number | null;
  /** IANA name of the zone the start was announced in; null when none was told. A label: what counts is `startsAtMs`. */
  readonly zone?: string | null;
  /** When doors open, ms since the Unix epoch; the clock's zero once they have. */
  readonly doorsAtMs: number;
  /** Actual times, ms since the Unix epoch; null until they happen. */
  readonly liveAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly replayReady: boolean;
  /** First sample on air after the announced start, ms; negative: before it. Null until both are there. */
  readonly startDriftMs?: number | null;
  /** The space that took the audience over when this one was given up. */
  readonly successor?: string | null;
}

/**
 * How far an edge has gone in giving newcomers less, when its time, the places or the way out run short:
 * docs/api/lanes.md, "When many come". Stands beside what is public of a space.
 */
export interface OverflowWord {
  readonly overflow: 'none' | 'flush' | 'far' | 'hls' | 'voice24' | 'line';
  /** What runs short: the edge's own time, places, or the bound of egress; null when nothing does. */
  readonly overflowBy: 'work' | 'places' | 'egress' | null;
  /** When it came to this, ms since the Unix epoch; null when that is not known. */
  readonly overflowSinceMs: number | null;
}

/** Actual start less announced start, ms; null until both are there. */
export function startDriftOf({
  startsAtMs,
  liveAtMs,
}: Pick<PublicSpace, 'startsAtMs' | 'liveAtMs'>): number | null {
  return startsAtMs === null || liveAtMs === null ? null : liveAtMs - startsAtMs;
}

/** A role on the stage. One host seat; the host may do everything a co-host may. */
export type Role = 'host' | 'cohost' | 'speaker';

/** Space identifiers: 3 to 64 of a–z, 0–9 and '-', beginning with a letter or digit. */
export const SPACE_ID = /^[a-z0-9][a-z0-9-]{2,63}$/;
/** Names of groups that have seats kept: of the server's making, never used twice. */
export const GROUP_ID = /^[a-z0-9]{12}$/;
/** Groups of one space. */
export const GROUPS_MAX = 10;
/** Seats of one group. */
export const GROUP_SEATS_MAX = 1_000_000;

/** Words that are pages, never spaces. */
export const RESERVED_SPACE_IDS: ReadonlySet<string> = new Set([
  'api',
  'assets',
  'bulletin',
  'desk',
  'gate',
  'healthz',
  'hls',
  'invite',
  'live',
  'metrics',
  'owner',
  'radio',
  'readyz',
  'replay',
  'spaces',
  'stage',
  'static',
  'studio',
  'whip',
]);
