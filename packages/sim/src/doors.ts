/**
 * The doors of a simulated space: when they open, that they are moved, who was promised a part in the lottery
 * before, and whether the promise was kept. What came out is found again from the records alone, as anybody
 * could.
 */
import { createHash } from 'node:crypto';
import { entrantBytes, MerkleTree } from '@parterre/protocol';
import type { DrawnSpace, Lotteries } from '../../server/src/gate/index.ts';
import { ENTRANT_BYTES, type Entrants } from '../../server/src/ports/entrants.ts';
import { CLOSED } from './entrants.ts';
import type { SeededRandom } from './random.ts';
import { Broken } from './toy.ts';
import type { World } from './world.ts';

const HEARD_MS_MAX = 400;

/** Somebody who hears of the doors, later than they open. */
interface Hearer {
  space: DrawnSpace;
  readonly alive: boolean;
}

export class SimDoors {
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly hearers: Hearer[] = [];
  private readonly promised = new Map<string, { readonly leaf: string; readonly atMs: number }>();
  space: DrawnSpace;

  constructor(world: World, random: SeededRandom, spaceId: string) {
    this.world = world;
    this.random = random;
    const wallMs = world.clock.wallMs();
    const inMs = random.chance(0.75) ? random.between(1_000, 15_000) : 0;
    const state = inMs === 0 ? 'doors' : 'scheduled';
    this.space = { id: spaceId, state, doorsAtMs: wallMs + inMs };
    if (inMs === 0) return;
    this.plan(inMs);
    if (random.chance(0.4)) world.timers.after(random.uniform() * inMs, () => this.move());
  }

  /** Tells the hearer from here on. */
  tell(hearer: Hearer): void {
    this.hearers.push(hearer);
  }

  promise(id: string, nonce: string): void {
    const leaf = sha256(entrantBytes(id, nonce)).toString('hex');
    this.promised.set(id, { leaf, atMs: this.world.clock.monotonicMs() });
  }

  /** Somebody was promised a part in the lottery, at least so long ago. */
  hasPromised(agoMs: number): boolean {
    const beforeMs = this.world.clock.monotonicMs() - agoMs;
    for (const { atMs } of this.promised.values()) if (atMs < beforeMs) return true;
    return false;
  }

  get entrants(): number {
    return this.promised.size;
  }

  /** @throws Broken when a promise was not kept, or an edge thinks otherwise than the records say */
  async check(disk: Entrants, edges: readonly Lotteries[]): Promise<void> {
    const { id } = this.space;
    const bytes = Buffer.from((await disk.read(id, 1, Number.MAX_SAFE_INTEGER)) ?? []);
    const leaves: string[] = [];
    for (let at = 0; at < bytes.length; at += ENTRANT_BYTES) {
      const record = bytes.subarray(at, at + ENTRANT_BYTES);
      if (record.subarray(0, CLOSED.length).equals(CLOSED)) break;
      leaves.push(record.toString('hex'));
    }
    const known = new Set(leaves);
    for (const [ticket, { leaf }] of this.promised)
      if (!known.has(leaf)) throw new Broken(`ticket ${ticket} was promised a part in the draw`);
    const tree = new MerkleTree(sha256);
    for (const leaf of leaves) tree.add(Buffer.from(leaf, 'hex'));
    const root = Buffer.from(tree.root()).toString('hex');
    const nowMs = this.world.clock.monotonicMs();
    for (const lotteries of edges) {
      const { draw } = lotteries.of(this.space, nowMs);
      if (draw?.root !== root || draw.entrants !== leaves.length)
        throw new Broken(`an edge drew ${draw?.root}, and the records say ${root}`);
    }
  }

  private plan(inMs: number): void {
    this.world.timers.after(inMs, () => {
      const wallMs = this.world.clock.wallMs();
      if (wallMs >= this.space.doorsAtMs) this.change({ state: 'doors', doorsAtMs: wallMs });
    });
  }

  private move(): void {
    const { state, doorsAtMs } = this.space;
    if (state !== 'scheduled') return;
    const laterMs = this.random.between(500, 6_000);
    this.change({ state, doorsAtMs: doorsAtMs + laterMs });
    this.plan(doorsAtMs + laterMs - this.world.clock.wallMs());
  }

  private change(to: Pick<DrawnSpace, 'state' | 'doorsAtMs'>): void {
    this.space = { ...this.space, ...to };
    this.world.note(`doors: ${to.state} at ${to.doorsAtMs}`);
    const { space } = this;
    for (const hearer of this.hearers)
      if (hearer.alive)
        this.world.timers.after(this.random.uniform() * HEARD_MS_MAX, () => {
          // What was said later counts, in whichever order it is heard.
          if (space === this.space) hearer.space = space;
        });
  }
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
