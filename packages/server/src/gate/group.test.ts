import { GROUP_ID } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupOfSeatLink, seal, sealSeatLink } from '../spaces/index.ts';
import { Bank } from './bank.ts';
import { groupRow } from './group.ts';
import { GateKeeper } from './keeper.ts';
import type { EdgeGrant } from './messages.ts';

const KEY = new Uint8Array(32).fill(9);
const WALL_MS = 1_800_000_000_000;
const PRESS = 'press0000000';
const CAPTIONS = 'captions0000';
const link = (group: string, space = 'evening') =>
  sealSeatLink(KEY, { space, group, expiresAtMs: WALL_MS + 60_000 });

/** Edges that take in whoever comes, by what the bank gives them; messages may be lost. */
class House {
  readonly bank = new Bank<number>(0, EDGES);
  readonly used = Array.from({ length: EDGES }, () => new Map<string, number>());
  readonly held = Array.from({ length: EDGES }, () => new Map<string, number>());
  readonly heard: number[] = Array(EDGES).fill(0);
  readonly seats: ReadonlyMap<string, number>;
  number = 0;

  constructor(capacity: number, seats: ReadonlyMap<string, number>) {
    this.bank.capacity = capacity;
    this.seats = seats;
    for (let edge = 0; edge < EDGES; edge++) this.bank.opened(edge, true);
  }

  usedOf(row: string): number {
    return this.used.reduce((sum, rows) => sum + (rows.get(row) ?? 0), 0);
  }

  take(edge: number, row: string): boolean {
    const used = this.used[edge]!.get(row) ?? 0;
    if (used >= (this.held[edge]!.get(row) ?? 0)) return false;
    this.used[edge]!.set(row, used + 1);
    return true;
  }

  leave(edge: number, row: string): void {
    const used = this.used[edge]!.get(row) ?? 0;
    if (used > 0) this.used[edge]!.set(row, used - 1);
  }

  report(edge: number, wanted = false): void {
    const row = (id: string, seats?: number) => {
      const used = this.used[edge]!.get(id) ?? 0;
      const held = Math.max(used, this.held[edge]!.get(id) ?? 0);
      const group = seats === undefined ? {} : { seats, wanted };
      return {
        id,
        used,
        held,
        front: { second: 0, rank: 0 },
        issued: [],
        entrants: null,
        ...group,
      };
    };
    const rows = [row('evening'), row('other')];
    for (const [group, seats] of this.seats) rows.push(row(groupRow('evening', group), seats));
    this.bank.reported(edge, ++this.number, this.heard[edge]!, rows);
  }

  grant(lost: (edge: number) => boolean): void {
    const number = ++this.number;
    const rows = [...this.bank.groups('evening'), ...this.bank.spaces()];
    for (const row of rows) {
      for (const [edge, { limit, spare }] of this.bank.grant(row, 0, () => number)) {
        if (lost(edge)) continue;
        this.heard[edge] = number;
        this.held[edge]!.set(row, limit + spare);
      }
    }
  }
}

const EDGES = 3;
const ROWS = [
  'evening',
  'other',
  groupRow('evening', PRESS),
  groupRow('evening', CAPTIONS),
] as const;

