/**
 * The real programme in a process of its own, for the benches: one space on air in profile `near`, with
 * holding sound. Argument: the data folder.
 */
import { Registry } from 'prom-client';
import {
  silentLog,
  systemClock,
  systemRandom,
  systemTimers,
} from '../packages/server/src/adapters/system/index.ts';
import { UnixControl } from '../packages/server/src/adapters/unix/index.ts';
import { loadConfig } from '../packages/server/src/app/config.ts';
import type { PartContext } from '../packages/server/src/app/part.ts';
import { prepare } from '../packages/server/src/app/part-programme.ts';
import { loadSecrets } from '../packages/server/src/app/secrets.ts';
import { socketsOf } from '../packages/server/src/app/sockets.ts';
import { BENCH_SPACE } from './fanout-edge.ts';

if (process.send !== undefined && import.meta.main) await run(process.argv[2]!);

async function run(dataDir: string): Promise<void> {
  const config = loadConfig({ '--data': dataDir }, {});
  const sockets = socketsOf(config.data);
  const context: PartContext = {
    config,
    serverStartedAtMs: 0,
    secrets: loadSecrets(config.data),
    log: silentLog,
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    metrics: new Registry(),
    sockets,
    listenFd: null,
    ticketKeys: null,
    tellLoad: () => {},
    tellGate: () => {},
    askSpend: () => {},
    hearGrants: () => {},
    tellCertified: () => {},
    collectMetrics: () => Promise.resolve(''),
  };
  const programme = await (await prepare(context)).activate();
  const path = sockets.programme;
  const control = new UnixControl({
    path,
    timers: systemTimers,
    random: systemRandom,
    log: silentLog,
  });
  const nowMs = systemClock.wallMs();
  await control.plan({
    id: BENCH_SPACE,
    title: 'Bench',
    host: 'Bench',
    doorsAtMs: nowMs,
    startsAtMs: nowMs,
    profile: 'near',
    rendition: 'voice',
    holdingSound: true,
  });
  await control.start(BENCH_SPACE);
  process.on('disconnect', () => {
    control.close();
    void programme.close().then(() => process.exit(0));
  });
  process.send!({ socketPath: path });
}
