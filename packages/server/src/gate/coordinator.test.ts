import { RANKS } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { GateCoordinator } from './coordinator.ts';
import type { EntrantsWord } from './lotteries.ts';
import type { SpaceReport } from './messages.ts';

const WALL_MS = 1_800_000_000_000;
const SECOND = WALL_MS / 1_000;
const NOBODY = { second: 0, rank: 0 };

function aHouse(listeners: number) {
  const capacity = { listeners, joinsPerS: 1_000, source: 'configuration' } as const;
  const coordinator = new GateCoordinator<string>({ capacity, float: 0, edges: 1, nowMs: 0 });
  const numbers = new Map<string, number>();
  const heard = new Map<string, number>();
  /** An edge says how it stands; then everybody is told. @returns how the line stands */
  const tell = (edge: string, nowMs: number, row: Partial<SpaceReport> | null) => {
    const number = (numbers.get(edge) ?? 0) + 1;
    numbers.set(edge, number);
    const about = { used: 0, held: 0, front: NOBODY, issued: [], entrants: null };
    const spaces = row === null ? [] : [{ id: 'evening', ...about, ...row }];
    coordinator.reported(edge, { number, heard: heard.get(edge) ?? 0, spaces, resumed: [] });
    const grants = coordinator.step(nowMs, WALL_MS + nowMs);
    for (const [to, grant] of grants) heard.set(to, grant.number);
    return grants.get(edge)!.spaces[0]?.line?.document ?? null;
  };
  return { coordinator, tell };
}

const drawn = (count: number): EntrantsWord => ({ count, second: SECOND });

describe('the coordinator', () => {
  it('[P2] counts who came before doors once, whoever tells of them, and calls nobody before the draw', () => {
    const { coordinator, tell } = aHouse(100);
    coordinator.opened('a');
    coordinator.opened('b');
    const before = { entrants: { count: 40, second: null } };
    tell('a', 100, before);
    const document = tell('b', 10_000, before)!;
    expect(document).toMatchObject({ open: true, waiting: 40, front: NOBODY, seconds: [] });
    const after = tell('a', 10_100, { entrants: drawn(40) })!;
    expect(after).toMatchObject({ open: true, waiting: 0, front: { second: SECOND } });
    expect(after.front.rank).toBe(RANKS - 1);
    expect(tell('b', 10_200, { entrants: drawn(40) })).toMatchObject({ waiting: 0 });
  });

  it('[P2] calls whoever came later behind all who came before doors', () => {
    const { coordinator, tell } = aHouse(100);
    coordinator.opened('a');
    tell('a', 100, { entrants: drawn(1_000) });
    const document = tell('a', 20_000, { entrants: drawn(1_000), issued: [[SECOND + 1, 50]] })!;
    expect(document.front.second).toBe(SECOND);
    expect(document.front.rank).toBeLessThan(RANKS / 5);
    expect(document.seconds.map(([second]) => second)).toEqual([SECOND, SECOND + 1]);
  });

  it('[P1] calls a crowd at doors as fast as it can come in, and no faster', () => {
    const { coordinator, tell } = aHouse(50_000);
    coordinator.opened('a');
    let waiting = 30_000;
    for (let atMs = 100; atMs <= 10_000; atMs += 100) {
      const document = tell('a', atMs, { entrants: drawn(30_000) })!;
      expect(waiting - document.waiting).toBeLessThanOrEqual(101);
      waiting = document.waiting;
    }
    expect(waiting).toBeLessThan(20_200);
  });

  it('passes over those whom a broken disk keeps from being drawn', () => {
    const { coordinator, tell } = aHouse(100);
    coordinator.opened('a');
    const row = { entrants: { count: 40, second: null }, issued: [[SECOND + 1, 5]] } as const;
    expect(tell('a', 20_000, row)).toMatchObject({ front: NOBODY });
    expect(tell('a', 40_000, row)).toMatchObject({ front: { second: SECOND + 1 } });
  });

  it('[P2] keeps a line over the death of every edge, until one knows of the space again', () => {
    const { coordinator, tell } = aHouse(100);
    coordinator.opened('a');
    const first = tell('a', 100, { entrants: drawn(1_000) })!;
    const before = tell('a', 70_000, { entrants: drawn(1_000) })!;
    expect(before.front.rank).toBeGreaterThan(first.front.rank);
    coordinator.closed('a', 70_100);
    coordinator.opened('b');
    expect(tell('b', 70_200, null)).toBeNull();
    const after = tell('b', 70_300, { entrants: drawn(1_000) })!;
    expect(after.front.rank).toBeGreaterThanOrEqual(before.front.rank);
    expect(after.waiting).toBeLessThan(900);
  });
});
