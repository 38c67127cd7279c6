import { describe, expect, it } from 'vitest';
import type { EdgeGrant, EdgeReport } from '../gate/index.ts';
import { EdgeGate } from './edge-gate.ts';
import type { Granted, PartContext } from './part.ts';

const CAPACITY = { listeners: 100, joinsPerS: 100, source: 'default' } as const;

function grantOf(number: number, ...spaces: [id: string, limit: number][]): EdgeGrant {
  const front = { second: 0, rank: 0 };
  const rows = spaces.map(
    ([id, limit]) =>
      ({
        id,
        limit,
        spare: 0,
        line: { open: false, front, lapsed: front },
      }) as EdgeGrant['spaces'][number],
  );
  return { number, joinsPerS: 100, spaces: rows, resumed: [] };
}

function aGate() {
  const reports: EdgeReport[] = [];
  let hear: Granted = () => {};
  const context = {
    config: { capacity: 100, listenersMax: 100, edges: 2, data: '/nowhere' },
    secrets: { passKey: new Uint8Array(32) },
    random: { uniform: () => 0.5, bytes: (count: number) => new Uint8Array(count) },
    clock: { monotonicMs: () => 0, wallMs: () => 0 },
    timers: { after: () => ({ cancel() {} }), every: () => ({ cancel() {} }) },
    metrics: { registerMetric() {} },
    tellGate: (report: EdgeReport) => reports.push(report),
    hearGrants: (listener: Granted) => {
      hear = listener;
    },
  } as unknown as PartContext;
  const granted = (grant: EdgeGrant): void => hear(grant, { capacity: CAPACITY, egress: 0 });
  return { gate: new EdgeGate(context), reports, granted };
}

describe('the gate at an edge that begins', () => {
  it('[P1] is open when it has places in every space, so that nobody who comes back is sent away', async () => {
    const { gate, reports, granted } = aGate();
    const openSpaces = [
      { id: 'evening', used: 0, state: 'live' as const, doorsAtMs: 0 },
      { id: 'morning', used: 0, state: 'live' as const, doorsAtMs: 0 },
    ];
    let open = false;
    const opening = gate
      .open({
        used: () => 0,
        usedOf: () => 0,
        openSpaces: () => openSpaces,
        room: () => ({}),
        sessions: { takeResumed: () => [], supersede: () => {} },
        sentBytes: 0,
      })
      .then(() => {
        open = true;
      });
    expect(reports).toHaveLength(1);
    for (const early of [grantOf(1), grantOf(2, ['evening', 5], ['morning', 0])]) {
      granted(early);
      await Promise.resolve();
      expect(open).toBe(false);
    }
    granted(grantOf(3, ['evening', 5], ['morning', 5]));
    await opening;
    expect(open).toBe(true);
  });
});
