/**
 * What TLS costs an edge: CPU of the edge's process for a connection that comes, is secured, asks and
 * goes, by a full handshake and by a resumed one (TLS 1.3, P-256), and for a write to a listener. The
 * client's side is another process and is not counted.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { BENCH_SPACE } from './fanout-edge.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';
import type { TlsSample } from './tls-edge.ts';

const EDGE = join(import.meta.dirname, 'tls-edge.ts');
const HANDSHAKES = 400;
const AT_ONCE = 8;
const LISTENERS = 1_000;
const WRITING_MS = 2_000;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const edge = await BenchEdge.start('tls');
  const plain = await BenchEdge.start('plain');
  try {
    const session = await ticketOf(edge.port);
    const full: number[] = [];
    const resumed: number[] = [];
    const bare: number[] = [];
    // The first run warms the code and is not counted.
    for (let run = 0; run <= runs; run++) {
      const fullUs = await edge.costOf(() => secured(edge.port, undefined));
      const resumedUs = await edge.costOf(() => secured(edge.port, session));
      const bareUs = await plain.costOf(() => unsecured(plain.port));
      if (run === 0) continue;
      full.push(fullUs);
      resumed.push(resumedUs);
      bare.push(bareUs);
    }
    yield figure('tls.connection.plain.us', bare, 'µs');
    yield figure('tls.handshake.full.us', full, 'µs');
    yield figure('tls.handshake.resumed.us', resumed, 'µs');
    yield figure(
      'tls.resumed_vs_full',
      full.map((us, run) => us / resumed[run]!),
      '1',
    );
    yield* writing(edge, plain, session, runs);
  } finally {
    edge.stop();
    plain.stop();
  }
}

async function* writing(
  edge: BenchEdge,
  plain: BenchEdge,
  session: Buffer,
  runs: number,
): AsyncIterable<Figure> {
  const before = await edge.sample();
  const listeners: Socket[] = [];
  for (let i = 0; i < LISTENERS; i++) {
    listeners.push(await listening(secure(edge.port, session)));
    listeners.push(await listening(connectPlain(plain.port, '127.0.0.1')));
  }
  const after = await edge.sample();
  const overTls: number[] = [];
  const overTcp: number[] = [];
  for (let run = 0; run < runs; run++) {
    overTls.push(await edge.costOfWrites());
    overTcp.push(await plain.costOfWrites());
  }
  for (const socket of listeners) socket.destroy();
  yield figure('tls.cpu_per_write.us', overTls, 'µs');
  yield figure(
    'tls.cpu_per_write.vs_plain',
    overTls.map((us, run) => us / overTcp[run]!),
    '1',
  );
  const kib = (after.rssBytes - before.rssBytes) / LISTENERS / 1_024;
  yield { figure: 'tls.memory_per_listener.kib', value: kib, unit: 'KiB' };
}

function figure(name: string, runs: readonly number[], unit: string): Figure {
  return { figure: name, value: median(runs), unit, runs };
}

class BenchEdge {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  static async start(kind: 'tls' | 'plain'): Promise<BenchEdge> {
    const child = fork(EDGE, [kind], { stdio: 'inherit' });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new BenchEdge(child, port);
  }

  stop(): void {
    this.#process.disconnect();
  }

  async sample(): Promise<TlsSample> {
    const answer = once(this.#process, 'message');
    this.#process.send('sample');
    return ((await answer) as [TlsSample])[0];
  }

  /** CPU per connection over HANDSHAKES of them, µs, until the last is gone. */
  async costOf(one: () => Promise<void>): Promise<number> {
    const before = await this.sample();
    let left = HANDSHAKES;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await one();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
    let after = await this.sample();
    while (after.connections > 0) after = await this.sample();
    return (after.cpuUs - before.cpuUs) / HANDSHAKES;
  }

  async costOfWrites(): Promise<number> {
    const before = await this.sample();
    await new Promise((resolve) => setTimeout(resolve, WRITING_MS));
    const after = await this.sample();
    return (after.cpuUs - before.cpuUs) / (after.writes - before.writes);
  }
}

function secure(port: number, session: Buffer | undefined): TLSSocket {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  return connect(session === undefined ? options : { ...options, session });
}

const REQUEST = `HEAD /live/${BENCH_SPACE} HTTP/1.1\r\nHost: bench\r\n\r\n`;
const LISTEN = REQUEST.replace('HEAD', 'GET');

function secured(port: number, session: Buffer | undefined): Promise<void> {
  const socket = secure(port, session);
  return new Promise((resolve, reject) => {
    socket.on('secureConnect', () => {
      if (socket.isSessionReused() === (session === undefined)) reject(new Error('Wrong kind.'));
      socket.write(REQUEST);
    });
    socket.on('data', () => socket.end());
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

function unsecured(port: number): Promise<void> {
  const socket = connectPlain(port, '127.0.0.1', () => socket.write(REQUEST));
  return new Promise((resolve, reject) => {
    socket.on('data', () => socket.end());
    socket.on('error', reject);
    socket.on('close', () => resolve());
  });
}

async function ticketOf(port: number): Promise<Buffer> {
  const socket = secure(port, undefined);
  socket.on('secureConnect', () => socket.write(REQUEST));
  const [session] = (await once(socket, 'session')) as [Buffer];
  socket.destroy();
  return session;
}

async function listening(socket: Socket): Promise<Socket> {
  socket.write(LISTEN);
  await once(socket, 'data');
  socket.resume();
  return socket;
}
