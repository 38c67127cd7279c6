/**
 * Groups that have seats kept, at one edge: how many, and how many of this edge's listeners sit on them. That
 * is counted by the listeners themselves as they come and go (`cohort.ts`).
 */
import type { GroupSeats } from '../ports/programme-feed.ts';

/** A group's seats at this edge. */
export interface SeatedGroup {
  readonly id: string;
  seats: number;
  used: number;
}

/** A group that is gone keeps its row, without seats, until the last of it has left. */
export function reseat(groups: Map<string, SeatedGroup>, given: readonly GroupSeats[]): void {
  for (const group of groups.values()) {
    group.seats = 0;
    if (group.used === 0) groups.delete(group.id);
  }
  for (const { id, seats } of given) {
    const group = groups.get(id);
    if (group === undefined) groups.set(id, { id, seats, used: 0 });
    else group.seats = seats;
  }
}
