/** A programme process to be killed: prepares on `argv[2]` as data folder, activates when told by a line. */
import { once } from 'node:events';
import { Registry } from 'prom-client';
import { silentLog, systemClock, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { loadConfig } from './config.ts';
import { prepare } from './part-programme.ts';
import { loadSecrets } from './secrets.ts';
import { socketsOf } from './sockets.ts';

const config = loadConfig({ '--data': process.argv[2]! }, {});
const prepared = await prepare({
  config,
  serverStartedAtMs: 0,
  secrets: loadSecrets(config.data),
  log: silentLog,
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  metrics: new Registry(),
  sockets: socketsOf(config.data),
  listenFd: null,
  ticketKeys: null,
  tellLoad: () => {},
  tellGate: () => {},
  hearGrants: () => {},
  askSpend: () => {},
  tellCertified: () => {},
  collectMetrics: async () => '',
});
process.stdout.write('prepared\n');
await once(process.stdin, 'data');
await prepared.activate();
process.stdout.write('active\n');
