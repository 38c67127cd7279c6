/**
 * A real edge whose house is full and has a long line before it, for the benches: its keeper reports and is
 * granted ten times a second, as from the supervisor, whose half of the gate is here too. Listens on
 * descriptor 4.
 */
import { PROFILES } from '@parterre/protocol';
import { MemoryEntrants } from '../packages/server/src/adapters/memory/index.ts';
import {
  systemClock,
  systemRandom,
  systemTimers,
} from '../packages/server/src/adapters/system/index.ts';
import { GateAtEdge, GateCoordinator } from '../packages/server/src/gate/index.ts';
import { BENCH_SPACE, benchEdge, ClockFeed } from './fanout-edge.ts';

const INHERITED_FD = 4;
const REPORT_MS = 100;
/** Who waits came over so many seconds. */
const ARRIVED_OVER_S = 120;
/** Of a house that is full, and of one that never is. */
const FULL = 100;
const LARGE = 1_000_000;

function run(waiters: number): Promise<{ port: number }> {
  const nowMs = systemClock.monotonicMs();
  const listeners = waiters > 0 ? FULL : LARGE;
  const capacity = { listeners, joinsPerS: LARGE, source: 'default' } as const;
  const half = new GateAtEdge({
    key: new Uint8Array(32),
    float: 0,
    random: systemRandom,
    entrants: new MemoryEntrants([]),
    timers: systemTimers,
    nowMs,
    failed: () => {},
  });
  const { keeper } = half;
  const gate = new GateCoordinator<string>({ capacity, float: 0, edges: 1, nowMs });
  gate.opened('edge');
  for (let i = 0; i < waiters; i++) {
    const agoMs = ((waiters - i) / waiters) * ARRIVED_OVER_S * 1_000;
    keeper.issued(BENCH_SPACE, Math.floor((systemClock.wallMs() - agoMs) / 1_000), nowMs);
  }
  const edge = benchEdge(new ClockFeed(), null, null, {
    keeper,
    lotteries: half.lotteries,
    office: half.office,
    spend: () => Promise.resolve('not_yet'),
  });
  const used = (): number => (waiters > 0 ? FULL : edge.house.used(BENCH_SPACE));
  const step = (): void => {
    const atMs = systemClock.monotonicMs();
    const space = { id: BENCH_SPACE, used: used(), state: 'live', doorsAtMs: 0 } as const;
    gate.reported(
      'edge',
      half.report([space], () => true, atMs, systemClock.wallMs()),
    );
    const grant = gate.step(atMs, systemClock.wallMs()).get('edge')!;
    // As it comes over the channel: a document of its own each time.
    keeper.granted(structuredClone(grant), atMs, used);
  };
  step();
  systemTimers.every(REPORT_MS, step);
  return edge.open({ fd: INHERITED_FD }, PROFILES.steady.bufferMs);
}

if (process.send !== undefined && import.meta.main) {
  const { port } = await run(Number(process.argv[2]));
  process.on('disconnect', () => process.exit(0));
  process.send({ port });
}
