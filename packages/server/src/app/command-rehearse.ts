/**
 * `parterre rehearse`: the words of its command line, and the run: against a server of its own, one on
 * this machine's loopback, or one whose owner has permitted it. Whatever happens, nothing that it started
 * is left behind.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { PROFILES, type ProfileId } from '@parterre/protocol';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import {
  Conductor,
  figuresOf,
  type GeneratorProcess,
  generatorsFor,
  outcomeOf,
  promisesOf,
  resultOf,
  resultText,
  runGenerator,
  type Score,
  type ServerFigures,
  type System,
  saturationOf,
  scoreOf,
  type Target,
  View,
} from '@parterre/rehearsal';
import { systemClock, systemRandom, systemTimers } from '../adapters/system/index.ts';
import { ConfigError } from './config.ts';
import { type RehearseWords, rehearseWords } from './rehearse-words.ts';
import { type RehearsedServer, startServer } from './rehearsed-server.ts';
import { cores, descriptorsMax, linkBytesPerS, machine, memoryFree } from './this-machine.ts';

const FIGURES_MS_MAX = 2_000;
/** An own server gets an edge for so many listeners, and one more. */
const LISTENERS_PER_EDGE = 15_000;
/** What listeners of an own server ask for when nothing else is said: the profile of big houses. */
const OWN_PROFILE: ProfileId = 'steady';
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
  const score = read(() =>
    scoreOf(words.scenario, { ...words, read: (path) => readFileSync(path, 'utf8') }),
  );
  const disturbs = score.incidents.some((incident) => incident.do !== 'cut');
  if (disturbs && words.url !== null)
    throw new ConfigError('Edges are killed and replaced only on a server that "rehearse" starts.');
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
      const edges =
        words.edges ?? Math.max(2, Math.ceil(score.listenersMax / LISTENERS_PER_EDGE) + 1);
      view.say(`  A server with ${edges} edges is started for this rehearsal.`);
      server = await startServer(edges);
    }
    const result = await rehearse({ words, score, view, stop, server });
    process.stdout.write(resultText(result));
    if (words.json !== null) writeFileSync(words.json, `${JSON.stringify(result)}\n`);
    return EXIT[result.outcome];
  } finally {
    await server?.close();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

interface Run {
  readonly words: RehearseWords;
  readonly score: Score;
  readonly view: View;
  readonly stop: AbortController;
  readonly server: RehearsedServer | null;
}

async function rehearse({ words, score, view, stop, server }: Run): Promise<RehearsalResult> {
  const url = server === null ? words.url! : `${server.url}/${server.space}`;
  const own = server === null ? null : OWN_PROFILE;
  const target = await targetOf(url, words.profile ?? score.profile ?? own);
  const generators = read(() => generatorsFor(score.listenersMax, descriptorsMax()));
  const done = { edgesKilled: 0, edgesReplaced: 0 };
  const conductor = new Conductor({
    system,
    target,
    manners: score.manners,
    generators,
    start: forkGenerator,
    figures: () => askFigures(new URL(url).origin),
    disturb: async (what) => {
      if (what === 'kill-edge') done.edgesKilled++;
      else done.edgesReplaced++;
      return what === 'kill-edge' ? server!.killEdge() : server!.replaceEdges();
    },
    second: (second, ledger) => view.second(second, ledger, score.seconds),
    signal: stop.signal,
  });
  const beganAtMs = system.wallMs();
  try {
    await conductor.open();
    const idleCpu = await conductor.idleCpu();
    view.say(
      `  ${generators} generator processes; ${score.listenersMax} listeners, ${target.profile}, ${Math.round(score.seconds)} s.`,
    );
    const ledger = await conductor.play(score);
    const circumstances = circumstancesOf(target, score.listenersMax, done.edgesKilled);
    const promises = promisesOf(ledger, circumstances);
    return resultOf({
      id: newId(),
      beganAtMs,
      endedAtMs: system.wallMs(),
      url,
      target,
      score,
      scale: words.scale,
      speed: words.speed,
      ledger,
      promises,
      outcome: outcomeOf(promises, ledger, conductor.stopped),
      saturated: saturationOf(ledger, circumstances),
      machine: machine(),
      generators,
      server: null,
      ...done,
      idleCpu,
    });
  } finally {
    conductor.close();
  }
}

function circumstancesOf(target: Target, wanted: number, edgesKilled: number) {
  const here = target.loopback;
  return {
    profile: target.profile,
    wanted,
    edgesKilled,
    cores: here ? cores() : null,
    memoryFree: here ? memoryFree() : null,
    linkBytesPerS: here ? null : linkBytesPerS(),
  };
}

/** The profile that will be in force is the one asked for, else the space's own. */
async function targetOf(url: string, asked: ProfileId | null): Promise<Target> {
  const { hostname, port, protocol, pathname, origin } = new URL(url);
  const space = pathname.split('/').filter((word) => word !== '')[0] ?? '';
  const answer = await fetch(`${origin}/spaces/${space}.json`).catch(() => null);
  if (!answer?.ok) throw new ConfigError(`${url} does not answer as a space of Parterre.`);
  const { profile, state } = (await answer.json()) as { profile: ProfileId; state: string };
  if (state !== 'live' && state !== 'doors')
    throw new ConfigError(`The space ${space} is ${state}: there is nothing to hear.`);
  const host = hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, '');
  const tls = protocol === 'https:';
  return {
    host,
    port: Number(port === '' ? (tls ? 443 : 80) : port),
    tls,
    space,
    asked,
    profile: PROFILES[asked ?? profile].id,
    loopback: host.startsWith('127.'),
  };
}

/** A process of this same program under its hidden word. */
function forkGenerator(): GeneratorProcess {
  const program = process.argv[1];
  if (program === undefined) throw new Error('The program does not know its own path.');
  const child = fork(program, ['generator'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return {
    // A failure to send shows as the exit that caused it.
    send: (message) => child.connected && child.send(message, () => {}),
    kill: (signal) => child.kill(signal),
    on: (event: 'message' | 'exit', listener: never) => child.on(event, listener),
  };
}

async function askFigures(origin: string): Promise<ServerFigures | null> {
  try {
    const answer = await fetch(`${origin}/metrics`, {
      signal: AbortSignal.timeout(FIGURES_MS_MAX),
    });
    return answer.ok ? figuresOf(await answer.text()) : null;
  } catch {
    return null;
  }
}

function newId(): string {
  return Array.from(randomBytes(16), (byte) => (byte % 36).toString(36)).join('');
}

/** What the words say wrongly is the operator's to mend. */
function read<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) throw new ConfigError(error.message);
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ConfigError(`There is no file ${path}.`);
    throw error;
  }
}
