/**
 * CPU per chunk write and per join of each server, with LISTENERS on every one of them: in each turn one
 * server after another sends for RUN_MS, then stands still while JOINS more come in at once. Each server
 * is kept to one core and its crowd to the other.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { PROFILES } from '@parterre/protocol';
import { benchSection, OPENING_BYTES } from './fanout-edge.ts';
import { bareServer } from './peers/bare.ts';
import { Crowd } from './peers/crowd.ts';
import { type EdgeServer, edgeServer } from './peers/edge.ts';
import { nchanInstalled, nchanServer } from './peers/nchan.ts';
import { cpuNs, type FanoutServer, type Programme } from './peers/server.ts';

const LISTENERS = 10_000;
const RUN_MS = 3_000;
/** So that RUN_MS holds whole intervals of a server that sends to all at once. */
const LEAD_MS = 1_500;
const QUIET_MS = 300;
const JOINS = 2_500;
/** Node compiles what a join goes through within some tens of thousands of them. */
const WARM_UP_RUNS = 4;
export const AT_ONCE = 256;
/** Long enough for a slice of every server to be over before it is heard. */
const DOZE_MS = 10;
const SERVER_CORE = 0;
const CROWD_CORE = 1;
/** One flush of the edge's `steady` profile, in as many slices. */
const { flushMs } = PROFILES.steady;
const SLICES = flushMs / 50;
const CHUNK_MS = 200;

export interface Turn {
  readonly perWriteMicros: number[];
  readonly perJoinMicros: number[];
}
export type Turns = Readonly<Partial<Record<string, Turn>>>;

/** @returns the figures of each turn by the server's name */
export async function compare(runs: number): Promise<Turns> {
  const servers: FanoutServer[] = [];
  const crowds = new Map<FanoutServer, Crowd>();
  const turns: Record<string, Turn> = {};
  try {
    const edge = await edgeServer(1, SERVER_CORE);
    servers.push(edge);
    const programme = await programmeOf(edge);
    servers.push(await bareServer(programme, SERVER_CORE));
    if (nchanInstalled()) servers.push(await nchanServer(programme, 1, SERVER_CORE));
    for (const server of servers) {
      turns[server.name] = { perWriteMicros: [], perJoinMicros: [] };
      const crowd = new Crowd(server.stage, CROWD_CORE);
      crowds.set(server, crowd);
      await crowd.doze(DOZE_MS);
      await server.go();
      const { joined } = await crowd.open(LISTENERS, AT_ONCE);
      await server.stop();
      if (joined !== LISTENERS) throw new Error(`${server.name} took only ${joined}.`);
    }
    for (let run = -WARM_UP_RUNS; run < runs; run++) {
      for (let i = 0; i < servers.length; i++) {
        // The first goes last in the next turn.
        const server = servers[(i + run + WARM_UP_RUNS) % servers.length]!;
        const turn = run < 0 ? { perWriteMicros: [], perJoinMicros: [] } : turns[server.name]!;
        turn.perWriteMicros.push(await cpuPerWrite(server, crowds.get(server)!, programme));
        turn.perJoinMicros.push(await cpuPerJoin(server));
      }
    }
    return turns;
  } finally {
    for (const crowd of crowds.values()) crowd.close();
    for (const server of servers) server.close();
  }
}

async function cpuPerWrite(
  server: FanoutServer,
  crowd: Crowd,
  { chunk }: Programme,
): Promise<number> {
  await server.go();
  await wait(LEAD_MS);
  const count = async (): Promise<number> =>
    server.writes?.() ?? (await crowd.sample()).bytes / chunk.length;
  const before = { ns: cpuNs(server.pids), writes: await count() };
  await wait(RUN_MS);
  const after = { ns: cpuNs(server.pids), writes: await count() };
  await server.stop();
  await wait(QUIET_MS);
  const { lost } = await crowd.sample();
  if (lost > 0) throw new Error(`${server.name} lost ${lost} listeners.`);
  return (after.ns - before.ns) / 1_000 / (after.writes - before.writes);
}

/** From connect to the first audio byte; what their leaving costs is not in it. */
async function cpuPerJoin(server: FanoutServer): Promise<number> {
  const crowd = new Crowd(server.doors, CROWD_CORE);
  try {
    const before = cpuNs(server.pids);
    const { joined } = await crowd.open(JOINS, AT_ONCE, 0, true);
    const micros = (cpuNs(server.pids) - before) / 1_000;
    if (joined !== JOINS) throw new Error(`${server.name} took only ${joined} of ${JOINS}.`);
    return micros / joined;
  } finally {
    crowd.close();
    await wait(QUIET_MS);
  }
}

/** What every server sends: the answer as the edge gives it, and its chunks of one interval. */
export async function programmeOf(edge: EdgeServer): Promise<Programme> {
  const answer = await firstAnswer(edge);
  return {
    intervalMs: flushMs,
    slices: SLICES,
    answer,
    headBytes: answer.indexOf('\r\n\r\n') + 4,
    openingBytes: OPENING_BYTES,
    chunk: benchSection(0, flushMs / CHUNK_MS),
  };
}

/** All that one who joins is sent at once, while the edge is stopped. */
async function firstAnswer({ doors }: EdgeServer): Promise<Buffer> {
  const parts: Buffer[] = [];
  const socket = connect(doors.port, '127.0.0.1', () =>
    socket.write(`GET ${doors.path} HTTP/1.1\r\nHost: localhost\r\n\r\n`),
  );
  socket.on('data', (bytes: Buffer) => parts.push(bytes));
  await once(socket, 'data');
  await wait(QUIET_MS);
  socket.destroy();
  return Buffer.concat(parts);
}
