/**
 * An edge's places: what it was granted, space by space, and the few it has without asking. Pure; how many
 * listen is told, never counted here, so that no way of leaving can lose a place. Invariants:
 * `used − float ≤ held` for each space, and the float of all spaces together is never above its bound.
 */
interface Pocket {
  limit: number;
  spare: number;
  /** Listeners who came in before any word, and are not covered by one yet. */
  float: number;
}

export class Purse {
  readonly #floatMax: number;
  readonly #pockets = new Map<string, Pocket>();

  /** @param floatMax places without asking, in all spaces together */
  constructor(floatMax: number) {
    this.#floatMax = floatMax;
  }

  /** The coordinator's word on a space. */
  granted(spaceId: string, limit: number, spare: number, used: number): void {
    const pocket = this.#pocket(spaceId);
    pocket.limit = limit;
    pocket.spare = spare;
    settle(pocket, used);
  }

  /** The space is gone. */
  forget(spaceId: string): void {
    this.#pockets.delete(spaceId);
  }

  /**
   * Whether one more may come in.
   * @param used listeners now, those on their way in included
   * @param kept of the places that are free, those kept for who comes back
   * @param returning it is one who comes back
   */
  admits(spaceId: string, used: number, kept: number, returning: boolean): boolean {
    if (this.covers(spaceId, used, kept, returning)) return true;
    const { limit, spare } = this.#known(spaceId, used);
    // Who came in on the float once is no less inside: they may come back on it, at any edge.
    return (returning || limit + spare === 0) && this.#floatLeft() > 0;
  }

  /** As `admits`, on what was granted alone. */
  covers(spaceId: string, used: number, kept: number, returning: boolean): boolean {
    const { limit, spare } = this.#known(spaceId, used);
    return returning ? used < limit + spare : used + kept < limit;
  }

  /** Listeners up to which newcomers are taken in; 0 before any word. */
  limit(spaceId: string): number {
    return this.#pockets.get(spaceId)?.limit ?? 0;
  }

  /** One was taken in; `used` is without it. */
  took(spaceId: string, used: number): void {
    const pocket = this.#pocket(spaceId);
    settle(pocket, used);
    if (used - pocket.float >= pocket.limit + pocket.spare) pocket.float++;
  }

  /** The most that this edge may come to on what it was granted. */
  held(spaceId: string, used: number): number {
    const { limit, spare, float } = this.#known(spaceId, used);
    return Math.max(limit + spare, used - float);
  }

  #known(spaceId: string, used: number): Pocket {
    const pocket = this.#pockets.get(spaceId);
    if (pocket === undefined) return NOTHING;
    settle(pocket, used);
    return pocket;
  }

  #floatLeft(): number {
    let left = this.#floatMax;
    for (const { float } of this.#pockets.values()) left -= float;
    return left;
  }

  #pocket(spaceId: string): Pocket {
    let pocket = this.#pockets.get(spaceId);
    if (pocket === undefined) {
      pocket = { limit: 0, spare: 0, float: 0 };
      this.#pockets.set(spaceId, pocket);
    }
    return pocket;
  }
}

const NOTHING: Pocket = { limit: 0, spare: 0, float: 0 };

/** What a grant covers by now is float no more, and who left the float has left it. */
function settle(pocket: Pocket, used: number): void {
  pocket.float = Math.min(pocket.float, Math.max(0, used - pocket.limit - pocket.spare));
}
