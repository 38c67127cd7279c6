/**
 * `waiters.*`: what it costs an edge to tell those who wait how the line stands, beside the least that a
 * server of one static document can do (`peers/static.c`), with the same bytes, in turns. A hundred
 * thousand wait: those near the front ask every three seconds, over connections that are kept meanwhile;
 * all others less often than a connection is kept, each time on a new one. Each server is kept to one core
 * and the waiters to the other.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { BoundSocket, connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answer } from './child.ts';
import { BENCH_SPACE } from './fanout-edge.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';
import { build, LineProcess, pin, scratch } from './peers/native.ts';
import { cpuNs, freePort } from './peers/server.ts';

const WAITERS = 100_000;
/** Near the front: fewer than half an edge's places, so that their connections are kept. */
const NEAR = 8_000;
const NEAR_POLL_S = 3;
const FAR_POLL_S = 30;
const RUN_S = 3;
const WARM_UP_RUNS = 3;
const SERVER_CORE = 0;
const WAITERS_CORE = 1;
const QUIET_MS = 300;
/** As a browser asks. */
const QUESTION = [
  `GET /gate/${BENCH_SPACE} HTTP/1.1`,
  'Host: live.example.org',
  'Connection: keep-alive',
  'sec-ch-ua-platform: "Android"',
  'User-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  'sec-ch-ua: "Chromium";v="140", "Not=A?Brand";v="24"',
  'sec-ch-ua-mobile: ?1',
  'Accept: */*',
  'Sec-Fetch-Site: same-origin',
  'Sec-Fetch-Mode: cors',
  'Sec-Fetch-Dest: empty',
  `Referer: https://live.example.org/${BENCH_SPACE}`,
  'Accept-Encoding: gzip, deflate, br, zstd',
  'Accept-Language: fr-FR,fr;q=0.9,en;q=0.8',
  '\r\n',
].join('\r\n');

const WAYS = ['kept', 'fresh'] as const;
type Way = (typeof WAYS)[number];

/** A server's process, and who asks it. */
export interface Questioned {
  readonly pid: number;
  readonly waiters: LineProcess;
}

interface Server extends Questioned {
  readonly name: 'edge' | 'c';
  readonly port: number;
  /** CPU per poll of each counted turn, µs. */
  readonly micros: Readonly<Record<Way, number[]>>;
  close(): void;
}

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const servers: Server[] = [];
  try {
    servers.push(await edgeServer());
    servers.push(await staticServer(await answerOf(servers[0]!)));
    const p99Ms: number[] = [];
    for (let run = -WARM_UP_RUNS; run < runs; run++) {
      for (let i = 0; i < servers.length; i++) {
        const server = servers[(i + run + WARM_UP_RUNS) % servers.length]!;
        const late = await turn(server, run >= 0);
        if (server.name === 'edge' && run >= 0) p99Ms.push(late);
      }
    }
    yield* told(servers[0]!.micros, servers[1]!.micros);
    yield of('waiters.answer.p99_ms', 'ms', p99Ms);
  } finally {
    for (const server of servers) server.close();
  }
}

function* told(ours: Server['micros'], theirs: Server['micros']): Iterable<Figure> {
  for (const way of WAYS) {
    yield of(`waiters.cpu_per_poll.${way}.us`, 'µs', ours[way]);
    yield of(`waiters.cpu_per_poll.${way}.vs_c`, '1', ratios(ours[way], theirs[way]));
  }
  yield of('waiters.cpu_per_poll.vs_c', '1', ratios(together(ours), together(theirs)));
}

/** Of a poll, whichever it is: as many of each as there are in the whole line. */
function together({ kept, fresh }: Server['micros']): number[] {
  const nearPerS = NEAR / NEAR_POLL_S;
  const farPerS = (WAITERS - NEAR) / FAR_POLL_S;
  return kept.map((near, run) => (near * nearPerS + fresh[run]! * farPerS) / (nearPerS + farPerS));
}

