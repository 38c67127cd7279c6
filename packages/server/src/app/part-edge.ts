/**
 * The edge process: the edge module over the programme's unix socket, on the inherited public socket,
 * with its counters as metrics. With TLS the certificate is read again when its files change, so that a
 * renewal needs no restart; files that do not fit together leave the old one in use.
 */
import { readFile, stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { holdingFrames } from '@parterre/media';
import { PROFILES } from '@parterre/protocol';
import { Gauge } from 'prom-client';
import { MediabunnyAac } from '../adapters/aac/index.ts';
import { kernelLibrary, loadKernel } from '../adapters/system/index.ts';
import { UnixFeed } from '../adapters/unix/index.ts';
import { Edge, LIVE_FORMAT, RADIO_FORMAT, type TlsFiles } from '../edge/index.ts';
import { pagesRoot } from './assets.ts';
import { EdgeGate } from './edge-gate.ts';
import { publisher } from './gauges.ts';
import { watchHls } from './hls-metrics.ts';
import { LOAD_EVERY_MS } from './messages.ts';
import { rungsOf, watchOverflow } from './overflow-metrics.ts';
import type { EdgePart, PartContext } from './part.ts';
import { connectionsMaxOf, leaveAtOf } from './places.ts';
import { descriptorsMax } from './this-machine.ts';

const CERTIFICATE_LOOK_MS = 10_000;
const LOAD_MS = 100;
/** Others listen on the same socket, and know the programme already. */
const SETTLE_MS_MAX = 3_000;

export async function start(context: PartContext): Promise<EdgePart> {
  const { config, clock, timers, random, log, sockets, listenFd } = context;
  if (listenFd === null)
    throw new Error('An edge listens on an inherited socket, and was given none.');
  const feed = new UnixFeed({ path: sockets.programme, timers, random, log });
  const tls = config.tlsCert === '' ? null : await readTls(config.tlsCert, config.tlsKey);
  const places = connectionsMaxOf(descriptorsMax());
  const gate = new EdgeGate(context);
  const edge = new Edge({
    gate,
    clock,
    timers,
    kernel: loadKernel(kernelLibrary()),
    feed,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    overflow: { has: rungsOf(config), egress: () => gate.egress, hlsBase: config.hlsBase },
    hlsMode: config.hls,
    aac: config.hlsAac ? new MediabunnyAac() : null,
    tls,
    ticketKeys: context.ticketKeys,
    connectionsMax: places,
    leaveAt: leaveAtOf(places),
    left: () => context.tellLoad(edge.connections, places, edge.taking),
    proxyProtocol: config.proxyProtocol,
    pagesDir: pagesRoot(),
    dataDir: config.data,
    sockets,
    trustProxy: config.trustProxy,
    failed: (error) => log.error({ err: error }, 'a request failed by our own fault'),
  });
  const stopMeasuring = publish(edge, context);
  watchHls(context.metrics, edge.hls);
  watchOverflow(context.metrics, edge.house);
  const stopWatching = tls === null ? () => {} : watchCertificate(edge, context);
  await edge.open({ fd: listenFd }, SETTLE_MS_MAX, () => gate.open(edge));
  const stopTelling = tellLoad(edge, places, context);
  return {
    async close(others) {
      stopWatching();
      await edge.close(others);
      gate.close();
      stopTelling();
      stopMeasuring();
    },
    take: (socket) => edge.take(socket),
    leave: () => edge.leave(),
    renewTicketKeys: (keys) => edge.renewTicketKeys(keys),
    spent: (id, answer) => gate.spent(id, answer),
  };
}

/** How full this edge is and whether it takes, whenever that has changed and regularly. @returns what stops it */
function tellLoad(edge: Edge, places: number, context: PartContext): () => void {
  const { clock } = context;
  let told = { connections: -1, taking: true, atMs: 0 };
  const tell = (): void => {
    const { connections, taking } = edge;
    const atMs = clock.monotonicMs();
    const same = connections === told.connections && taking === told.taking;
    if (same && atMs - told.atMs < LOAD_EVERY_MS) return;
    told = { connections, taking, atMs };
    context.tellLoad(connections, places, taking);
  };
  tell();
  const timer = context.timers.every(LOAD_MS, tell);
  return () => timer.cancel();
}

async function readTls(certPath: string, keyPath: string): Promise<TlsFiles> {
  const [cert, key] = await Promise.all([readFile(certPath), readFile(keyPath)]);
  return { cert, key };
}

/** @returns what stops it */
function watchCertificate(edge: Edge, { config, timers, log }: PartContext): () => void {
  const { tlsCert, tlsKey } = config;
  const versionOf = async (): Promise<string> => {
    const [cert, key] = await Promise.all([stat(tlsCert), stat(tlsKey)]);
    return `${cert.ino} ${cert.mtimeMs} ${key.ino} ${key.mtimeMs}`;
  };
  let inUse = '';
  const look = async (): Promise<void> => {
    const version = await versionOf();
    if (version === inUse) return;
    if (inUse !== '') {
      edge.renewTls(await readTls(tlsCert, tlsKey));
      log.info({}, 'the TLS certificate was renewed');
    }
    inUse = version;
  };
  const lookAgain = (): void => {
    look().catch((error: unknown) => {
      log.warn({ err: error }, 'the changed TLS certificate cannot be used; the old one stays');
    });
  };
  lookAgain();
  const timer = timers.every(CERTIFICATE_LOOK_MS, lookAgain);
  return () => timer.cancel();
}

/** Turns the edge's counters into metrics, read when they are collected. @returns what stops it */
function publish(edge: Edge, { metrics: registry }: PartContext): () => void {
  const { counters, house } = edge;
  const { gauge, counter, byLabel } = publisher(registry);

  new Gauge({
    name: 'parterre_edge_listeners',
    help: 'Connections that are being sent the programme now.',
    labelNames: ['lane', 'profile'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { lane, profile, listeners } of edge.census())
        this.inc({ lane, profile }, listeners);
    },
  });
  new Gauge({
    name: 'parterre_edge_flush_interval_seconds',
    help: 'How often a listener is written to now.',
    labelNames: ['profile'],
    registers: [registry],
    collect() {
      for (const { id } of Object.values(PROFILES))
        this.set({ profile: id }, house.flushMs(id) / 1_000);
    },
  });
  gauge(
    'parterre_edge_connections',
    'Open connections on the public port.',
    () => edge.connections,
  );
  byLabel(
    'parterre_edge_tls_handshakes_total',
    'TLS handshakes that ended well.',
    'kind',
    () => counters.handshakes,
  );
  byLabel('parterre_edge_joins_total', 'Listeners taken in.', 'lane', () => counters.joins);
  byLabel(
    'parterre_edge_resumes_total',
    'Of the joins, those that went on at a sequence.',
    'lane',
    () => counters.resumes,
  );
  byLabel(
    'parterre_edge_drops_total',
    'Listeners whose connection this edge ended.',
    'reason',
    () => counters.drops,
  );
  byLabel(
    'parterre_edge_refusals_total',
    'Connections refused before a request was answered.',
    'reason',
    () => counters.refusals,
  );
  counter('parterre_edge_leaves_total', 'Listeners who left by themselves.', () => counters.leaves);
  counter(
    'parterre_edge_skips_total',
    'Times a slow listener was taken forward.',
    () => counters.skips,
  );
  counter(
    'parterre_edge_skipped_chunks_total',
    'Chunks that slow listeners lost by it.',
    () => counters.skippedChunks,
  );
  counter('parterre_edge_writes_total', 'Flushes written to a listener.', () => counters.writes);
  counter(
    'parterre_edge_sent_bytes_total',
    'Bytes of the programme written to listeners.',
    () => counters.bytes,
  );
  counter(
    'parterre_edge_flush_seconds_total',
    'Time spent writing to listeners.',
    () => counters.flushSeconds,
  );
  counter(
    'parterre_edge_flushes_total',
    'Flushes of a slice or of a small house.',
    () => counters.flushes,
  );
  counter(
    'parterre_edge_fast_answers_total',
    'Requests answered without the full HTTP parser.',
    () => counters.fastAnswers,
  );

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  gauge(
    'parterre_edge_event_loop_delay_p99_seconds',
    'Delay of the event loop since the last collection, p99.',
    () => {
      const seconds = delay.percentile(99) / 1e9;
      delay.reset();
      return seconds;
    },
  );
  return () => delay.disable();
}
