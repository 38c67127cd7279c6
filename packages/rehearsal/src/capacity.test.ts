import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CapacitySearch, type Went } from './capacity.ts';

/** Runs the search against a server that behaves as `how` says. @returns the loads that were tried */
function searched(
  search: CapacitySearch,
  how: (listeners: number, verify: boolean) => Went,
): number[] {
  const tried: number[] = [];
  for (let next = search.next; next !== null; next = search.next) {
    tried.push(next.listeners);
    expect(tried.length).toBeLessThanOrEqual(40);
    search.went(how(next.listeners, next.verify));
  }
  return tried;
}

describe('finding the capacity', () => {
  it('[P8] finds a server’s limit to a tenth, never above it, and has tried it twice', () => {
    const loads = fc.integer({ min: 10, max: 1_000_000 });
    fc.assert(
      fc.property(loads, loads, loads, (limit, first, listenersMax) => {
        const search = new CapacitySearch({ first, listenersMax });
        const tried = searched(search, (listeners) => (listeners <= limit ? 'held' : 'broken'));
        const most = Math.min(limit, listenersMax);
        expect(search.verified).toBeLessThanOrEqual(most);
        expect(search.verified).toBeGreaterThanOrEqual(Math.floor(most * 0.85));
        expect(tried.filter((each) => each === search.verified).length).toBe(2);
      }),
    );
  });

  it('[P8] steps back when what held for a short while does not hold for longer', () => {
    const search = new CapacitySearch({ first: 1_000, listenersMax: 100_000 });
    searched(search, (listeners, verify) =>
      listeners <= (verify ? 20_000 : 30_000) ? 'held' : 'broken',
    );
    expect(search.verified).toBeLessThanOrEqual(20_000);
    expect(search.verified).toBeGreaterThan(16_000);
  });

  it('finds nothing where nothing holds, and stops when it is stopped', () => {
    const broken = new CapacitySearch({ first: 1_000, listenersMax: 10_000 });
    searched(broken, () => 'broken');
    expect(broken.verified).toBeNull();
    const stopped = new CapacitySearch({ first: 1_000, listenersMax: 10_000 });
    expect(searched(stopped, () => 'stopped')).toEqual([1_000]);
  });

  it('takes a void step for too much, and says no more than what held', () => {
    const search = new CapacitySearch({ first: 1_000, listenersMax: 100_000 });
    searched(search, (listeners) => (listeners <= 7_000 ? 'held' : 'void'));
    expect(search.verified).toBeLessThanOrEqual(7_000);
  });
});
