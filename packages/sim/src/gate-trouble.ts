/** What goes wrong around a simulated gate, again and again until it is calm. */
import type { SimEdge, Visitor } from './gate-edge.ts';
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

/** An edge gives up a connection that takes nothing for so long. */
const STALL_MS = 30_000;

export interface GateTroubleOptions {
  readonly world: World;
  readonly random: SeededRandom;
  readonly edges: readonly SimEdge[];
  readonly isCalm: () => boolean;
  readonly come: (visitor: Visitor) => void;
  readonly crashEdge: (index: number) => void;
  readonly crashCoordinator: () => void;
}

export class GateTrouble {
  private readonly options: GateTroubleOptions;

  constructor(options: GateTroubleOptions) {
    this.options = options;
  }

  plot(): void {
    const { world, random, edges, isCalm, crashEdge, crashCoordinator } = this.options;
    const some = (): number => random.between(0, edges.length - 1);
    const troubles = [
      () => crashEdge(some()),
      () => crashCoordinator(),
      () => this.partEdge(edges[some()]!),
      () => this.cutListeners(edges[some()]!),
      () => this.changeNetwork(edges[some()]!),
      () => this.crashAll(),
    ];
    world.timers.after(random.between(300, 6_000), () => {
      if (isCalm()) return;
      troubles[random.between(0, troubles.length - 1)]!();
      this.plot();
    });
  }

  /** Everybody at an edge loses their connection, and comes back. */
  cutListeners(edge: SimEdge): void {
    this.options.world.note(`${edge.listeners.size} at ${edge.name} lose their connection`);
    for (const visitor of edge.listeners) this.comesBack(visitor);
    edge.listeners.clear();
    edge.seated.clear();
  }

  /** Listeners change to another network: they know that their connection is dead, their edge does not. */
  private changeNetwork(edge: SimEdge): void {
    const { world, random } = this.options;
    world.note(`some at ${edge.name} change their network`);
    for (const visitor of [...edge.listeners]) {
      if (edge.seated.has(visitor) || !random.chance(0.3)) continue;
      const number = visitor.connections;
      edge.listeners.delete(visitor);
      edge.dead.set(visitor, number);
      this.comesBack(visitor);
      world.timers.after(STALL_MS, () => {
        if (edge.dead.get(visitor) === number) edge.dead.delete(visitor);
      });
    }
  }

  private comesBack(visitor: Visitor): void {
    const { world, random, come } = this.options;
    visitor.edge = null;
    world.timers.after(random.between(20, 2_000), () => come(visitor));
  }

  /** The machine is switched off and on. */
  private crashAll(): void {
    const { random, edges, crashEdge, crashCoordinator } = this.options;
    if (!random.chance(0.3)) return;
    crashCoordinator();
    for (let index = 0; index < edges.length; index++) crashEdge(index);
  }

  private partEdge(edge: SimEdge): void {
    const { world, random } = this.options;
    world.note(`${edge.name} is parted`);
    edge.link.part(true);
    world.timers.after(random.between(100, 8_000), () => edge.link.part(false));
  }
}
