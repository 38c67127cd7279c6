/**
 * One rehearsal from the target to its result: a score played once, or the search for the capacity.
 * Nothing here outlives it: generators are ended however it ends.
 */
import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PROFILES, type ProfileId } from '@parterre/protocol';
import type { RehearsalResult, ServerDescription } from '@parterre/protocol/rehearsal';
import {
  CapacitySearch,
  Conductor,
  figuresOf,
  type GeneratorProcess,
  type Judgement,
  judge,
  type Ledger,
  resultOf,
  type Score,
  type ServerFigures,
  type System,
  type Target,
  type View,
} from '@parterre/rehearsal';
import { ConfigError } from './config.ts';
import type { RehearseWords } from './rehearse-words.ts';
import type { RehearsedServer } from './rehearsed-server.ts';
import { cores, linkBytesPerS, machine, memoryFree } from './this-machine.ts';

export interface Rehearsing {
  readonly system: System;
  readonly words: RehearseWords;
  readonly score: Score;
  readonly url: string;
  readonly target: Target;
  readonly generators: number;
  readonly view: View;
  readonly signal: AbortSignal;
  /** What the server takes in; null where only it knows. */
  readonly capacity: number | null;
  /** Told when the score begins. */
  readonly began?: () => void;
  /** The server that was started for it, or null. */
  readonly server: RehearsedServer | null;
  /** What is sent with every question to the server. */
  readonly headers: Readonly<Record<string, string>>;
}

interface Played {
  readonly ledger: Ledger;
  readonly judgement: Judgement;
}

const FIGURES_MS_MAX = 2_000;
/** A step of the search is held for so long, and its verification, s. */
const STEP_S = 20;
const VERIFY_S = 60;
/** After a step that broke the house comes to rest for so long, s. */
const REST_S = 8;
const FIRST_SHARE = 1 / 8;
const FIRST_MIN = 500;

/** @throws ConfigError when there is nothing to hear */
export async function rehearse(run: Rehearsing): Promise<RehearsalResult> {
  const { system, score, target, generators, server, view, signal } = run;
  const { origin } = new URL(run.url);
  const done = { edgesKilled: 0, edgesReplaced: 0 };
  let lengthS = score.seconds;
  const conductor = new Conductor({
    system,
    target,
    manners: score.manners,
    generators,
    start: forkGenerator,
    figures: () => askFigures(origin, run.headers),
    disturb: async (what) => {
      if (server === null) throw new Error('This server was not started by the rehearsal.');
      done[what === 'kill-edge' ? 'edgesKilled' : 'edgesReplaced']++;
      return what === 'kill-edge' ? server.killEdge() : server.replaceEdges();
    },
    second: (second, ledger) => view.second(second, ledger, lengthS),
    signal,
  });
  const beganAtMs = system.wallMs();
  try {
    await conductor.open();
    const description = await askServer(origin, run.headers);
    const idle = await conductor.idle();
    const play = async (part: Playable, wanted: number): Promise<Played> => {
      lengthS = part.seconds;
      run.began?.();
      const ledger = await conductor.play(part);
      const circumstances = {
        ...circumstancesOf(target),
        wanted,
        edgesKilled: done.edgesKilled,
        cut: score.incidents.some((incident) => incident.do === 'cut'),
        emptied: score.emptied,
        capacity: run.capacity,
      };
      return { ledger, judgement: judge(ledger, circumstances, conductor.stopped) };
    };
    const played = run.words.findCapacity
      ? await searched(run, play)
      : await play(score, score.listenersMax);
    return resultOf({
      ...played.judgement,
      ...done,
      id: newId(),
      beganAtMs,
      endedAtMs: system.wallMs(),
      url: run.url,
      target,
      score,
      scale: run.words.scale,
      speed: run.words.speed,
      ledger: played.ledger,
      machine: machine(),
      generators,
      server: description,
      idle,
      capacity: run.capacity,
      crowds: [],
    });
  } finally {
    conductor.close();
  }
}

type Playable = Pick<Score, 'seconds' | 'incidents' | 'wantedAt'>;
type Play = (part: Playable, wanted: number) => Promise<Played>;

