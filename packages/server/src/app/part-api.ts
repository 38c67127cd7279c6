/**
 * The api process: the store, what the programme says, and the REST api on a unix socket. A successor
 * takes the socket's name over in one step, so that at no moment nobody answers at it.
 */
import { chmod, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type CurrentCapacity, isCurrentCapacity } from '@parterre/protocol/certificate';
import { signingKey } from '@parterre/rehearsal/signing';
import { DiskClips, DiskRemovals } from '../adapters/disk/index.ts';
import { openSqliteStore } from '../adapters/sqlite/index.ts';
import { UnixControl } from '../adapters/unix/index.ts';
import { buildApi, Directory, keepDemo } from '../api/index.ts';
import type { Store } from '../ports/store.ts';
import { iceServersOf, PASS_MS } from '../spaces/index.ts';
import { keepNewest } from './certificate-file.ts';
import { clockSynchronised, diskRoom } from './conditions.ts';
import type { Part, PartContext } from './part.ts';
import { connectionsMaxOf } from './places.ts';
import { publicUrlOf } from './public-url.ts';
import { describeServer } from './server-description.ts';
import { descriptorsMax } from './this-machine.ts';
import { version } from './version.ts';

const CERTIFIED_LOOK_MS = 10_000;

export async function start(context: PartContext): Promise<Part> {
  const { config, secrets, log, clock, timers, random, sockets, metrics } = context;
  const iceServers = iceServersOf(config.iceServers);
  const store = await openStore(context);
  const programme = new UnixControl({ path: sockets.programme, timers, random, log });
  const directory = new Directory({ store, programme, clock, timers, random, log });
  const app = await buildApi({
    store,
    directory,
    clips: new DiskClips(join(config.data, 'spaces'), timers),
    removals: new DiskRemovals(join(config.data, 'removed'), clock.wallMs() - PASS_MS),
    clock,
    random,
    log,
    passKey: secrets.passKey,
    ownerKey: secrets.ownerKey,
    publicUrl: publicUrlOf(config),
    // The edge is the one before this socket; with trustProxy another stands before the edge.
    proxyHops: config.trustProxy ? 2 : 1,
    iceServers,
    version: version(),
    signing: signingKey(secrets.signingSeed),
    server: describeServer(config, config.edges, connectionsMaxOf(descriptorsMax())),
    keepNewest: (text) => keepNewest(config.data, text),
    machine: {
      diskHours: () => diskRoom(config.data).hours,
      clockSynchronised,
    },
    metrics,
    collectMetrics: context.collectMetrics,
  });
  directory.open();
  const demo = config.demo
    ? keepDemo({ directory, timers, log, serverStartedAtMs: context.serverStartedAtMs })
    : null;
  const own = `${sockets.api}.${process.pid}`;
  await app.listen({ path: own });
  await chmod(own, 0o600);
  await rename(own, sockets.api);
  const telling = tellCertified(context, async () => {
    const answer = await app.inject({ method: 'GET', url: '/api/certificates/current' });
    const known: unknown = answer.statusCode === 200 ? answer.json() : null;
    return isCurrentCapacity(known) ? known.current : null;
  });
  let closing: Promise<void> | null = null;
  return {
    close() {
      closing ??= (async () => {
        telling.cancel();
        demo?.cancel();
        await app.close();
        programme.close();
        await directory.close();
        await store.close();
      })();
      return closing;
    },
  };
}

/** The gate is told what is proven, now and whenever it may have changed. @returns what stops it */
function tellCertified(
  { timers, log, tellCertified: tell }: PartContext,
  current: () => Promise<CurrentCapacity['current']>,
): { cancel(): void } {
  const look = (): void => {
    current()
      .then((known) => tell(known?.state === 'valid' ? known.capacity : null))
      .catch((error: unknown) =>
        log.warn({ err: error }, 'the capacity that is proven is not known'),
      );
  };
  look();
  return timers.every(CERTIFIED_LOOK_MS, look);
}

async function openStore({ config, log }: PartContext): Promise<Store> {
  await mkdir(config.data, { recursive: true, mode: 0o750 });
  const store =
    config.store === ''
      ? openSqliteStore(join(config.data, 'parterre.sqlite'))
      : (await import('../adapters/postgres/index.ts')).openPostgresStore(config.store, (error) => {
          log.warn({ err: error }, 'a connection to PostgreSQL broke; another takes its place');
        });
  await store.migrate();
  return store;
}
