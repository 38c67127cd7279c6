/**
 * `fanout.*`: the edge beside a bare C loop, nginx with nchan and Icecast, everything on the loopback of
 * one machine: the same chunk, interval and crowd for each, their turns interleaved, and only the CPU of
 * the server's own processes counted. What is not installed is not compared.
 */

import { compare, type Turns } from './fanout-compare.ts';
import { doors, icecastJoinsPerS } from './fanout-doors.ts';
import { memory } from './fanout-memory.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';
import { icecastInstalled } from './peers/icecast.ts';

/** `fanout.cpu_per_write.*` and `fanout.cpu_per_join.*`. */
export async function* costs({ runs }: FigureOptions): AsyncIterable<Figure> {
  const turns = await compare(runs);
  yield* perWrite(turns);
  yield* perJoin(turns);
}

/** `fanout.memory_per_listener.kb`. */
export async function* memories({ runs }: FigureOptions): AsyncIterable<Figure> {
  yield of('fanout.memory_per_listener.kb', 'kB', await memory(runs));
}

/** `fanout.join*` and `fanout.gaps`. */
export async function* arrivals({ runs }: FigureOptions): AsyncIterable<Figure> {
  const { joinsPerS, vsNchan, firstAudioS, gaps } = await doors(runs);
  yield of('fanout.joins_per_s', '1/s', joinsPerS);
  if (vsNchan.length > 0) yield of('fanout.joins.vs_nchan', '1', vsNchan);
  yield of('fanout.join.first_audio.p95_s', 's', firstAudioS);
  yield { figure: 'fanout.gaps', value: gaps, unit: '1' };
  if (!icecastInstalled()) return;
  yield { figure: 'fanout.joins_per_s.icecast', value: await icecastJoinsPerS(), unit: '1/s' };
}

function* perWrite(turns: Turns): Iterable<Figure> {
  const { edge, c, nchan } = turns;
  yield of('fanout.cpu_per_write.us', 'µs', edge!.perWriteMicros);
  yield of('fanout.cpu_per_write.c_us', 'µs', c!.perWriteMicros);
  yield of('fanout.cpu_per_write.vs_c', '1', ratios(edge!.perWriteMicros, c!.perWriteMicros));
  if (nchan === undefined) return;
  yield of(
    'fanout.cpu_per_write.vs_nchan',
    '1',
    ratios(edge!.perWriteMicros, nchan.perWriteMicros),
  );
}

function* perJoin(turns: Turns): Iterable<Figure> {
  const { edge, c, nchan } = turns;
  yield of('fanout.cpu_per_join.us', 'µs', edge!.perJoinMicros);
  yield of('fanout.cpu_per_join.vs_c', '1', ratios(edge!.perJoinMicros, c!.perJoinMicros));
  if (nchan === undefined) return;
  yield of('fanout.cpu_per_join.vs_nchan', '1', ratios(edge!.perJoinMicros, nchan.perJoinMicros));
}

function of(figure: string, unit: string, runs: readonly number[]): Figure {
  return { figure, value: median(runs), unit, runs };
}

/** Turn by turn: what the machine did to one it did to the other. */
function ratios(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, turn) => value / theirs[turn]!);
}
