/**
 * How much a live listener buffers and how often an edge flushes. Declared to the player in every
 * snapshot. Invariant: flushMsMax ≤ bufferMs − the time a player needs to reconnect.
 */
export type ProfileId = 'near' | 'steady';

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
};
