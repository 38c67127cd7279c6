import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Door, type Load } from './door.ts';

const PLACES = 1_000;
/** Longer than an edge may be silent. */
const LONG_MS = 60_000;

/** A door, and who takes by what it has told. */
function aDoor(...names: string[]) {
  const taking = new Set<string>(names);
  const told: string[] = [];
  const door = new Door<string>((edge, take) => {
    told.push(`${edge} ${take ? 'takes' : 'leaves'}`);
    if (take) taking.add(edge);
    else taking.delete(edge);
    expect(taking.size).toBeGreaterThan(0);
  });
  const hears = (name: string, connections: number, itTakes = true, atMs = 0): void =>
    door.heard(name, { connections, places: PLACES, taking: itTakes }, atMs);
  for (const name of names) hears(name, 0);
  return { door, hears, taking, told };
}

describe('the door', () => {
  test('[P2] a full edge leaves the socket to one that has room, and comes back when it has', () => {
    const { hears, told } = aDoor('a', 'b');
    for (let connections = 100; connections <= 900; connections += 100)
      for (const edge of ['a', 'b']) hears(edge, connections);
    hears('a', 960);
    hears('a', 920);
    expect(told).toEqual(['a leaves']);
    hears('a', 890);
    expect(told).toEqual(['a leaves', 'a takes']);
  });

  test('[P1] the others take an edge’s listeners over where they have room for all, and are heard from', () => {
    const { door, hears } = aDoor('a', 'b', 'c');
    for (const edge of ['a', 'b', 'c']) hears(edge, 500);
    expect(door.takesOver('a', 0)).toBe(true);
    hears('a', 900);
    expect(door.takesOver('a', 0)).toBe(false);
    hears('a', 500);
    expect(door.takesOver('a', LONG_MS)).toBe(false);
    expect(aDoor('a').door.takesOver('a', 0)).toBe(false);
  });

  test('[P2] when all are full one answers, the one that still has a place', () => {
    const { hears, taking, told } = aDoor('a', 'b');
    hears('a', 990);
    hears('b', 980);
    expect([...taking]).toEqual(['b']);
    hears('b', 1_000);
    expect([...taking]).toEqual(['a']);
    hears('a', 1_000);
    hears('b', 1_000);
    expect([...taking]).toEqual(['a']);
    expect(told).toEqual(['a leaves', 'a takes', 'b leaves']);
  });

  test('[P2] an edge that has left by itself is told to take again when nobody else can', () => {
    const { door, hears, told } = aDoor('a', 'b');
    hears('b', 960, false);
    expect(told).toEqual([]);
    hears('a', 960, false);
    expect(told).toEqual(['a takes']);
    door.left('a', 0);
    expect(told).toEqual(['a takes', 'b takes']);
  });

  test('an edge far ahead of the others pauses until they have caught up', () => {
    const { hears, told } = aDoor('a', 'b', 'c');
    hears('a', 500);
    expect(told).toEqual(['a leaves']);
    hears('b', 400);
    hears('c', 300);
    expect(told).toEqual(['a leaves', 'a takes']);
  });

  test('[P1] when the one that takes dies, another does at once', () => {
    const { door, hears, taking } = aDoor('a', 'b');
    hears('a', 1_000);
    expect([...taking]).toEqual(['b']);
    taking.delete('b');
    taking.add('(kernel)'); // the socket stands; nobody is at it for the moment
    door.left('b', 0);
    taking.delete('(kernel)');
    expect([...taking]).toEqual(['a']);
  });

  test('[P2] an edge that hangs is not counted on: the socket is not left to it', () => {
    const { door, hears, told } = aDoor('a', 'b');
    hears('a', 600, true, 100);
    expect(told).toEqual(['a leaves']);
    hears('a', 600, false, LONG_MS);
    expect(told).toEqual(['a leaves', 'a takes']);
    hears('a', 800, true, LONG_MS);
    door.look(LONG_MS);
    expect(told).toEqual(['a leaves', 'a takes']);
    hears('b', 0, true, LONG_MS);
    expect(told).toEqual(['a leaves', 'a takes', 'a leaves']);
  });

  test('[P2] an edge that falls silent is found without a word from any', () => {
    const { door, hears, told } = aDoor('a', 'b');
    hears('a', 600, true, LONG_MS - 500);
    door.look(LONG_MS);
    door.look(2 * LONG_MS);
    expect(told).toEqual([]);
    hears('b', 0, true, 2 * LONG_MS);
    hears('a', 600, true, 2 * LONG_MS);
    hears('a', 600, false, 2 * LONG_MS + 1_900);
    door.look(2 * LONG_MS + 2_500);
    expect(told).toEqual(['a leaves', 'a takes']);
  });

  test('[P2] an edge that was not reached by the word to take is told again', () => {
    const { hears, told } = aDoor('a', 'b');
    hears('a', 960);
    hears('a', 100);
    hears('a', 100, false);
    expect(told).toEqual(['a leaves', 'a takes', 'a takes']);
  });

  test('[P2] whatever is late, lost or frozen, somebody takes as soon as the edges are heard again', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd');
    const what = fc.oneof(
      fc.record({ connections: fc.nat({ max: PLACES }) }),
      fc.constantFrom('reports', 'is heard', 'is reached', 'is not reached', 'freezes', 'thaws'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, what), { maxLength: 80 }), (steps) => {
        const house = new FaultyHouse('a', 'b', 'c', 'd');
        for (const [edge, step] of steps) house.does(edge, step);
        for (let round = 0; round < 3; round++) house.isHeard();
        if (house.awake.length > 0) expect(house.awake.some(({ taking }) => taking)).toBe(true);
      }),
    );
  });

  test('[P2] whatever is heard in whatever order, somebody takes, and whoever does not is full or ahead', () => {
    const step = fc.record({
      edge: fc.constantFrom('a', 'b', 'c', 'd'),
      connections: fc.nat({ max: PLACES }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const standing = new Map<string, number>();
        const taking = new Map<string, boolean>();
        const door = new Door<string>((edge, take) => taking.set(edge, take));
        for (const { edge, connections, leaves } of steps) {
          if (leaves) {
            door.left(edge, 0);
            standing.delete(edge);
            taking.delete(edge);
          } else {
            if (!standing.has(edge)) taking.set(edge, true);
            standing.set(edge, connections);
            door.heard(edge, { connections, places: PLACES, taking: true }, 0);
          }
          if (standing.size > 0) expect([...taking.values()]).toContain(true);
          const mean = [...standing.values()].reduce((sum, one) => sum + one, 0) / standing.size;
          for (const [name, takes] of taking) {
            if (!takes) expect(standing.get(name)).toBeGreaterThan(Math.min(PLACES * 0.85, mean));
          }
        }
      }),
    );
  });
});

