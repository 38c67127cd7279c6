/** A space that is followed, inside Preact's tree. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { type ProblemCode, problemCode } from '../i18n/problems.ts';
import { SpaceFollower } from './space-follower.ts';
import type { ToldSpace } from './space-now.ts';

export interface Following {
  readonly space: ToldSpace | null;
  readonly problem: ProblemCode | null;
  /** When the next try comes, on this browser's clock, ms; only after a failure. */
  readonly nextTryAtMs: number | null;
  /** The server's wall clock now, ms since the Unix epoch. */
  nowMs(): number;
  /** Asks at once. */
  again(): void;
}

/** @param handed one that follows this space already; it is closed with the component */
export function useSpace(id: string, handed?: SpaceFollower): Following {
  const held = useRef<SpaceFollower | null>(null);
  const [, redraw] = useState(0);
  if (held.current?.id !== id) {
    held.current?.close();
    const changed = () => redraw((count) => count + 1);
    held.current = handed?.id === id ? handed : new SpaceFollower(id, changed);
    held.current.changed = changed;
  }
  useEffect(() => () => held.current?.close(), []);
  const { known, nowMs, again } = held.current;
  const { space, problem, nextTryAtMs } = known;
  return {
    space,
    problem: problem === null ? null : problemCode(problem),
    nextTryAtMs,
    nowMs,
    again,
  };
}
