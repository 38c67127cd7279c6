/**
 * `fanout.*`: 5,000 listeners on one edge, profile `steady`, everything on the loopback of one machine.
 * The edge and the house are processes of their own; every listener reads and checks every fragment.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { EdgeSample } from './fanout-edge.ts';
import type { HouseSample } from './fanout-house.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const LISTENERS = 5_000;
/** Every listener is flushed this many times a run. */
const RUN_MS = 4_000;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const edge = fork(join(import.meta.dirname, 'fanout-edge.ts'));
  let house: ChildProcess | null = null;
  try {
    const { port } = await answer<{ port: number }>(edge);
    const empty = await ask<EdgeSample>(edge);
    house = fork(join(import.meta.dirname, 'fanout-house.ts'), [String(port), String(LISTENERS)]);
    const beganMs = performance.now();
    await answer(house);
    const joinsPerS = LISTENERS / ((performance.now() - beganMs) / 1_000);

    const perWrite: number[] = [];
    for (let run = 0; run < runs; run++) {
      const before = await ask<EdgeSample>(edge);
      await wait(RUN_MS);
      const after = await ask<EdgeSample>(edge);
      perWrite.push((after.cpuMicros - before.cpuMicros) / (after.writes - before.writes));
    }
    const full = await ask<EdgeSample>(edge);
    const heard = await ask<HouseSample>(house);
    const lost = heard.gaps + full.skips + full.drops + (LISTENERS - heard.alive);
    yield {
      figure: 'fanout.cpu_per_write.us',
      value: median(perWrite),
      unit: 'µs',
      runs: perWrite,
    };
    yield { figure: 'fanout.gaps', value: lost, unit: '1' };
    yield { figure: 'fanout.joins_per_s', value: joinsPerS, unit: '1/s' };
    const perListener = (full.rssBytes - empty.rssBytes) / LISTENERS / 1_024;
    yield { figure: 'fanout.memory_per_listener.kib', value: perListener, unit: 'KiB' };
  } finally {
    house?.kill();
    edge.kill();
  }
}

/** The next message of a child; fails when the child ends instead. */
export function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void =>
      reject(new Error(`The process ended with ${code}.`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.removeListener('exit', ended);
      resolve(message as T);
    });
  });
}

function ask<T>(child: ChildProcess): Promise<T> {
  child.send('sample');
  return answer<T>(child);
}
