import type { CertificatePayload } from '@parterre/protocol/certificate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issueCertificate } from './certificate.ts';
import { examplePrices, PlanError, planFor, SPARE_MACHINES } from './plan.ts';
import { NOW_MS, SEED, SERVER, sampleResult } from './result.fixture.ts';
import { signingKey } from './signing.ts';

const { payload } = issueCertificate({
  key: signingKey(SEED),
  result: sampleResult(),
  server: SERVER,
  id: 'c'.repeat(16),
  issuer: 'https://live.example.org',
  broughtBy: 'machine',
  nowMs: NOW_MS,
});
const prices = examplePrices(payload);
const plan = (
  listeners: number,
  change: Partial<CertificatePayload> = {},
  bitrateKbps: number | null = null,
) => planFor({ ...payload, ...change }, { listeners, prices, bitrateKbps });
const Audience = fc.integer({ min: 1, max: 100_000_000 });
const Capacity = fc.record({
  listeners: fc.integer({ min: 1, max: 200_000 }),
  joinsPerS: fc.double({ min: 0, max: 20_000, noNaN: true }),
});

describe('the plan', () => {
  it('[P8] for eight million listeners, from one machine of sixty thousand', () => {
    const eight = plan(8_000_000);
    expect(eight).toMatchObject({
      machines: 134,
      machinesWithSpare: 136,
      perMachine: 60_000,
      boundedBy: 'certificate',
      cores: 272,
      joinsPerS: 134 * 1_500,
      currency: 'EUR',
      saturatesFirst: 'cpu',
    });
    expect(eight.minutesToFill).toBeCloseTo(0.663, 2);
    expect(eight.egressGbps).toBeCloseTo(295.7, 0);
    expect(eight.costPerHour.machines).toBeCloseTo(6.8);
    expect(eight.costPerHour.egress).toBeCloseTo(295.7 * 450 * 0.01, -1);
    expect(eight.assumptions.join(' ')).not.toMatch(/undefined|NaN/);
    for (const sentence of eight.assumptions) expect(sentence).toMatch(/^[A-Z0-9].*\.$/);
  });

  it('[P8] never gives a machine more than was verified, and always two to spare', () => {
    fc.assert(
      fc.property(Audience, Capacity, (listeners, capacity) => {
        const made = plan(listeners, { capacity });
        expect(made.perMachine).toBeLessThanOrEqual(capacity.listeners);
        expect(made.machines * made.perMachine).toBeGreaterThanOrEqual(listeners);
        expect(made.joinsPerS).toBeLessThanOrEqual(made.machines * capacity.joinsPerS);
        expect(made.machinesWithSpare - made.machines).toBe(SPARE_MACHINES);
        for (const share of Object.values(made.load)) expect(share).toBeGreaterThanOrEqual(0);
        expect(made.load.egress).toBeLessThanOrEqual(0.8 + 1e-9);
      }),
    );
  });

  it('[P8] a larger audience never takes less of anything', () => {
    fc.assert(
      fc.property(Audience, Audience, Capacity, (one, other, capacity) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)].map((listeners) =>
          plan(listeners, { capacity }),
        );
        if (less === undefined || more === undefined) throw new Error('two plans');
        for (const name of ['machines', 'cores', 'memoryBytes', 'egressGbps', 'joinsPerS'] as const)
          expect(more[name]).toBeGreaterThanOrEqual(less[name]);
        for (const name of ['machines', 'egress'] as const)
          expect(more.costPerHour[name]).toBeGreaterThanOrEqual(less.costPerHour[name]);
        expect(more.coresBusy).toBeGreaterThanOrEqual(less.coresBusy ?? 0);
      }),
    );
  });

  it('[P8] gains nothing from a larger machine than was rehearsed, and refuses a smaller one', () => {
    const on = (change: Partial<typeof prices.machine>) =>
      planFor(payload, {
        listeners: 1_000_000,
        bitrateKbps: null,
        prices: { ...prices, machine: { ...prices.machine, ...change } },
      });
    expect(on({ cores: 64, egressGbps: 100 }).machines).toBe(on({}).machines);
    expect(() => on({ cores: 1 })).toThrow(PlanError);
    expect(() => on({ memoryBytes: 2 ** 30 })).toThrow(PlanError);
    const narrow = on({ egressGbps: 1 });
    expect(narrow).toMatchObject({ boundedBy: 'egress', saturatesFirst: 'egress' });
    expect(narrow.perMachine).toBeLessThan(60_000);
    expect(() => on({ egressGbps: 1e-6 })).toThrow(/not one listener/);
  });

  it('says what it does not know', () => {
    expect(() => plan(1_000, { cost: null })).toThrow(/--bitrate/);
    const given = plan(1_000, { cost: null }, 40);
    expect(given).toMatchObject({ coresBusy: null, memoryUsedBytes: null, egressGbps: 0.04 });
    expect(given.load).toMatchObject({ cpu: null, memory: null });
    expect(given.assumptions.join(' ')).toContain('40 kbit/s, as given; this was not measured');
    const still = plan(1_000, { capacity: { listeners: 500, joinsPerS: 0 } });
    expect(still.minutesToFill).toBe(Number.POSITIVE_INFINITY);
  });
});
