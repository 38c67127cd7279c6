/** Removals that live as long as this object; for tests and simulation. */
import type { Removals } from '../../ports/removals.ts';

export class MemoryRemovals implements Removals {
  private readonly removed = new Set<string>();

  async add(spaceId: string, personId: string): Promise<void> {
    this.removed.add(`${spaceId} ${personId}`);
  }

  async has(spaceId: string, personId: string): Promise<boolean> {
    return this.removed.has(`${spaceId} ${personId}`);
  }
}
