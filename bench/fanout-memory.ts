/** Resident memory of an edge for each of LISTENERS, all being sent the programme: a fresh edge each run. */
import { setTimeout as wait } from 'node:timers/promises';
import { AT_ONCE } from './fanout-compare.ts';
import { Crowd } from './peers/crowd.ts';
import { edgeServer } from './peers/edge.ts';
import { rssBytes } from './peers/server.ts';

const LISTENERS = 15_000;
const SETTLE_MS = 3_000;

/** @returns kB a listener (1,000 bytes), run by run */
export async function memory(runs: number): Promise<number[]> {
  const measured: number[] = [];
  for (let run = 0; run < runs; run++) measured.push(await once());
  return measured;
}

async function once(): Promise<number> {
  const edge = await edgeServer(1, null);
  const crowd = new Crowd(edge.stage, null);
  try {
    const empty = rssBytes(edge.pids);
    await edge.go();
    const { joined } = await crowd.open(LISTENERS, AT_ONCE);
    if (joined !== LISTENERS) throw new Error(`The edge took only ${joined}.`);
    await wait(SETTLE_MS);
    return (rssBytes(edge.pids) - empty) / LISTENERS / 1_000;
  } finally {
    crowd.close();
    edge.close();
  }
}
