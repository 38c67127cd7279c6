/**
 * `gate.*`: what it costs an edge to send a visitor away, beside what it costs to take one in, in turns.
 * Both ask for the programme on a connection of their own and leave with the answer: the one from a house
 * that is full, with a line before it, the other from the same house with places.
 */

import { BENCH_SPACE } from './fanout-edge.ts';
import { type Figure, type FigureOptions, median } from './figure.ts';
import { cpuPerAnswer, fullEdge, type Questioned, waitersOf } from './waiters.ts';

const WAITERS = 10_000;
const VISITORS = 6_000;
const VISITORS_PER_S = 2_000;
const WARM_UP_RUNS = 3;
const QUESTION = `GET /live/${BENCH_SPACE} HTTP/1.1\r\nHost: live.example.org\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n`;

export async function* figures({ runs }: FigureOptions): AsyncIterable<Figure> {
  const edges = [await fullEdge(WAITERS), await fullEdge(0)] as const;
  const crowds = edges.map(({ port }, at) => waitersOf(port, QUESTION, at === 0 ? 503 : 200));
  const micros: [number[], number[]] = [[], []];
  const turns = edges.map((edge, at): Questioned => ({ ...edge, waiters: crowds[at]! }));
  try {
    for (let run = -WARM_UP_RUNS; run < runs; run++) {
      for (const at of run % 2 === 0 ? [0, 1] : [1, 0]) {
        const turn = await cpuPerAnswer(turns[at]!, `fresh ${VISITORS} ${VISITORS_PER_S}`);
        if (run >= 0) micros[at as 0 | 1].push(turn.micros);
      }
    }
  } finally {
    for (const each of [...crowds, ...edges]) each.close();
  }
  const [refusal, join] = micros;
  yield { figure: 'gate.refusal.us', value: median(refusal), unit: 'µs', runs: refusal };
  yield { figure: 'gate.join.us', value: median(join), unit: 'µs', runs: join };
  const ratios = refusal.map((value, run) => value / join[run]!);
  yield { figure: 'gate.refusal.cpu_vs_join', value: median(ratios), unit: '1', runs: ratios };
}
