/** What the foyer tells its view, and what it hands on to the auditorium. */
import type { Queue } from '@parterre/client/waiting';
import type { SpaceFollower } from '../api/space-follower.ts';
import type { Shell } from '../ui/shell.ts';

/** What the auditorium is given. */
export interface Handed {
  readonly shell: Shell;
  readonly follower: SpaceFollower;
  readonly element: HTMLAudioElement;
  /** The place in line; null where nobody stood in one. */
  readonly queue: Queue | null;
  /** The token of a kept seat; null for the ordinary way. */
  readonly seat: string | null;
  /** Somebody wants to hear it. */
  readonly play: boolean;
}

/** What the visitor has done. */
export type Stand =
  | 'idle'
  /** Waits for the doors or the turn. */
  | 'waiting'
  /** As before, but has not pressed since the page was loaded. */
  | 'kept'
  /** Has a place, and pressed Stop. */
  | 'rested'
  | 'entering';
