/** What a person sees of a rehearsal while it runs, and of its result. */
import type {
  CrowdResult,
  LineResult,
  MixerLateness,
  Neighbour,
  RehearsalResult,
  RehearsalSecond,
} from '@parterre/protocol/rehearsal';
import type { Ledger } from './ledger.ts';

/** Without a terminal, a line every so many seconds. */
const LINE_EVERY_S = 5;
const BAR_WIDTH = 30;
const UP_AND_CLEAR = '\x1b[1A\x1b[2K';

export interface ViewOptions {
  readonly write: (text: string) => void;
  readonly terminal: boolean;
}

/** Redraws in place on a terminal, otherwise writes a line now and then. */
export class View {
  readonly #options: ViewOptions;
  #drawn = 0;

  constructor(options: ViewOptions) {
    this.#options = options;
  }

  second(second: RehearsalSecond, ledger: Ledger, ofS: number): void {
    const { write, terminal } = this.#options;
    if (!terminal) {
      if (second.atS % LINE_EVERY_S === 0) write(`${lineOf(second, ledger)}\n`);
      return;
    }
    const lines = panelOf(second, ledger, ofS);
    write(`${UP_AND_CLEAR.repeat(this.#drawn)}${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }

  /** What stays on the screen; the next second is drawn below it. */
  say(text: string): void {
    this.#drawn = 0;
    this.#options.write(`${text}\n`);
  }
}

export function resultText(result: RehearsalResult): string {
  const { exercised, generator, promises, latencyMs, joinMs, resumeMs, cost, totals } = result;
  const lines = [
    '',
    `${result.outcome.toUpperCase()}  ${result.scenario.name}: ${result.reason}`,
    `  exercised: ${count(exercised.listeners)} listeners, ${count(exercised.joinsPerS)} joins in a second, ${count(exercised.resumesPerS)} reconnections in a second, ${count(exercised.listenedSeconds)} listener-seconds`,
    `  heard: ${count(totals.chunks)} chunks, ${count(totals.bytes)} bytes; gaps ${totals.gaps}, dry ${totals.dry}, wrong ${totals.wrongBytes}, refusals ${totals.refusals}`,
  ];
  const times = [
    ['delivery', latencyMs],
    ['join', joinMs],
    ['back after a loss', resumeMs],
  ] as const;
  for (const [name, each] of times) {
    if (each === null) continue;
    const [p50, p95, p99, max] = [each.p50, each.p95, each.p99, each.max].map(ms);
    lines.push(`  ${name}: p50 ${p50}, p95 ${p95}, p99 ${p99}, most ${max}`);
  }
  lines.push(...lineText(result.line));
  for (const { promise, measure, limit, measured, held } of promises)
    lines.push(
      `  ${held ? 'held  ' : 'BROKEN'} [${promise}] ${measure} ${round(measured)} (at most ${limit})`,
    );
  if (cost !== null) {
    lines.push(
      `  server: ${(cost.cpuPerListener * 1e6).toFixed(1)} µs CPU a second a listener, ${(cost.cpuPerJoinS * 1e6).toFixed(0)} µs a join, ${(cost.memoryPerListenerBytes / 1_024).toFixed(1)} KiB a listener; scarce: ${result.saturated}`,
    );
  }
  lines.push(...mixerText(result.mixer));
  lines.push(
    `  generator: ${generator.processes} processes, CPU mean ${percent(generator.cpuMean)}, most ${percent(generator.cpuMax)} of a core, event loop late by up to ${ms(generator.loopDelayMaxMs)}`,
  );
  return `${lines.join('\n')}\n`;
}

function mixerText({ idle, loaded }: RehearsalResult['mixer']): string[] {
  const text = (of: MixerLateness): string =>
    `mean ${of.meanMs.toFixed(2)} ms, p99 ${of.p99MsAtMost === null ? 'beyond all buckets' : `within ${ms(of.p99MsAtMost)}`}, ${of.later} of ${count(of.ticks)} later than 100 ms`;
  if (loaded === null) return [];
  return [`  mixer late by: ${text(loaded)}${idle === null ? '' : `; idle before: ${text(idle)}`}`];
}

function lineText(line: LineResult): string[] {
  if (line.tickets === 0) return [];
  const { reachedMs, capacity } = line;
  const reached = reachedMs === null ? [] : [reachedMs.p50, reachedMs.p99, reachedMs.max].map(ms);
  return [
    `  sound or a place in line: p50 ${reached[0]}, p99 ${reached[1]}, most ${reached[2]}, of ${count(reachedMs?.count ?? 0)} visitors`,
    `  line: ${count(line.tickets)} tickets, ${count(line.byTicket)} came in with one, ${count(line.gaveUp)} gave up, ${count(line.polls)} looks (${line.unanswered} unanswered); overtaken ${line.overtaken}, places lost ${line.placesLost}`,
    `  in at once: ${count(line.listenersMax)} heard, ${maybeCount(line.serverListenersMax)} by the server’s count, of ${maybeCount(capacity)}; ${count(line.goodputS)} listener-seconds without a gap`,
    ...line.crowds.map(crowdText),
  ];
}

/** One crowd of a comparison, in a line. */
export function crowdText(crowd: CrowdResult): string {
  const { factor, visitors, listenersMax, serverListenersMax, reachedP99Ms, gaps } = crowd;
  const { goodputS, recoveryS, before, during } = crowd;
  const beside = (of: Neighbour | null): string =>
    of === null ? '–' : `join ${maybeMs(of.joinP95Ms)} api ${maybeMs(of.apiP95Ms)} gaps ${of.gaps}`;
  return `  ${factor}×: ${count(visitors)} visitors, ${count(listenersMax)} in at once (server ${maybeCount(serverListenersMax)}), sound or place p99 ${maybeMs(reachedP99Ms)}, gaps ${gaps}, goodput ${count(goodputS)} s, recovered after ${recoveryS ?? '–'} s; beside before: ${beside(before)}, during: ${beside(during)}`;
}

function panelOf(second: RehearsalSecond, ledger: Ledger, ofS: number): string[] {
  const done = Math.min(1, second.atS / Math.max(1, ofS));
  const filled = Math.round(done * BAR_WIDTH);
  const { totals } = ledger;
  return [
    `  ${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}  ${second.atS} of ${Math.round(ofS)} s`,
    `  listeners ${count(second.listeners)} of ${count(second.wanted)}   joins ${count(second.joins)}/s   back ${count(second.resumes)}/s   refused ${count(second.refusals)}/s`,
    `  delivery p50 ${maybeMs(second.latencyP50Ms)}  p99 ${maybeMs(second.latencyP99Ms)}   join p95 ${maybeMs(second.joinP95Ms)}`,
    `  gaps ${count(totals.gaps)}   dry ${count(totals.dry)}   wrong ${count(totals.wrongBytes)}   heard ${count(totals.chunks)} chunks`,
    `  server ${maybePercent(second.serverCpu)} CPU, busiest edge ${maybePercent(second.edgeCpu)}, late ${maybeMs(second.loopDelayMs)}, flush ${maybeMs(second.flushMs)}   generator ${percent(second.generatorCpu)}`,
  ];
}

function lineOf(second: RehearsalSecond, { totals }: Ledger): string {
  return `${String(second.atS).padStart(5)} s  listeners ${second.listeners}/${second.wanted}  joins ${second.joins}/s  delivery p50 ${maybeMs(second.latencyP50Ms)} p99 ${maybeMs(second.latencyP99Ms)}  gaps ${totals.gaps} dry ${totals.dry} wrong ${totals.wrongBytes}  CPU server ${maybePercent(second.serverCpu)} generator ${percent(second.generatorCpu)}`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function round(value: number): string {
  return String(Number(value.toFixed(3)));
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function maybeMs(value: number | null): string {
  return value === null ? '–' : ms(value);
}

function maybeCount(value: number | null): string {
  return value === null ? '–' : count(value);
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function maybePercent(share: number | null): string {
  return share === null ? '–' : percent(share);
}
