import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Door } from './door.ts';

const PLACES = 1_000;

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
  for (const name of names) door.heard(name, 0, PLACES);
  return { door, taking, told };
}

describe('the door', () => {
  test('[P2] a full edge leaves the socket to one that has room, and comes back when it has', () => {
    const { door, told } = aDoor('a', 'b');
    for (let connections = 100; connections <= 900; connections += 100)
      for (const edge of ['a', 'b']) door.heard(edge, connections, PLACES);
    door.heard('a', 960, PLACES);
    door.heard('a', 920, PLACES);
    expect(told).toEqual(['a leaves']);
    door.heard('a', 890, PLACES);
    expect(told).toEqual(['a leaves', 'a takes']);
  });

  test('[P2] when all are full one answers, the one that still has a place', () => {
    const { door, taking, told } = aDoor('a', 'b');
    door.heard('a', 990, PLACES);
    door.heard('b', 980, PLACES);
    expect([...taking]).toEqual(['b']);
    door.heard('b', 1_000, PLACES);
    expect([...taking]).toEqual(['a']);
    door.heard('a', 1_000, PLACES);
    door.heard('b', 1_000, PLACES);
    expect([...taking]).toEqual(['a']);
    expect(told).toEqual(['a leaves', 'a takes', 'b leaves']);
  });

  test('[P2] an edge that has left by itself is told to take again when nobody else can', () => {
    const { door, told } = aDoor('a', 'b');
    door.heard('b', 960, PLACES, true);
    expect(told).toEqual([]);
    door.heard('a', 960, PLACES, true);
    expect(told).toEqual(['a takes']);
    door.left('a');
    expect(told).toEqual(['a takes', 'b takes']);
  });

  test('an edge far ahead of the others pauses until they have caught up', () => {
    const { door, told } = aDoor('a', 'b', 'c');
    door.heard('a', 500, PLACES);
    expect(told).toEqual(['a leaves']);
    door.heard('b', 400, PLACES);
    door.heard('c', 300, PLACES);
    expect(told).toEqual(['a leaves', 'a takes']);
  });

  test('[P1] when the one that takes dies, another does at once', () => {
    const { door, taking } = aDoor('a', 'b');
    door.heard('a', 1_000, PLACES);
    expect([...taking]).toEqual(['b']);
    taking.delete('b');
    taking.add('(kernel)'); // the socket stands; nobody is at it for the moment
    door.left('b');
    taking.delete('(kernel)');
    expect([...taking]).toEqual(['a']);
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
            door.left(edge);
            standing.delete(edge);
            taking.delete(edge);
          } else {
            if (!standing.has(edge)) taking.set(edge, true);
            standing.set(edge, connections);
            door.heard(edge, connections, PLACES);
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
