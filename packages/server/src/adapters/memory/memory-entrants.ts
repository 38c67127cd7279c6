/** Entrants in memory: what outlives every process of a simulation. */
import { type Draw, ENTRANT_BYTES, type Entrants } from '../../ports/entrants.ts';

export class MemoryEntrants implements Entrants {
  private readonly spaces: ReadonlySet<string>;
  private readonly records = new Map<string, Uint8Array[]>();
  private readonly draws = new Map<string, Draw>();

  /** @param spaces that exist */
  constructor(spaces: readonly string[]) {
    this.spaces = new Set(spaces);
  }

  async begin(spaceId: string, salt: Uint8Array): Promise<boolean> {
    if (!this.spaces.has(spaceId)) return false;
    if (!this.records.has(spaceId)) this.records.set(spaceId, [salt]);
    return true;
  }

  async append(spaceId: string, bytes: Uint8Array, _durable: boolean): Promise<boolean> {
    const records = this.records.get(spaceId);
    if (records === undefined) return false;
    for (let at = 0; at < bytes.length; at += ENTRANT_BYTES)
      records.push(bytes.slice(at, at + ENTRANT_BYTES));
    return true;
  }

  async read(spaceId: string, from: number, max: number): Promise<Uint8Array | null> {
    const records = this.records.get(spaceId);
    return records === undefined ? null : Buffer.concat(records.slice(from, from + max));
  }

  async keepDraw(spaceId: string, draw: Draw): Promise<void> {
    this.draws.set(spaceId, draw);
  }

  async keptDraw(spaceId: string): Promise<Draw | null> {
    return this.draws.get(spaceId) ?? null;
  }
}