describe('seats kept for groups', () => {
  test('[P1] [P2] never over C, never more of a group than its seats, and the seats are there', () => {
    const steps = fc.array(
      fc.record({
        do: fc.constantFrom('crowd', 'take', 'leave', 'report', 'report', 'grant', 'grant'),
        edge: fc.nat(EDGES - 1),
        row: fc.constantFrom(...ROWS, ROWS[2]),
        lost: fc.nat(EDGES),
        wanted: fc.boolean(),
      }),
      { maxLength: 120, size: 'max' },
    );
    const seats = fc.record({ press: fc.integer({ min: 1, max: 40 }), captions: fc.nat(40) });
    fc.assert(
      fc.property(steps, seats, fc.integer({ min: 0, max: 90 }), (all, given, capacity) => {
        const house = new House(
          capacity,
          new Map([
            [PRESS, given.press],
            [CAPTIONS, given.captions],
          ]),
        );
        for (let edge = 0; edge < EDGES; edge++) house.report(edge);
        for (const step of all) {
          if (step.do === 'take') house.take(step.edge, step.row);
          else if (step.do === 'crowd') while (house.take(step.edge, step.row));
          else if (step.do === 'leave') house.leave(step.edge, step.row);
          else if (step.do === 'report') house.report(step.edge, step.wanted);
          else house.grant((edge) => edge === step.lost);
          const [press, captions] = [house.usedOf(ROWS[2]), house.usedOf(ROWS[3])];
          expect(press).toBeLessThanOrEqual(given.press);
          expect(captions).toBeLessThanOrEqual(given.captions);
          expect(ROWS.reduce((sum, row) => sum + house.usedOf(row), 0)).toBeLessThanOrEqual(
            capacity,
          );
        }
        // However many newcomers there are, the group's seats are the group's.
        for (let turn = 0; turn < 4; turn++) {
          for (let edge = 0; edge < EDGES; edge++) {
            while (house.take(edge, 'evening'));
            house.report(edge);
          }
          house.grant(() => false);
        }
        const mine = Math.min(given.press, Math.floor(capacity / 4));
        const taken = ROWS.reduce((sum, row) => sum + house.usedOf(row), 0);
        const unfilled = Math.max(0, mine - house.usedOf(ROWS[2]));
        const free = house.bank.free('evening', 0);
        if (free > 0) expect(free + unfilled + taken).toBeLessThanOrEqual(capacity);
        for (let turn = 0; turn < 8; turn++) {
          while (house.take(0, ROWS[2]));
          for (let edge = 0; edge < EDGES; edge++) house.report(edge, edge === 0);
          house.grant(() => false);
        }
        expect(house.usedOf(ROWS[2])).toBeGreaterThanOrEqual(mine);
      }),
      { numRuns: 500 },
    );
  });

  test('[P2] newcomers and the line get what is left beside the seats, a neighbour keeps its share', () => {
    const freeWith = (seats: number) => {
      const house = new House(100, new Map([[PRESS, seats]]));
      for (let edge = 0; edge < EDGES; edge++) house.report(edge);
      return { evening: house.bank.free('evening', 0), other: house.bank.free('other', 0) };
    };
    const without = freeWith(0);
    expect(freeWith(20)).toEqual({ evening: without.evening - 20, other: without.other });
    // At most what is kept for the space anyway, a quarter of a house with two spaces.
    expect(freeWith(90)).toEqual({ evening: without.evening - 25, other: without.other });
  });

  test('[P2] a link takes a seat of its group while there is one, and is worth nothing elsewhere', () => {
    const keeper = new GateKeeper(KEY, 4, { uniform: () => 0.5, bytes: (n) => Buffer.alloc(n) }, 0);
    const group = { id: PRESS, seats: 2, used: 0 };
    const groups = new Map([[PRESS, group]]);
    const sits = (text: string, wallMs = WALL_MS) =>
      keeper.seatFor('evening', groups, text, null, 0, wallMs) !== null;
    expect(sits(link(PRESS))).toBe(false); // granted nothing: the float is for others
    const row = { id: groupRow('evening', PRESS), limit: 1, spare: 0, line: null };
    const grant: EdgeGrant = { number: 1, joinsPerS: 100, spaces: [row], resumed: [] };
    keeper.granted(grant, 0, () => group.used);
    expect(sits(link(PRESS))).toBe(true);
    for (const bad of ['', 'x', link(CAPTIONS), link(PRESS, 'other'), `${link(PRESS)}A`])
      expect(sits(bad)).toBe(false);
    expect(sits(link(PRESS), WALL_MS + 60_000)).toBe(false);
    keeper.seated('evening', group);
    group.used++;
    expect(sits(link(PRESS))).toBe(false);
    const open = [{ id: 'evening', used: 0, groups: groups.values() }];
    expect(keeper.report(0, open).spaces.find(({ id }) => id === row.id)).toMatchObject({
      used: 1,
      held: 1,
      seats: 2,
      wanted: true,
    });
    group.used--;
    keeper.report(0, [{ id: 'evening', used: 0, groups: groups.values() }]);
    // The seat that was just left is kept for who left it, here or, when it is elsewhere, there.
    expect(sits(link(PRESS))).toBe(false);
    const token = keeper.returnToken('evening', WALL_MS);
    const comesBack = () => keeper.seatFor('evening', groups, link(PRESS), token, 0, WALL_MS);
    expect(comesBack()).toBe(group);
    expect(sits(link(PRESS))).toBe(true);
    keeper.granted({ ...grant, number: 2, spaces: [{ ...row, limit: 0, empty: 1 }] }, 0, () => 0);
    expect(comesBack()).toBe('soon');
    keeper.granted({ ...grant, number: 3, spaces: [{ ...row, limit: 0, empty: 0 }] }, 0, () => 0);
    expect(comesBack()).toBe(null);
    keeper.granted({ ...grant, number: 4 }, 0, () => group.used);
    expect(sits(link(PRESS))).toBe(true);
    group.seats = 0; // its owner took the group away
    expect(sits(link(PRESS))).toBe(false);
  });

  test('links: forged, spliced, cross-space, truncated, oversized are none', () => {
    const good = link(PRESS);
    const is = (text: string) => groupOfSeatLink(KEY, 'evening', text, WALL_MS);
    expect(is(good)).toBe(PRESS);
    const fields = fc.array(
      fc.oneof(fc.string(), fc.constantFrom('evening', PRESS, `${WALL_MS * 2}`)),
    );
    const purposes = fc.constantFrom('ticket', 'return', 'pass', 'seat');
    fc.assert(
      fc.property(
        fields,
        purposes,
        fc.nat(good.length),
        fc.base64String(),
        (some, purpose, at, tail) => {
          const other = some.length > 8 ? [] : some.map((field) => field.slice(0, 40));
          const genuine =
            purpose === 'seat' &&
            other.length === 3 &&
            other[0] === 'evening' &&
            GROUP_ID.test(other[1]!) &&
            other[2] === `${WALL_MS * 2}`;
          if (!genuine) expect(is(seal(KEY, purpose, other))).toBe(null);
          expect(is(seal(new Uint8Array(32), 'seat', ['evening', PRESS, `${WALL_MS * 2}`]))).toBe(
            null,
          );
          if (at < good.length) expect(is(good.slice(0, at))).toBe(null);
          if (tail !== '') expect(is(good + tail)).toBe(null);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
