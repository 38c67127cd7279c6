/**
 * A way between two ends. `stream` is a connection: in order, nothing lost, and it can break. `datagram`
 * may lose, delay, double and reorder. Both take their fate from the seed.
 */
import type { SeededRandom } from './random.ts';
import type { World } from './world.ts';

export interface LinkOptions {
  readonly delayMsMin: number;
  readonly delayMsMax: number;
  /** Of datagrams, 0…1. */
  readonly loss: number;
  readonly doubled: number;
}

export class Link {
  private readonly world: World;
  private readonly random: SeededRandom;
  private readonly options: LinkOptions;
  private connection = 0;
  private lastArrivalMs = 0;
  /** While true nothing gets through and every connection breaks. */
  private parted = false;

  constructor(world: World, random: SeededRandom, options: LinkOptions) {
    this.world = world;
    this.random = random;
    this.options = options;
  }

  get up(): boolean {
    return !this.parted;
  }

  /** Everything on its way is lost; connections made before are broken. */
  cut(): void {
    this.connection++;
  }

  part(parted: boolean): void {
    this.parted = parted;
    if (parted) this.cut();
  }

  /** Delivers in order, on this connection only. */
  stream(deliver: () => void): void {
    const { connection } = this;
    const { clock, timers } = this.world;
    const arrivalMs = Math.max(this.lastArrivalMs, clock.monotonicMs() + this.delayMs());
    this.lastArrivalMs = arrivalMs;
    timers.after(arrivalMs - clock.monotonicMs(), () => {
      if (connection === this.connection && !this.parted) deliver();
    });
  }

  datagram(deliver: () => void): void {
    const { random, options } = this;
    if (this.parted || random.chance(options.loss)) return;
    const copies = random.chance(options.doubled) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.world.timers.after(this.delayMs(), deliver);
  }

  private delayMs(): number {
    const { delayMsMin, delayMsMax } = this.options;
    return delayMsMin + this.random.uniform() * (delayMsMax - delayMsMin);
  }
}