function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, run) => value / theirs[run]!);
}

function of(figure: string, unit: string, runs: readonly number[]): Figure {
  return { figure, value: median(runs), unit, runs };
}

/** @returns the time within which 99 of 100 had their answer, ms; the longer one of both ways */
async function turn(server: Server, counted: boolean): Promise<number> {
  const near = Math.round(NEAR / NEAR_POLL_S);
  const far = Math.round((WAITERS - NEAR) / FAR_POLL_S);
  // Opening the connections is not what is measured; they are given up when silent for longer.
  await ask(server, `kept ${NEAR} 1 1`);
  const kept = await cpuPerAnswer(server, `kept ${NEAR} ${near * RUN_S} ${near}`);
  await ask(server, 'leave');
  await wait(QUIET_MS);
  const fresh = await cpuPerAnswer(server, `fresh ${far * RUN_S} ${far}`);
  await wait(QUIET_MS);
  if (counted) {
    server.micros.kept.push(kept.micros);
    server.micros.fresh.push(fresh.micros);
  }
  return Math.max(kept.p99Ms, fresh.p99Ms);
}

/** @param word what the waiters are told; CPU for each answer, and the time within which 99 of 100 had it */
export async function cpuPerAnswer(
  server: Questioned,
  word: string,
): Promise<{ micros: number; p99Ms: number }> {
  const before = cpuNs([server.pid]);
  const [answered, failed, , p99Ms] = await ask(server, word);
  const micros = (cpuNs([server.pid]) - before) / 1_000 / answered!;
  if (failed! > 0) throw new Error(`There was no right answer to ${failed} of "${word}".`);
  return { micros, p99Ms: p99Ms! };
}

async function ask({ waiters }: Questioned, word: string): Promise<number[]> {
  waiters.say(word);
  return (await waiters.line()).split(' ').map(Number);
}

/** @param status of a right answer */
export function waitersOf(port: number, question: string, status: number): LineProcess {
  const file = join(scratch, `question-${port}`);
  writeFileSync(file, question);
  const waiters = new LineProcess(build('waiters'), [String(port), file, String(status)]);
  pin(waiters.process.pid!, WAITERS_CORE);
  return waiters;
}

function serverOf(name: Server['name'], pid: number, port: number, end: () => void): Server {
  const waiters = waitersOf(port, QUESTION, 200);
  pin(pid, SERVER_CORE);
  const close = (): void => {
    waiters.close();
    end();
  };
  return { name, pid, port, waiters, micros: { kept: [], fresh: [] }, close };
}

async function edgeServer(): Promise<Server> {
  const { pid, port, close } = await fullEdge(WAITERS);
  return serverOf('edge', pid, port, close);
}

/** An edge (`waiters-edge.ts`) with so many before it; with none it has places for all. */
export async function fullEdge(
  waiters: number,
): Promise<{ pid: number; port: number; close(): void }> {
  const socket = new BoundSocket({ host: '0.0.0.0', port: 0 });
  const program = join(import.meta.dirname, 'waiters-edge.ts');
  const edge: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, program, String(waiters)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc', socket.fd()] },
  );
  await answer(edge);
  pin(edge.pid!, SERVER_CORE);
  const close = (): void => {
    edge.kill('SIGKILL');
    socket.close();
  };
  return { pid: edge.pid!, port: socket.address().port, close };
}

async function staticServer(bytes: Buffer): Promise<Server> {
  const file = join(scratch, 'document');
  writeFileSync(file, bytes);
  const port = await freePort();
  const server = new LineProcess(build('static'), [String(port), file]);
  await server.line();
  return serverOf('c', server.process.pid!, port, () => server.close());
}

/** What the edge answers, to its last byte: what the static server is given. */
async function answerOf({ port }: Server): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1', () => socket.write(QUESTION));
  const parts: Buffer[] = [];
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  await once(socket, 'data');
  await wait(QUIET_MS);
  socket.destroy();
  return Buffer.concat(parts);
}
