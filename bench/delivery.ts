/**
 * `latency.delivery.p50_s`: arrival of a chunk at a listener minus the capture of its first sample, in
 * profile `near`: the real programme, a real edge and the probe, each in a process of its own. 200 ms of
 * it are the chunk itself.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemClock, systemTimers } from '../packages/server/src/adapters/system/index.ts';
import { probe } from '../packages/server/src/probe/index.ts';
import { answer } from './child.ts';
import { BENCH_SPACE } from './fanout-edge.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';

const RUN_SECONDS = 5;
/** The programme fills its first seconds before anybody listens. */
const SETTLE_MS = 2_000;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const folder = mkdtempSync(join(tmpdir(), 'pb-'));
  const programme = fork(join(import.meta.dirname, 'delivery-programme.ts'), [folder]);
  let edge: ChildProcess | null = null;
  try {
    const { socketPath } = await answer<{ socketPath: string }>(programme);
    edge = fork(join(import.meta.dirname, 'fanout-edge.ts'), [socketPath]);
    const { port } = await answer<{ port: number }>(edge);
    await wait(SETTLE_MS);
    const measured: number[] = [];
    for (let run = 0; run < runs; run++) {
      const report = await probe({
        url: `http://127.0.0.1:${port}/${BENCH_SPACE}`,
        seconds: RUN_SECONDS,
        clock: systemClock,
        timers: systemTimers,
      });
      if (!report.ok || report.latency === null) {
        throw new Error(`The programme did not arrive whole: ${JSON.stringify(report)}`);
      }
      measured.push(report.latency.p50Ms / 1_000);
    }
    yield { figure: 'latency.delivery.p50_s', value: median(measured), unit: 's', runs: measured };
  } finally {
    edge?.kill();
    if (programme.exitCode === null) {
      const over = new Promise((resolve) => programme.once('exit', resolve));
      if (programme.connected) programme.disconnect();
      else programme.kill();
      await over;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
