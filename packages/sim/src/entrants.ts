/**
 * The entrants' file as one process of a simulation sees it: calls take time, what a dead process has asked
 * for is done or not, and it hears of nothing any more. The file itself outlives every process.
 */
import type { Entrants } from '../../server/src/ports/entrants.ts';
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

const QUICK_MS_MAX = 5;
const SLOW_MS_MAX = 400;
const SLOW_SHARE = 0.05;
export const CLOSED = Buffer.from('parterre lottery closed ');

export interface SimEntrantsOptions {
  readonly disk: Entrants;
  readonly world: World;
  readonly random: SeededRandom;
  readonly alive: () => boolean;
  /** The first closing is not heeded. */
  readonly deaf: boolean;
  /** Promises may settle. */
  readonly stir: () => void;
}

export class SimEntrants implements Entrants {
  private readonly options: SimEntrantsOptions;
  private readonly disk: Entrants;
  private hasHeard = false;

  constructor(options: SimEntrantsOptions) {
    this.options = options;
    this.disk = options.disk;
  }

  readonly begin: Entrants['begin'] = (...of) => this.call(() => this.disk.begin(...of));
  readonly keepDraw: Entrants['keepDraw'] = (...of) => this.call(() => this.disk.keepDraw(...of));
  readonly keptDraw: Entrants['keptDraw'] = (...of) => this.call(() => this.disk.keptDraw(...of));
  readonly append: Entrants['append'] = (...of) => this.call(() => this.disk.append(...of));
  readonly read: Entrants['read'] = async (...of) => {
    const bytes = await this.call(() => this.disk.read(...of));
    if (this.options.deaf && bytes !== null && !this.hasHeard) {
      const at = Buffer.from(bytes).indexOf(CLOSED);
      if (at !== -1) bytes.fill(1, at, at + CLOSED.length);
      this.hasHeard = at !== -1;
    }
    return bytes;
  };

  private async call<T>(work: () => Promise<T>): Promise<T> {
    await this.pass();
    const value = await work();
    await this.pass();
    return value;
  }

  private pass(): Promise<void> {
    const { random, world, alive, stir } = this.options;
    const most = random.chance(SLOW_SHARE) ? SLOW_MS_MAX : QUICK_MS_MAX;
    return new Promise((resolve) => {
      world.timers.after(random.uniform() * most, () => {
        if (!alive()) return;
        stir();
        resolve();
      });
    });
  }
}
