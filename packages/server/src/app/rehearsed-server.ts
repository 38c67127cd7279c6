/**
 * A server for one rehearsal: on a free port of the loopback, with a data folder of its own that is
 * removed with it, the demo on air. It ends with the rehearsal, however that ends: the supervisor runs
 * under the hidden word `rehearsed` and stops when the channel to its parent is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { loadConfig } from './config.ts';
import { serve } from './supervisor.ts';

export interface RehearsedServer {
  readonly url: string;
  readonly space: string;
  /** Opens one more space beside the one that is rehearsed. @returns its id */
  neighbour(): Promise<string>;
  /** Kills the edge with the most connections. @returns what was done */
  killEdge(): Promise<string>;
  /** Has the supervisor replace all edges in order. @returns what was done */
  replaceEdges(): Promise<string>;
  /** Ends it and removes its folder. Idempotent. */
  close(): Promise<void>;
}

const OPEN_MS_MAX = 60_000;
const LIVE_MS_MAX = 30_000;
const STOP_MS_MAX = 15_000;
/** How long the programme has been on air before the first listener, so that a buffer is there for all. */
const ON_AIR_MS = 6_000;
const POLL_MS = 100;
const SPACE = 'demo';

/** The inside: a server that stops when its parent is gone. */
export async function runRehearsed(flags: readonly string[]): Promise<number> {
  if (process.send === undefined) {
    process.stderr.write('parterre: "rehearsed" is started by "rehearse" alone.\n');
    return 2;
  }
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  const pairs = flags.map((flag) => flag.split('=') as [string, string]);
  return serve(loadConfig(Object.fromEntries(pairs), {}));
}

export interface RehearsedOptions {
  readonly edges: number;
  /** Listeners it takes in. */
  readonly capacity: number;
  readonly signal: AbortSignal;
}

/** @throws Error when it does not open, or is not wanted any more */
export async function startServer(options: RehearsedOptions): Promise<RehearsedServer> {
  const { signal } = options;
  const data = mkdtempSync(join(tmpdir(), 'parterre-rehearsal-'));
  const supervisor = spawn(process.execPath, [...process.execArgv, ...wordsOf(data, options)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    detached: true, // Ctrl-C is for the rehearsal, which closes it in order
    env: withoutOwn(process.env),
  });
  const ended = new Promise<void>((resolve) => {
    supervisor.once('exit', () => resolve());
  });
  const close = async (): Promise<void> => {
    if (supervisor.exitCode === null && supervisor.signalCode === null) {
      supervisor.kill('SIGTERM');
      await Promise.race([ended, wait(STOP_MS_MAX)]);
      supervisor.kill('SIGKILL');
    }
    rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const { url, ownerToken } = await addressOf(supervisor);
    await untilLive(url, SPACE, signal);
    return {
      url,
      space: SPACE,
      async neighbour() {
        const id = await openSpace(url, ownerToken);
        await untilLive(url, id, signal);
        return id;
      },
      killEdge: async () => killBusiestEdge(supervisor.pid!),
      replaceEdges: async () => {
        supervisor.kill('SIGHUP');
        return 'the supervisor was told to replace all edges';
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function wordsOf(data: string, { edges, capacity }: RehearsedOptions): string[] {
  const program = process.argv[1];
  if (program === undefined) throw new Error('The program does not know its own path.');
  const place = ['--host=127.0.0.1', '--port=0', '--rtc-port=0', `--data=${data}`];
  return [
    program,
    'rehearsed',
    ...place,
    `--edges=${edges}`,
    `--capacity=${capacity}`,
    '--demo=true',
    '--log-level=error',
  ];
}

/** The operator's own settings are not this server's. */
function withoutOwn(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(environment).filter(([key]) => !key.startsWith('PARTERRE_'));
  return Object.fromEntries(kept);
}

interface Opened {
  readonly url: string;
  readonly ownerToken: string;
}

function addressOf(supervisor: ChildProcess): Promise<Opened> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Error('The server does not open.')), OPEN_MS_MAX);
    supervisor.once('exit', () => reject(new Error('The server ended before it opened.')));
    supervisor.stdout!.on('data', (bytes: Buffer) => {
      if (said.length < 100_000) said += bytes.toString();
      const url = /Address\s+(http\S+)/.exec(said)?.[1];
      const ownerToken = /Owner link\s+\S+#token=(\S+)/.exec(said)?.[1];
      if (url === undefined || ownerToken === undefined) return;
      clearTimeout(late);
      resolve({ url: url.replace('localhost', '127.0.0.1'), ownerToken });
    });
  });
}

/** @returns the id of a space that is on air, with nobody on its stage */
async function openSpace(url: string, ownerToken: string): Promise<string> {
  const call = async (path: string, body: object, cookie = ''): Promise<Response> => {
    const headers = { 'content-type': 'application/json', origin: url, cookie };
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const session = await call('/api/session', { token: ownerToken });
  const cookie = (session.headers.getSetCookie()[0] ?? '').split(';')[0];
  const about = { title: 'Beside', holdingSound: true, profile: 'near' };
  const space = await call('/api/spaces', about, cookie);
  const { id } = (await space.json()) as { id: string };
  await call(`/api/spaces/${id}/start`, {}, cookie);
  return id;
}

async function untilLive(url: string, id: string, signal: AbortSignal): Promise<void> {
  const untilMs = performance.now() + LIVE_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    const answer = await fetch(`${url}/spaces/${id}.json`).catch(() => null);
    const space = answer?.ok ? ((await answer.json()) as Record<string, unknown>) : null;
    const liveAtMs = Number(space?.liveAtMs ?? 0);
    if (space?.state === 'live' && Number(space.nowMs) - liveAtMs >= ON_AIR_MS) return;
    if (performance.now() > untilMs) throw new Error('The server’s space does not go on air.');
    await wait(POLL_MS);
  }
}

/** From the process table: children of the supervisor that call themselves edges. */
function killBusiestEdge(supervisorPid: number): string {
  const edges = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => edgeAt(pid, supervisorPid))
    .sort((a, b) => b.sockets - a.sockets);
  const [edge] = edges;
  if (edge === undefined) throw new Error('The edges are not in the process table.');
  process.kill(edge.pid, 'SIGKILL');
  return `${edge.name} was killed, with ${edge.sockets} descriptors open`;
}

function edgeAt(
  pid: string,
  supervisorPid: number,
): { pid: number; name: string; sockets: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (parent !== supervisorPid) return [];
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    const name = /parterre (edge-\d+)/.exec(title)?.[1];
    if (name === undefined) return [];
    return [{ pid: Number(pid), name, sockets: readdirSync(`/proc/${pid}/fd`).length }];
  } catch {
    return []; // it ended meanwhile
  }
}
