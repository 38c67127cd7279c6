/** A gate whose places are under the test's hand. */
import { MemoryEntrants } from '../adapters/memory/index.ts';
import { GateAtEdge, type GateKeeper } from '../gate/index.ts';

const ORDER = { second: 0, rank: 0 };

export class TestGate {
  readonly keeper: GateKeeper;
  #number = 0;

  constructor() {
    const nothing = { cancel: () => {} };
    this.keeper = new GateAtEdge({
      key: new Uint8Array(32),
      float: 0,
      random: { uniform: () => 0.5, bytes: (length) => new Uint8Array(length) },
      entrants: new MemoryEntrants([]),
      timers: { after: () => nothing, every: () => nothing },
      nowMs: 0,
      failed: () => {},
    }).keeper;
  }

  /** So many places for newcomers, and some more for who comes back; no line. */
  grant(limit: number, spare: number, usedOf: (spaceId: string) => number): void {
    const document = {
      space: 'evening',
      atMs: 0,
      open: false,
      front: ORDER,
      turnS: 60,
      perMinute: null,
      waiting: 0,
      seconds: [],
    };
    const line = { open: false, front: ORDER, lapsed: ORDER, document };
    const spaces = [{ id: 'evening', limit, spare, line }];
    const grant = { number: ++this.#number, joinsPerS: 0, spaces, resumed: [] };
    this.keeper.granted(grant, 0, usedOf);
  }
}
