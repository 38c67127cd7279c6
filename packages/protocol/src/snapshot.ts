/**
 * What rides in the live response beside the sound: `emsg` boxes (version 1, ISO 23009-1 §5.10.3.3)
 * on the programme clock, written by the programme alone, so that the bytes are the same for all.
 * A full snapshot once a second; a `moment` in between when something changes.
 */
import type { ProfileId } from './profile.ts';
import type { SpaceState } from './space.ts';

export const EMSG_SCHEME = 'urn:parterre:programme:2026';

export interface SnapshotSeat {
  readonly id: string;
  readonly name: string;
  readonly muted: boolean;
  readonly speaking: boolean;
}

export interface Snapshot {
  readonly v: 1;
  /** Of the writer of the programme log: one more each time the programme was taken up anew, never less. */
  readonly epoch?: number;
  readonly state: SpaceState;
  readonly title: string;
  readonly host: string;
  /** Announced start, ms since the Unix epoch; null when the host starts when ready. */
  readonly startsAtMs: number | null;
  /** Wall clock of the first sample on air, ms. */
  readonly liveAtMs: number | null;
  /** The space's own; a player shows the one that its connection has. */
  readonly profile: ProfileId;
  /** The programme is carrying holding sound because nobody on stage is on air. */
  readonly holding: boolean;
  readonly seats: readonly SnapshotSeat[];
  /** The space is given up and this one carries on: go there. Only with `ended`. */
  readonly successor?: string;
}
