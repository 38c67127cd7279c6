/** What goes on in a space at this moment, in words: for those who wait and hear nothing yet. */
import type { SpaceState } from './space.ts';

/** `GET /spaces/{space}/now.json`. Times are ms since the Unix epoch. */
export interface OnAir {
  readonly space: string;
  readonly atMs: number;
  readonly state: SpaceState;
  /** The programme carries holding sound because nobody on stage is on air. */
  readonly holding: boolean;
  /** Names of those who speak now. */
  readonly speaking: readonly string[];
  /** Names of all on stage, those who speak included. */
  readonly seats: readonly string[];
}
