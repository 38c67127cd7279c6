import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TestGate } from './gate.fixture.ts';
import { Pullers } from './hls-pullers.ts';

const WALL_MS = 1_800_000_000_000;
const SEGMENT_MS = 4_800;

/** A space with places for so many newcomers, and some for who comes back. */
function aSpace(limit: number, spare = 0, live = () => 0) {
  const gate = new TestGate();
  const used = (): number => live() + pullers.count('evening', at.nowMs);
  const at = { nowMs: 0 };
  const pullers: Pullers = new Pullers(gate.keeper, used);
  gate.grant(limit, spare, () => 0);
  const ask = (pull: 'variants' | 'playlist' | 'segment', token: string | null): string | null =>
    pullers.admit('evening', pull, token, at.nowMs, WALL_MS + at.nowMs);
  return { at, ask, used, count: () => pullers.count('evening', at.nowMs) };
}

describe('who pulls without a cache', () => {
  test('[P1] counts as a listener for as long as they ask, and not after', () => {
    const { at, ask, count } = aSpace(100);
    const token = ask('variants', null)!;
    for (let segment = 0; segment < 20; segment++) {
      const asks = segment === 0 ? 4 : 1;
      for (let each = 0; each < asks; each++) expect(ask('segment', token)).toBe(token);
      expect(ask('playlist', token)).toBe(token);
      at.nowMs += SEGMENT_MS;
      expect(count(), `after ${segment}`).toBe(1);
    }
    at.nowMs += 3 * SEGMENT_MS;
    expect(count()).toBe(0);
  });

  test('[P1] is not let in where the places end, and goes on where it was', () => {
    const { at, ask } = aSpace(3, 2);
    const tokens = Array.from({ length: 3 }, () => ask('variants', null));
    expect(tokens).not.toContain(null);
    expect(ask('variants', null)).toBeNull();
    for (let segment = 0; segment < 10; segment++) {
      for (const token of tokens) expect(ask('segment', token)).toBe(token);
      expect(ask('playlist', null)).toBeNull();
      at.nowMs += SEGMENT_MS;
    }
  });

  test('a token that is none is a newcomer’s', () => {
    const { ask } = aSpace(1);
    expect(ask('segment', 'forged')).not.toBeNull();
    expect(ask('segment', 'forged')).toBeNull();
  });

  test('[P1] [property] an address that is handed round takes no place beyond those there are', () => {
    const asks = fc.array(
      fc.record({
        pull: fc.constantFrom('variants' as const, 'playlist' as const, 'segment' as const),
        token: fc.constantFrom('first', 'none', 'forged'),
        times: fc.integer({ min: 1, max: 30 }),
        passedMs: fc.integer({ min: 0, max: 6_000 }),
      }),
      { minLength: 30, maxLength: 100 },
    );
    fc.assert(
      fc.property(asks, fc.integer({ min: 1, max: 20 }), fc.nat(5), (told, limit, spare) => {
        const { at, ask, used } = aSpace(limit, spare);
        const first = ask('variants', null);
        for (const { pull, token, times, passedMs } of told) {
          at.nowMs += passedMs;
          for (let time = 0; time < times; time++) {
            ask(pull, token === 'first' ? first : token === 'none' ? null : token);
            expect(used()).toBeLessThanOrEqual(limit + spare);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
