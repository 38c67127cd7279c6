/**
 * The doors open: JOINS come to the whole edge, one process a core on one socket, as fast as they are
 * taken, and then at a given pace, while a verified audience listens. nchan stands beside it with as many
 * workers. Everything shares the machine's cores, the crowd too.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { answer, ask } from './child.ts';
import { AT_ONCE, programmeOf } from './fanout-compare.ts';
import type { HouseSample } from './fanout-house.ts';
import { Crowd } from './peers/crowd.ts';
import { type EdgeServer, edgeServer } from './peers/edge.ts';
import { icecastServer } from './peers/icecast.ts';
import { nchanInstalled, nchanServer } from './peers/nchan.ts';
import type { FanoutServer } from './peers/server.ts';

const JOINS = 10_000;
/** As `stampede` has it: 20,000 in five seconds. */
const PACED_PER_S = 4_000;
const PACED = 5_000;
const PACED_AT_ONCE = 4_000;
const AUDIENCE = 2_000;
const QUIET_MS = 500;
const ICECAST_JOINS = 100;

export interface Doors {
  readonly joinsPerS: number[];
  readonly vsNchan: number[];
  /** p95 from connect to the first audio byte at the given pace, s. */
  readonly firstAudioS: number[];
  /** Of the audience that was in before. */
  readonly gaps: number;
}

export async function doors(runs: number): Promise<Doors> {
  const measured = {
    joinsPerS: [] as number[],
    vsNchan: [] as number[],
    firstAudioS: [] as number[],
  };
  const processes = Math.max(2, availableParallelism());
  const edge = await edgeServer(processes, null);
  let nchan: FanoutServer | null = null;
  let house: ChildProcess | null = null;
  try {
    if (nchanInstalled()) nchan = await nchanServer(await programmeOf(edge), processes, null);
    await edge.go();
    const audience = [String(edge.stage.port), String(AUDIENCE)];
    house = fork(join(import.meta.dirname, 'fanout-house.ts'), audience);
    await answer(house);
    for (let run = 0; run < runs; run++) {
      const ours = await storm(edge, JOINS, AT_ONCE, 0);
      measured.joinsPerS.push(ours.joinsPerS);
      measured.firstAudioS.push((await storm(edge, PACED, PACED_AT_ONCE, PACED_PER_S)).p95S);
      if (nchan === null) continue;
      const theirs = await storm(nchan, JOINS, AT_ONCE, 0);
      measured.vsNchan.push(ours.joinsPerS / theirs.joinsPerS);
    }
    return { ...measured, gaps: await gapsOf(edge, house) };
  } finally {
    house?.kill('SIGKILL');
    edge.close();
    nchan?.close();
  }
}

async function storm(
  server: FanoutServer,
  joins: number,
  atOnce: number,
  perSecond: number,
): Promise<{ joinsPerS: number; p95S: number }> {
  const crowd = new Crowd(server.doors, null);
  try {
    const { joined, seconds, p95Ms } = await crowd.open(joins, atOnce, perSecond);
    if (joined !== joins) throw new Error(`${server.name} took only ${joined} of ${joins}.`);
    return { joinsPerS: joined / seconds, p95S: p95Ms / 1_000 };
  } finally {
    crowd.close();
    await wait(QUIET_MS);
  }
}

/** Breaks and lost connections of the audience, and what the edge itself counted of its listeners. */
async function gapsOf(edge: EdgeServer, house: ChildProcess): Promise<number> {
  const heard = await ask<HouseSample>(house, 'sample');
  let troubles = heard.gaps + (AUDIENCE - heard.alive);
  for (const { skips, drops } of await edge.sample()) troubles += skips + drops;
  return troubles;
}

/** Icecast alone: how fast it takes ICECAST_JOINS. */
export async function icecastJoinsPerS(): Promise<number> {
  const edge = await edgeServer(1, null);
  const programme = await programmeOf(edge);
  edge.close();
  const icecast = await icecastServer(programme, 0);
  try {
    await icecast.go();
    return (await storm(icecast, ICECAST_JOINS, AT_ONCE, 0)).joinsPerS;
  } finally {
    icecast.close();
  }
}
