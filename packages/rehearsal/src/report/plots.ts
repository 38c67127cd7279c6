/** Which plots a report has, and what stands in each. */
import type { RehearsalSecond } from '@parterre/protocol/rehearsal';
import type { Markup } from './html.ts';
import { type Plot, renderPlot } from './plot.ts';
import type { Page } from './sections.ts';

type Read = (second: RehearsalSecond, lastsS: number) => number | null;

/** @param seconds the timeline, at most as many samples as can be seen */
export function plots(page: Page, seconds: readonly RehearsalSecond[]): readonly Markup[] {
  const { words, say, result } = page;
  const timesS = seconds.map((second) => second.atS);
  /** A sample may stand for several seconds when the timeline was thinned. */
  const lastsS = (timesS[1] ?? 1) - (timesS[0] ?? 0) || 1;
  const marks = result.events.map(({ atS, what }) => ({ atS, label: what }));
  const line = (label: string, read: Read) => ({
    label,
    values: seconds.map((second) => read(second, lastsS)),
  });
  const common = { timesS, marks };
  const shown: readonly Plot[] = [
    {
      ...common,
      id: 'crowd',
      title: words.crowd,
      about: words.crowdAbout,
      value: say.whole,
      series: [line(words.hearing, (at) => at.listeners), line(words.wanted, (at) => at.wanted)],
    },
    {
      ...common,
      id: 'flow',
      title: words.flow,
      about: words.flowAbout,
      value: say.whole,
      series: [
        line(words.joins, (at, s) => at.joins / s),
        line(words.resumes, (at, s) => at.resumes / s),
        line(words.leaves, (at, s) => at.leaves / s),
      ],
    },
    {
      ...common,
      id: 'delay',
      title: words.delay,
      about: words.delayAbout,
      value: say.ms,
      series: [line('p50', (at) => at.latencyP50Ms), line('p99', (at) => at.latencyP99Ms)],
    },
    {
      ...common,
      id: 'wait',
      title: words.wait,
      about: words.waitAbout,
      value: say.ms,
      series: [line('p95', (at) => at.joinP95Ms)],
    },
    {
      ...common,
      id: 'cpu',
      title: words.cpu,
      about: words.cpuAbout,
      value: say.short,
      series: [
        line(words.server, (at) => at.serverCpu),
        line(words.generator, (at) => at.generatorCpu),
        line(words.edge, (at) => at.edgeCpu),
      ],
    },
    {
      ...common,
      id: 'faults',
      title: words.faults,
      about: words.faultsAbout,
      value: say.short,
      series: [
        line(words.gapsLine, (at, s) => at.gaps / s),
        line(words.dryLine, (at, s) => at.dry / s),
        line(words.refusals, (at, s) => at.refusals / s),
      ],
    },
    {
      ...common,
      id: 'pace',
      title: words.pace,
      about: words.paceAbout,
      value: say.ms,
      series: [line(words.flush, (at) => at.flushMs), line(words.loop, (at) => at.loopDelayMs)],
    },
    {
      ...common,
      id: 'memory',
      title: words.memory,
      about: words.memoryAbout,
      value: say.bytes,
      series: [line(words.server, (at) => at.serverMemoryBytes)],
    },
  ];
  return shown.map((plot) => renderPlot(plot, words));
}
