/**
 * `parterre rehearse`: against a server of its own, one on this machine's loopback, or one whose owner
 * has permitted it. Whatever happens, nothing that it started is left behind.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ProfileId } from '@parterre/protocol';
import { type Certificate, isCertificate } from '@parterre/protocol/certificate';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import {
  generatorsFor,
  resultText,
  runGenerator,
  type Score,
  type System,
  scoreOf,
  View,
} from '@parterre/rehearsal';
import { renderReport } from '@parterre/rehearsal/report';
import { SENT_SAMPLES_MAX, thinned } from '@parterre/rehearsal/thinning';
import { systemClock, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { ConfigError } from './config.ts';
import { keepWatch, permitFor } from './rehearsal-permit.ts';
import { type RehearseWords, rehearseWords } from './rehearse-words.ts';
import { type RehearsedServer, startServer } from './rehearsed-server.ts';
import { isLoopback, rehearse, targetOf } from './rehearsing.ts';
import { descriptorsMax } from './this-machine.ts';

/** An own server gets an edge for so many listeners, and one more. */
const LISTENERS_PER_EDGE = 15_000;
/** What listeners of an own server ask for when nothing else is said: the profile of big houses. */
const OWN_PROFILE: ProfileId = 'steady';
const CERTIFY_MS_MAX = 20_000;
const EXIT = { held: 0, broken: 1, void: 3, stopped: 3 } as const;

const system: System = {
  monotonicMs: () => systemClock.monotonicMs(),
  wallMs: () => systemClock.wallMs(),
  random: () => systemRandom.uniform(),
  after: (delayMs, task) => systemTimers.after(delayMs, task),
  every: (intervalMs, task) => systemTimers.every(intervalMs, task),
};

/** The inside of a generator process. @returns 2 when not started by a rehearsal */
export async function generatorCommand(): Promise<number> {
  if (process.send === undefined) {
    process.stderr.write('parterre: "generator" is started by "rehearse" alone.\n');
    return 2;
  }
  process.title = 'parterre generator';
  process.on('SIGINT', () => {}); // the conductor says when
  await runGenerator(system, process);
  process.exit(0);
}

/** @returns 0 held, 1 broken, 3 void or stopped. @throws ConfigError for wrong words */
export async function rehearseCommand(args: string[]): Promise<number> {
  const words = rehearseWords(args);
  const score = said(() =>
    scoreOf(words.scenario, { ...words, read: (path) => readFileSync(path, 'utf8') }),
  );
  if (words.url !== null && score.incidents.some((incident) => incident.do !== 'cut'))
    throw new ConfigError('Edges are killed and replaced only on a server that "rehearse" starts.');
  const generators = said(() => generatorsFor(score.listenersMax, descriptorsMax()));
  const stop = new AbortController();
  const interrupt = (): void => stop.abort('Stopped by hand.');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const view = new View({
    write: (text) => process.stdout.write(text),
    terminal: process.stdout.isTTY,
  });
  let server: RehearsedServer | null = null;
  try {
    if (words.url === null) {
      const edges = words.edges ?? Math.ceil(score.listenersMax / LISTENERS_PER_EDGE) + 1;
      view.say(`  A server with ${edges} edges is started for this rehearsal.`);
      server = await startServer(edges, stop.signal);
    }
    const result = await run({ words, score, generators, view, stop, server });
    process.stdout.write(resultText(result));
    return EXIT[result.outcome];
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stdout.write(`${String(stop.signal.reason)}\n`);
    return EXIT.stopped;
  } finally {
    await server?.close();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

interface Run {
  readonly words: RehearseWords;
  readonly score: Score;
  readonly generators: number;
  readonly view: View;
  readonly stop: AbortController;
  readonly server: RehearsedServer | null;
}

async function run({ words, score, generators, view, stop, server }: Run) {
  const url = server === null ? words.url! : `${server.url}/${server.space}`;
  const permit = isLoopback(url) ? null : await permitFor(words.permit, url, score);
  const watch = permit === null ? null : keepWatch(permit, (reason) => stop.abort(reason));
  const headers: Record<string, string> = {};
  if (permit !== null) headers.authorization = `Bearer ${permit.text}`;
  try {
    const own = server === null ? null : OWN_PROFILE;
    const target = await targetOf(url, words.profile ?? score.profile ?? own);
    view.say(
      `  ${generators} processes with ${score.listenersMax} listeners in ${target.profile}, for ${Math.round(score.seconds)} s.`,
    );
    const { signal } = stop;
    const with_ = { system, words, score, url, target, generators, view, signal, server, headers };
    // The file and what the server signs are one document.
    const result = thinned(await rehearse(with_), SENT_SAMPLES_MAX);
    if (words.json !== null) writeFileSync(words.json, `${JSON.stringify(result)}\n`);
    const certificate = await certificateOf(result, words, url, headers, view);
    if (words.report !== null) writeFileSync(words.report, renderReport(result, { certificate }));
    return result;
  } finally {
    watch?.close();
  }
}

/** Brings what held to the server, which signs it; a server of this run's own only when it is wanted. */
async function certificateOf(
  result: RehearsalResult,
  words: RehearseWords,
  url: string,
  headers: Readonly<Record<string, string>>,
  view: View,
): Promise<Certificate | null> {
  const wanted = words.certificate !== null || words.url !== null;
  if (!wanted || result.outcome !== 'held' || result.server === null) return null;
  try {
    const answer = await fetch(new URL('/api/rehearsals', url), {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(result),
      signal: AbortSignal.timeout(CERTIFY_MS_MAX),
    });
    const text = await answer.text();
    const value: unknown = JSON.parse(text);
    if (!answer.ok || !isCertificate(value)) {
      view.say(`  The server did not certify it: ${text.slice(0, 300)}`);
      return null;
    }
    if (words.certificate !== null) writeFileSync(words.certificate, text);
    return value;
  } catch (error) {
    view.say(`  The server did not certify it: ${(error as Error).message}`);
    return null;
  }
}

/** What the words say wrongly is the operator's to mend. */
function said<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(error.message);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ConfigError(`There is no file ${path}.`);
    throw error;
  }
}
