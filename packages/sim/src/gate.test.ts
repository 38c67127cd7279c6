import { describe, expect, it } from 'vitest';
import { MemoryEntrants } from '../../server/src/adapters/memory/index.ts';
import { Broken, type GateSabotage, simulateGate as simulate } from './index.ts';

const simulateGate = (seed: number, forMs: number, sabotage?: GateSabotage) =>
  simulate(seed, forMs, new MemoryEntrants(['evening']), sabotage);

/** Seeds that once found something stay here for good. */
const PINNED: readonly number[] = [424, 534, 553];
const SEEDS = 1_000;
const FOR_MS = 20_000;

describe('a gate in simulation', () => {
  it('[P1] [P2] keeps its rules under 1,000 seeds, before doors and after', {
    timeout: 600_000,
  }, async () => {
    const sum = {
      admitted: 0,
      byTicket: 0,
      returned: 0,
      seated: 0,
      crashes: 0,
      entrants: 0,
      superseded: 0,
      supersededBeside: 0,
      full: 0,
    };
    const seeds = [...PINNED, ...Array.from({ length: SEEDS }, (_, index) => index + 1)];
    for (const seed of seeds) {
      const outcome = await simulateGate(seed, FOR_MS).catch((error: unknown) => {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      });
      sum.admitted += outcome.admitted;
      sum.byTicket += outcome.byTicket;
      sum.returned += outcome.returned;
      sum.seated += outcome.seated;
      sum.crashes += outcome.crashes;
      sum.entrants += outcome.entrants;
      sum.superseded += outcome.superseded;
      sum.supersededBeside += outcome.supersededBeside;
      if (outcome.listenersMax > outcome.capacity * 0.8) sum.full++;
    }
    console.info(`gate: ${SEEDS} seeds, ${JSON.stringify(sum)}`);
    expect(sum.byTicket).toBeGreaterThan(SEEDS);
    expect(sum.entrants).toBeGreaterThan(SEEDS * 10);
    expect(sum.returned).toBeGreaterThan(SEEDS);
    expect(sum.seated).toBeGreaterThan(SEEDS);
    expect(sum.superseded).toBeGreaterThan(SEEDS / 2);
    expect(sum.supersededBeside).toBeGreaterThan(SEEDS / 2);
    expect(sum.full).toBeGreaterThan(SEEDS / 2);
  });

  it.each<[string, GateSabotage]>([
    ['a coordinator that forgets what was given out before it', { forgets: true }],
    ['an edge that closes the lottery for itself', { deaf: true }],
  ])('finds %s', async (_name, sabotage) => {
    let found = 0;
    for (let seed = 1; seed <= 50; seed++) {
      await simulateGate(seed, FOR_MS, sabotage).catch((error: unknown) => {
        expect(error).toBeInstanceOf(Broken);
        found++;
      });
    }
    expect(found).toBeGreaterThan(0);
  });

  it('is the same gate again under the same seed', async () => {
    const first = await simulateGate(7, 20_000);
    const again = await simulateGate(7, 20_000);
    expect(again.trace).toEqual(first.trace);
    expect(first.crashes).toBeGreaterThan(0);
  });
});
