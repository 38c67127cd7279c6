/**
 * Which edges take new connections. All listen on one socket and the kernel gives a connection to
 * whichever is first, so an edge that is full, or far ahead of the others, is told to leave the socket to
 * them until there is room again. Invariant: while any edge stands, at least one is told to take, so that
 * nobody waits in the kernel's queue for nothing; when all are full that one refuses in words.
 */

import { leaveAtOf } from './places.ts';

/** An edge that was full has room again at this share of its places. */
const ROOM_AT = 0.9;
/** Ahead: this far above the mean of all, as a factor and in connections; and no longer at half of it. */
const AHEAD_BY = 0.25;
const AHEAD_MIN = 200;

interface Standing {
  connections: number;
  places: number;
  taking: boolean;
}

export class Door<Edge> {
  readonly #edges = new Map<Edge, Standing>();
  readonly #tell: (edge: Edge, take: boolean) => void;

  /** @param tell is called when an edge is to begin or to stop taking connections */
  constructor(tell: (edge: Edge, take: boolean) => void) {
    this.#tell = tell;
  }

  /**
   * An edge has so many connections of so many places. One not heard of before is taking.
   * @param left it takes no more of its own accord, being full
   */
  heard(edge: Edge, connections: number, places: number, left = false): void {
    const taking = !left && (this.#edges.get(edge)?.taking ?? true);
    this.#edges.set(edge, { connections, places, taking });
    this.#decide();
  }

  /** An edge is gone, or closes by itself. */
  left(edge: Edge): void {
    if (this.#edges.delete(edge)) this.#decide();
  }

  #decide(): void {
    const edges = [...this.#edges];
    if (edges.length === 0) return;
    const mean = edges.reduce((sum, [, { connections }]) => sum + connections, 0) / edges.length;
    let takes = edges.map(([, standing]) => hasRoom(standing) && !isAhead(standing, mean));
    if (!takes.includes(true)) takes = edges.map(([, standing]) => hasRoom(standing));
    if (!takes.includes(true)) {
      const last = edges.toSorted(([, a], [, b]) => lastResort(b) - lastResort(a))[0]!;
      takes = edges.map((one) => one === last);
    }
    // First whoever begins: at no moment nobody takes.
    for (const take of [true, false]) {
      edges.forEach(([edge, standing], index) => {
        if (takes[index] !== take || standing.taking === take) return;
        standing.taking = take;
        this.#tell(edge, take);
      });
    }
  }
}

function hasRoom({ connections, places, taking }: Standing): boolean {
  return connections < (taking ? leaveAtOf(places) : places * ROOM_AT);
}

function isAhead({ connections, taking }: Standing, mean: number): boolean {
  const slack = mean * AHEAD_BY + AHEAD_MIN;
  return connections > mean + (taking ? slack : slack / 2);
}

/** With no room anywhere: who still has a place, and of those the one that takes already. */
function lastResort({ connections, places, taking }: Standing): number {
  const free = places - connections;
  if (free <= 0) return taking ? 0.5 : 0;
  return taking ? Number.MAX_SAFE_INTEGER : free;
}
