/**
 * `soak.*`: SECONDS of a house whose listeners leave and are replaced, on a server of its own: whether
 * memory and latency stay where they were, and whether every descriptor comes back. It takes twenty minutes
 * and is measured only when it is asked for by name, once.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RehearsalResult, RehearsalSecond } from '@parterre/protocol/rehearsal';
import { TestServer, until } from '../test/e2e/support/server.ts';
import { type Figure, median } from './figure.ts';
import { scratch } from './peers/native.ts';

const SECONDS = 1_200;
const LISTENERS = 2_000;
/** Until then Node compiles, and buffers find their size. */
const SETTLED_S = 300;
/** Of what is compared, at the beginning and at the end. */
const WINDOW_S = 120;

export async function* figures(): AsyncIterable<Figure> {
  const server = await TestServer.start(['--demo']);
  try {
    await until(async () => (await descriptorsOf(server)) > 0, 'the server tells of itself');
    const before = await descriptorsOf(server);
    const { totals, seconds } = await rehearse(server.url);
    await until(async () => (await listenersOf(server)) === 0, 'everybody has left');
    const first = seconds.slice(SETTLED_S, SETTLED_S + WINDOW_S);
    const last = seconds.slice(-WINDOW_S);
    const grown = (of: (second: RehearsalSecond) => number | null): number =>
      middle(last, of) - middle(first, of);
    yield { figure: 'soak.gaps', value: totals.gaps + totals.dry, unit: '1' };
    yield { figure: 'soak.joins', value: totals.joins, unit: '1' };
    yield {
      figure: 'soak.memory_growth.mb',
      value: grown(({ serverMemoryBytes }) => serverMemoryBytes) / 1e6,
      unit: 'MB',
    };
    yield {
      figure: 'soak.latency_growth_s',
      value: grown(({ latencyP50Ms }) => latencyP50Ms) / 1_000,
      unit: 's',
    };
    yield {
      figure: 'soak.descriptors_left',
      value: (await descriptorsOf(server)) - before,
      unit: '1',
    };
  } finally {
    await server.stop();
  }
}

async function rehearse(url: string): Promise<RehearsalResult> {
  const file = join(scratch, 'soak.json');
  const program = join(import.meta.dirname, '../packages/server/src/app/main.ts');
  const words = ['rehearse', `${url}/demo`, '--scenario', 'soak', '--json', file];
  const size = ['--listeners', String(LISTENERS), '--seconds', String(SECONDS)];
  // It ends with 1 when a promise broke: the figures say so themselves.
  await promisify(execFile)(process.execPath, [program, ...words, ...size]).catch(() => null);
  return JSON.parse(readFileSync(file, 'utf8')) as RehearsalResult;
}

function middle(
  seconds: readonly RehearsalSecond[],
  of: (second: RehearsalSecond) => number | null,
): number {
  return median(seconds.flatMap((second) => of(second) ?? []));
}

const descriptorsOf = (server: TestServer): Promise<number> => sumOf(server, 'process_open_fds');
const listenersOf = (server: TestServer): Promise<number> =>
  sumOf(server, 'parterre_edge_listeners');

async function sumOf(server: TestServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  const rows = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'));
  return [...rows].reduce((sum, [, value]) => sum + Number(value), 0);
}
