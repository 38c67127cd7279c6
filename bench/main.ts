/**
 * `npm run bench [-- [--json] [--runs N] [NAME…]]`: measures what the bars in the README speak of, and
 * prints a line per figure: the median, its spread, and a hash of what was computed, so that a fast
 * wrong answer shows. NAME picks the figures that begin with it. The names are listed in README.md here.
 */
import { parseArgs } from 'node:util';
import type { Figure, FigureOptions } from './figure.ts';

interface Suite {
  /** Takes so long that it is measured only when it is asked for by name. */
  readonly long?: true;
  /** What the names of its figures begin with. */
  readonly names: readonly string[];
  load(): Promise<{ figures(options: FigureOptions): AsyncIterable<Figure> }>;
}

const SUITES: readonly Suite[] = [
  { names: ['mixer.'], load: () => import('./mixer.ts') },
  { names: ['fragment.'], load: () => import('./fragment.ts') },
  { names: ['log.'], load: () => import('./log.ts') },
  { names: ['latency.delivery.'], load: () => import('./delivery.ts') },
  { names: ['latency.stage.'], load: () => import('./stage.ts') },
  { names: ['latency.mouth_to_ear.'], load: () => import('./mouth-to-ear.ts') },
  { names: ['tls.'], load: () => import('./tls.ts') },
  { names: ['fanout.cpu_per_'], load: () => fanout('costs') },
  { names: ['fanout.memory_'], load: () => fanout('memories') },
  { names: ['fanout.join', 'fanout.gaps'], load: () => fanout('arrivals') },
  { names: ['gate.'], load: () => import('./gate.ts') },
  { names: ['waiters.'], load: () => import('./waiters.ts') },
  { names: ['soak.'], long: true, load: () => import('./soak.ts') },
];

async function fanout(part: 'costs' | 'memories' | 'arrivals'): ReturnType<Suite['load']> {
  return { figures: (await import('./fanout.ts'))[part] };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, runs: { type: 'string', default: '7' } },
});
const runs = Number(values.runs);
if (!Number.isInteger(runs) || runs < 1 || runs > 100) {
  process.stderr.write('--runs takes a whole number from 1 to 100.\n');
  process.exit(2);
}

const wanted = (name: string): boolean =>
  positionals.length === 0 ||
  positionals.some((word) => name.startsWith(word) || word.startsWith(name));

for (const suite of SUITES) {
  if (!suite.names.some(wanted) || (suite.long && positionals.length === 0)) continue;
  const { figures } = await suite.load();
  for await (const figure of figures({ runs })) {
    if (positionals.length > 0 && !positionals.some((word) => figure.figure.startsWith(word)))
      continue;
    process.stdout.write(`${values.json ? JSON.stringify(figure) : readable(figure)}\n`);
  }
}
// The WebRTC library keeps a thread, and with it the process, once it has been used.
process.exit(0);

function readable({ figure, value, unit, runs: all = [], hash }: Figure): string {
  const spread =
    all.length > 1
      ? `  [${round(Math.min(...all))} … ${round(Math.max(...all))}] of ${all.length}`
      : '';
  return `${figure.padEnd(36)} ${String(round(value)).padStart(10)} ${unit.padEnd(4)}${spread}${hash === undefined ? '' : `  ${hash}`}`;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
