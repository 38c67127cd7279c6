/**
 * How much a live listener buffers and how often an edge flushes. A space's own is declared in every
 * snapshot; the one that a connection has, in the answer's `Parterre-Lane`. Invariant: flushMsMax ≤
 * bufferMs − the time a player needs to reconnect.
 */
import type { RenditionId } from './rendition.ts';

/** What a space may have. */
export type SpaceProfileId = 'near' | 'steady';
/** `far`: for those who come while an edge has more to do than it can. */
export type ProfileId = SpaceProfileId | 'far';

export interface Profile {
  readonly id: ProfileId;
  /** Target distance between the live edge and the ear, ms. */
  readonly bufferMs: number;
  readonly flushMs: number;
  readonly flushMsMax: number;
}

export const PROFILES: Readonly<Record<ProfileId, Profile>> = {
  near: { id: 'near', bufferMs: 800, flushMs: 200, flushMsMax: 200 },
  steady: { id: 'steady', bufferMs: 3_600, flushMs: 1_000, flushMsMax: 2_000 },
  far: { id: 'far', bufferMs: 8_000, flushMs: 2_500, flushMsMax: 5_000 },
};

/** The header of a live answer that says what this connection has; the snapshots are the same for all. */
export const LANE_HEADER = 'parterre-lane';

/** What a connection of the live lane has; as a query it asks for the same again. */
export interface LaneWord {
  readonly profile: ProfileId;
  readonly rendition: RenditionId;
}

/** `profile=far&rendition=voice` */
export function writeLane({ profile, rendition }: LaneWord): string {
  return `profile=${profile}&rendition=${rendition}`;
}

/** The profile in a `Parterre-Lane`; null where there is none that is known. */
export function profileIn(lane: string | null): ProfileId | null {
  const [id = null] = /near|steady|far/.exec(lane ?? '') ?? [];
  return id as ProfileId | null;
}