interface FaultyEdge {
  connections: number;
  taking: boolean;
  frozen: boolean;
  readonly said: Load[];
  readonly told: boolean[];
}

/** Edges, the door, and between them what is said but has not arrived. */
class FaultyHouse {
  readonly #edges = new Map<string, FaultyEdge>();
  readonly #door = new Door<string>((edge, take) => this.#edges.get(edge)!.told.push(take));
  #nowMs = 0;

  constructor(...names: readonly string[]) {
    for (const name of names)
      this.#edges.set(name, { connections: 0, taking: true, frozen: false, said: [], told: [] });
    this.isHeard();
  }

  get awake(): FaultyEdge[] {
    return [...this.#edges.values()].filter(({ frozen }) => !frozen);
  }

  does(name: string, step: string | { readonly connections: number }): void {
    const edge = this.#edges.get(name)!;
    this.#nowMs += 400;
    this.#door.look(this.#nowMs);
    if (step === 'is heard') this.#hear(name, edge);
    if (step === 'freezes') edge.frozen = true;
    if (step === 'thaws') edge.frozen = false;
    if (edge.frozen) return;
    if (typeof step === 'object') edge.connections = step.connections;
    if (step === 'reports') edge.said.push(loadOf(edge));
    if (step === 'is reached') edge.taking = edge.told.shift() ?? edge.taking;
    if (step === 'is not reached') edge.told.shift();
  }

  /** Time goes by in which everybody who is awake is reached and heard, and then reached again. */
  isHeard(): void {
    this.#reach();
    this.#nowMs += LONG_MS;
    for (const [name, edge] of this.#edges) {
      if (edge.frozen) continue;
      edge.said.push(loadOf(edge));
      while (edge.said.length > 0) this.#hear(name, edge);
    }
    this.#reach();
  }

  #reach(): void {
    for (const edge of this.awake) for (const take of edge.told.splice(0)) edge.taking = take;
  }

  #hear(name: string, edge: FaultyEdge): void {
    const load = edge.said.shift();
    if (load !== undefined) this.#door.heard(name, load, this.#nowMs);
  }
}

function loadOf({ connections, taking }: FaultyEdge): Load {
  return { connections, places: PLACES, taking };
}
