/**
 * Which edges take new connections. All listen on one socket and the kernel gives a connection to
 * whichever is first, so an edge that is full, or far ahead of the others, is told to leave the socket to
 * them until there is room again. Invariant: while any edge stands, at least one of those that are heard from is
 * told to take, so that nobody waits in the kernel's queue for nothing; when all are full that one refuses
 * in words. An edge that is not heard from (it hangs, or gets no CPU) counts for nothing: neither as one that
 * takes, nor in what the others are measured by.
 */

import { LOAD_EVERY_MS } from './messages.ts';
import { leaveAtOf } from './places.ts';

/** An edge that was full has room again at this share of its places. */
const ROOM_AT = 0.9;
/** Ahead: this far above the mean of all, as a factor and in connections; and no longer at half of it. */
const AHEAD_BY = 0.25;
const AHEAD_MIN = 200;

/** An edge that has said nothing for longer is not counted on, ms. */
const SILENT_MS = 4 * LOAD_EVERY_MS;

/** What an edge says of itself. */
export interface Load {
  readonly connections: number;
  readonly places: number;
  /** It listens on the shared socket. */
  readonly taking: boolean;
}

interface Standing {
  connections: number;
  places: number;
  /** It was told to, and has not said since that it does not. */
  taking: boolean;
  heardAtMs: number;
}

export class Door<Edge> {
  readonly #edges = new Map<Edge, Standing>();
  readonly #tell: (edge: Edge, take: boolean) => void;

  /** @param tell is called when an edge is to begin or to stop taking connections */
  constructor(tell: (edge: Edge, take: boolean) => void) {
    this.#tell = tell;
  }

  /**
   * What an edge says of itself. One not heard of before is taking. One that says that it does not take
   * although it was told to is told again: it left of its own accord, being full, or was not reached.
   */
  heard(edge: Edge, { connections, places, taking }: Load, nowMs: number): void {
    const told = this.#edges.get(edge)?.taking ?? true;
    this.#edges.set(edge, { connections, places, taking: taking && told, heardAtMs: nowMs });
    this.#decide(nowMs);
  }

  /** Whether the others that are heard from have room for all that were at this edge. */
  takesOver(gone: Edge, nowMs: number): boolean {
    let room = -(this.#edges.get(gone)?.connections ?? 0);
    for (const [edge, { connections, places }] of this.#heardFrom(nowMs))
      if (edge !== gone) room += Math.max(0, leaveAtOf(places) - connections);
    return room > 0;
  }

  /** An edge is gone, or closes by itself. */
  left(edge: Edge, nowMs: number): void {
    if (this.#edges.delete(edge)) this.#decide(nowMs);
  }

  /** To be called about every LOAD_EVERY_MS: finds who is no longer heard from. */
  look(nowMs: number): void {
    if (this.#heardFrom(nowMs).length > 0) this.#decide(nowMs);
  }

  #heardFrom(nowMs: number): [Edge, Standing][] {
    return [...this.#edges].filter(([, { heardAtMs }]) => nowMs - heardAtMs <= SILENT_MS);
  }

  #decide(nowMs: number): void {
    let edges = this.#heardFrom(nowMs);
    if (edges.length === 0) edges = [...this.#edges];
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
