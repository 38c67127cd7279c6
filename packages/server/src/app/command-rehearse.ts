/**
 * `parterre rehearse`: against a server of its own, one on this machine's loopback, or one whose owner
 * has permitted it. Whatever happens, nothing that it started is left behind.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { ProfileId } from '@parterre/protocol';
import { type Certificate, isCertificate } from '@parterre/protocol/certificate';
import type { CrowdResult, RehearsalResult } from '@parterre/protocol/rehearsal';
import {
  crowdText,
  generatorsFor,
  reasonOf,
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
import {
  BEFORE_S,
  Beside,
  CROWD_S,
  crowdOf,
  neighboursFor,
  promisesOfCrowds,
  scoreOfCrowd,
} from './overrunning.ts';
import { keepWatch, permitFor } from './rehearsal-permit.ts';
import { type RehearseWords, rehearseWords } from './rehearse-words.ts';
import { type RehearsedServer, startServer } from './rehearsed-server.ts';
import { isLoopback, rehearse, targetOf } from './rehearsing.ts';
import { descriptorsMax } from './this-machine.ts';

/** An own server gets an edge for so many listeners, and one more. */
const LISTENERS_PER_EDGE = 15_000;
/** A capacity for which nobody has to wait: what the server can hold is what is to be found out. */
const EVERYBODY = 10_000_000;
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
  const score = said(() => scoreFor(words));
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
  const own: { server: RehearsedServer | null } = { server: null };
  try {
    const open = async (): Promise<RehearsedServer> => {
      await own.server?.close();
      own.server = await ownServer(words, score, view, stop.signal);
      return own.server;
    };
    const with_ = { words, score, generators, view, stop };
    const result =
      words.crowds.length > 0
        ? await compare(with_, open)
        : await run({ ...with_, server: words.url === null ? await open() : null });
    process.stdout.write(resultText(result));
    return EXIT[result.outcome];
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.stdout.write(`${String(stop.signal.reason)}\n`);
    return EXIT.stopped;
  } finally {
    await own.server?.close();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Where crowds are compared, of the largest. */
function scoreFor(words: RehearseWords): Score {
  const { crowds, capacity } = words;
  if (crowds.length > 0 && capacity !== null)
    return scoreOfCrowd(crowds.at(-1)!, capacity, words.pace);
  return scoreOf(words.scenario, { ...words, read: (path) => readFileSync(path, 'utf8') });
}

function ownServer(
  words: RehearseWords,
  score: Score,
  view: View,
  signal: AbortSignal,
): Promise<RehearsedServer> {
  const inside = Math.min(score.listenersMax, words.capacity ?? score.listenersMax);
  const edges = words.edges ?? Math.ceil(inside / LISTENERS_PER_EDGE) + 1;
  view.say(`  A server with ${edges} edges is started for this rehearsal.`);
  return startServer({ edges, capacity: words.capacity ?? EVERYBODY, signal });
}

/** One crowd after the other, each on a server of its own. @returns the largest one's result, with all of them */
async function compare(
  { words, generators, view, stop }: Omit<Run, 'server' | 'score'>,
  open: () => Promise<RehearsedServer>,
): Promise<RehearsalResult> {
  const capacity = words.capacity!;
  const crowds: CrowdResult[] = [];
  let result: RehearsalResult | null = null;
  for (const factor of words.crowds) {
    const server = await open();
    const with_ = { words, score: scoreOfCrowd(factor, capacity, words.pace), generators };
    const crowd = await crowdBeside({ ...with_, view, stop, server }, factor, capacity);
    result = crowd.result;
    crowds.push(crowd.figures);
    view.say(crowdText(crowd.figures));
    if (result.outcome === 'stopped') break;
  }
  const whole = together(result!, crowds, capacity);
  keep(words, whole, null);
  return whole;
}

/** One crowd, and the space beside it. */
async function crowdBeside(
  with_: Run & { readonly server: RehearsedServer },
  factor: number,
  capacity: number,
): Promise<{ result: RehearsalResult; figures: CrowdResult }> {
  const { score, server } = with_;
  const beside = await Beside.open(
    system,
    `${server.url}/${await server.neighbour()}`,
    neighboursFor(capacity),
  );
  let beganAtMs = 0;
  const began = (): void => {
    beganAtMs = system.monotonicMs();
  };
  try {
    const result = await rehearsed(with_, `${server.url}/${server.space}`, {}, began);
    const look = await beside.close();
    const at = (second: number): number => beganAtMs + (score.prerollS + second) * 1_000;
    const before = look(at(CROWD_S.comes - BEFORE_S), at(CROWD_S.comes));
    const during = look(at(CROWD_S.comes), at(CROWD_S.left));
    const endS = Math.ceil(score.prerollS + CROWD_S.left);
    return { result, figures: crowdOf(factor, result, endS, { before, during }) };
  } finally {
    await beside.close();
  }
}

/** The largest crowd's result, judged with all of them. */
function together(
  result: RehearsalResult,
  crowds: readonly CrowdResult[],
  capacity: number,
): RehearsalResult {
  const promises = [...result.promises, ...promisesOfCrowds(crowds, capacity)];
  const short = result.outcome === 'void' || result.outcome === 'stopped';
  const broken = promises.filter(({ held }) => !held);
  const outcome = short ? result.outcome : broken.length > 0 ? 'broken' : 'held';
  const reason = short || broken.length === 0 ? result.reason : reasonOf(broken);
  return { ...result, promises, outcome, reason, line: { ...result.line, crowds: [...crowds] } };
}

interface Run {
  readonly words: RehearseWords;
  readonly score: Score;
  readonly generators: number;
  readonly view: View;
  readonly stop: AbortController;
  readonly server: RehearsedServer | null;
}

async function run(with_: Run): Promise<RehearsalResult> {
  const { words, score, view, stop, server } = with_;
  const url = server === null ? words.url! : `${server.url}/${server.space}`;
  const permit = isLoopback(url) ? null : await permitFor(words.permit, url, score);
  const watch = permit === null ? null : keepWatch(permit, (reason) => stop.abort(reason));
  const headers: Record<string, string> = {};
  if (permit !== null) headers.authorization = `Bearer ${permit.text}`;
  try {
    const result = await rehearsed(with_, url, headers);
    const certificate = await certificateOf(result, words, url, headers, view);
    keep(words, result, certificate);
    return result;
  } finally {
    watch?.close();
  }
}

/** @param began is told when the score begins */
async function rehearsed(
  { words, score, generators, view, stop, server }: Run,
  url: string,
  headers: Readonly<Record<string, string>>,
  began: () => void = () => {},
): Promise<RehearsalResult> {
  const own = server === null ? null : OWN_PROFILE;
  const target = await targetOf(url, words.profile ?? score.profile ?? own);
  view.say(
    `  ${generators} processes with ${score.listenersMax} listeners in ${target.profile}, for ${Math.round(score.seconds)} s.`,
  );
  const { signal } = stop;
  const { capacity } = words;
  const of = { system, words, score, url, target, generators, view, signal, server, headers };
  // The file and what the server signs are one document.
  return thinned(await rehearse({ ...of, capacity, began }), SENT_SAMPLES_MAX);
}

function keep(
  words: RehearseWords,
  result: RehearsalResult,
  certificate: Certificate | null,
): void {
  if (words.json !== null) writeFileSync(words.json, `${JSON.stringify(result)}\n`);
  if (words.report !== null) writeFileSync(words.report, renderReport(result, { certificate }));
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