/** Climbs until a promise breaks, steps back, verifies. @returns the verification, or what came last */
async function searched({ words, score, view }: Rehearsing, play: Play): Promise<Played> {
  const first = Math.max(FIRST_MIN, Math.floor(score.listenersMax * FIRST_SHARE));
  const search = new CapacitySearch({ first, listenersMax: score.listenersMax });
  const steps: string[] = [];
  let broke: Judgement | null = null;
  let played: Played | null = null;
  let from = 0;
  for (let next = search.next; next !== null; next = search.next) {
    const { listeners, verify } = next;
    const holdS = (words.seconds ?? STEP_S) * (verify ? VERIFY_S / STEP_S : 1);
    played = await play(stepOf(from, listeners, words.pace, holdS), listeners);
    from = listeners;
    const { outcome } = played.judgement.outcome;
    const words_ = `${listeners} listeners${verify ? ' again, for longer' : ''}: ${outcome}`;
    steps.push(words_);
    view.say(`  ${words_}${outcome === 'held' ? '' : ` (${played.judgement.outcome.reason})`}`);
    if (outcome !== 'held') broke = played.judgement;
    search.went(outcome);
    if (outcome === 'stopped' || search.next === null) break;
    if (outcome !== 'held')
      await play(stepOf(from, search.next.listeners, words.pace, REST_S), search.next.listeners);
    if (outcome !== 'held') from = search.next.listeners;
  }
  if (played === null) throw new Error('Nothing was tried.');
  for (const step of steps) played.ledger.tell(0, step);
  return { ledger: played.ledger, judgement: found(search, played.judgement, broke) };
}

/** From one number of listeners to another at the pace, and level for a while. */
function stepOf(from: number, to: number, pace: number, holdS: number): Playable {
  const wantedAt = (second: number): number =>
    to > from ? Math.min(to, Math.floor(from + second * pace)) : to;
  return { seconds: Math.max(0, to - from) / pace + holdS, incidents: [], wantedAt };
}

function found(search: CapacitySearch, last: Judgement, broke: Judgement | null): Judgement {
  const { verified, broken } = search;
  if (verified === null) return last;
  const reason =
    broken === null || broke === null
      ? `Holds ${verified} listeners, the most that was asked for.`
      : `Holds ${verified} listeners. ${broken} did not: ${broke.outcome.reason}`;
  const saturated = broke?.saturated ?? last.saturated;
  return { ...last, saturated, outcome: { outcome: last.outcome.outcome, reason } };
}

function circumstancesOf(target: Target) {
  const here = target.loopback;
  return {
    profile: target.profile,
    cores: here ? cores() : null,
    memoryFree: here ? memoryFree() : null,
    linkBytesPerS: here ? null : linkBytesPerS(),
  };
}

/**
 * The profile in force is the one asked for, else the space's own.
 * @throws ConfigError when there is no sound to be had there
 */
export async function targetOf(url: string, asked: ProfileId | null): Promise<Target> {
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
    loopback: isLoopback(url),
  };
}

/** Whether a rehearsal may act there without a permit. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

/** A process of this same program under its hidden word. */
export function forkGenerator(): GeneratorProcess {
  const program = process.argv[1];
  if (program === undefined) throw new Error('The program does not know its own path.');
  // A session of its own, as the server's processes have: Linux shares the CPU out by session first, and
  // Ctrl-C is for the conductor.
  const child = fork(program, ['generator'], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  return {
    // A failure to send shows as the exit that caused it.
    send: (message) => child.connected && child.send(message, () => {}),
    kill: (signal) => child.kill(signal),
    on: (event: 'message' | 'exit', listener: never) => child.on(event, listener),
  };
}

async function askFigures(
  origin: string,
  headers: Readonly<Record<string, string>>,
): Promise<ServerFigures | null> {
  const text = await textOf(`${origin}/metrics`, headers);
  return text === null ? null : figuresOf(text);
}

/** What decides the server's capacity, as it tells it; null when it does not. */
async function askServer(
  origin: string,
  headers: Readonly<Record<string, string>>,
): Promise<ServerDescription | null> {
  const text = await textOf(`${origin}/api/server`, headers);
  return text === null ? null : (JSON.parse(text) as ServerDescription);
}

async function textOf(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<string | null> {
  try {
    const answer = await fetch(url, { headers, signal: AbortSignal.timeout(FIGURES_MS_MAX) });
    return answer.ok ? await answer.text() : null;
  } catch {
    return null;
  }
}

function newId(): string {
  return Array.from(randomBytes(16), (byte) => (byte % 36).toString(36)).join('');
}
