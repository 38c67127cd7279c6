/**
 * The supervisor: binds the public socket, starts the processes, and replaces each that dies. It reads
 * no request and parses no input, so that nothing from outside can bring it down [P1, P3].
 *
 * The public socket is bound here but listened on only by the edges that inherit it, so the kernel's
 * queue of connections outlives every edge. A second programme and a second stage are kept prepared:
 * when the active one dies the other takes over at once, and the next is prepared behind it.
 */

import { unlinkSync } from 'node:fs';
import { BoundSocket, createServer, isIP, type Server } from 'node:net';
import { createLog } from '../adapters/system/index.ts';
import type { Log } from '../ports/log.ts';
import { Child } from './child.ts';
import { type Config, ConfigError } from './config.ts';
import { type FromPart, type Role, WARM_ROLES } from './messages.ts';
import { ownerLink } from './owner-link.ts';
import { publicUrlOf } from './public-url.ts';
import { loadSecrets } from './secrets.ts';
import { answers, makeSocketFolder, type Sockets, socketsOf } from './sockets.ts';
import { version } from './version.ts';

/** First restart at once; one that dies young again waits longer, up to this. */
const RESTART_MS_MAX = 5_000;
const YOUNG_MS = 10_000;
/** In this time everything has finished what it had begun, or is killed. */
const STOP_MS_MAX = 10_000;
const METRICS_MS_MAX = 2_000;

/** Runs until a signal stops it. @returns the exit code */
export async function serve(asked: Config): Promise<number> {
  const log = createLog({
    level: asked.logLevel,
    part: 'supervisor',
    pretty: process.stdout.isTTY,
  });
  loadSecrets(asked.data);
  const sockets = socketsOf(asked.data);
  makeSocketFolder(sockets);
  const guard = await holdDataFolder(sockets, asked);
  try {
    const socket = bind(asked);
    await run({ ...asked, port: socket.address().port }, socket.fd(), log);
    socket.close();
  } finally {
    guard.close();
  }
  return 0;
}

/** Everything runs from here until a signal. */
async function run(config: Config, listenFd: number, log: Log): Promise<void> {
  const house = new House(config, listenFd, log);
  const stopped = new Promise<void>((resolve) => {
    let signals = 0;
    const stop = (): void => {
      signals += 1;
      if (signals > 1) house.killAll();
      else void house.stop().then(resolve);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
  await Promise.race([house.start(), stopped]);
  if (!house.stopping) announce(config);
  await stopped;
}

function announce(config: Config): void {
  process.stdout.write(
    `\n  Parterre ${version()} is open.\n\n  Address      ${publicUrlOf(config)}\n  Owner link   ${ownerLink(config)}\n` +
      `               (signs you in once, within a day; parterre owner-link makes a new one)\n` +
      `${config.demo ? `  Demo         ${publicUrlOf(config)}/demo\n` : ''}\n`,
  );
}

/** Binds the public address, without listening on it. @throws ConfigError in words for the operator */
function bind(config: Config): BoundSocket {
  if (isIP(config.host) === 0)
    throw new ConfigError(`"host" must be a numeric address such as 0.0.0.0 or ::, not a name.`);
  try {
    return new BoundSocket({ host: config.host, port: config.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE')
      throw new ConfigError(
        `Port ${config.port} is taken by another program. Stop it, or choose another with --port.`,
      );
    if (code === 'EACCES')
      throw new ConfigError(
        `Port ${config.port} may not be opened by this user. Choose one above 1023 with --port, or put a proxy in front.`,
      );
    if (code === 'EADDRNOTAVAIL')
      throw new ConfigError(`This machine does not have the address ${config.host}.`);
    throw error;
  }
}

/** One data folder, one server: two would both write the programme. */
async function holdDataFolder(sockets: Sockets, config: Config): Promise<Server> {
  if (await answers(sockets.supervisor))
    throw new ConfigError(
      `Another Parterre runs on ${config.data}. Stop it, or choose another folder with --data.`,
    );
  try {
    unlinkSync(sockets.supervisor); // what a crash left
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const guard = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    guard.once('error', reject);
    guard.listen(sockets.supervisor, resolve);
  });
  return guard;
}

/** All processes of one server. */
class House {
  stopping = false;
  readonly #config: Config;
  readonly #listenFd: number;
  readonly #log: Log;
  readonly #children = new Set<Child>();
  readonly #crashes = new Map<string, number>();
  readonly #collecting = new Map<number, (child: Child, metrics: unknown) => void>();
  /** Of each warm role, the process that works; another one of that role stands by. */
  readonly #active = new Map<Role, Child>();
  #collectId = 0;
  #changed: () => void = () => {};

  constructor(config: Config, listenFd: number, log: Log) {
    this.#config = config;
    this.#listenFd = listenFd;
    this.#log = log;
  }

  /** Resolves when every process has been ready once. */
  async start(): Promise<void> {
    this.#spawn('programme', 'programme');
    this.#spawn('stage', 'stage');
    this.#spawn('api', 'api');
    for (let index = 0; index < this.#config.edges; index += 1)
      this.#spawn('edge', `edge-${index}`);
    await this.#until(() =>
      [...this.#children].every(
        (child) => child.ready || (WARM_ROLES.has(child.role) && !this.#isActive(child)),
      ),
    );
    if (this.stopping) return;
    for (const role of WARM_ROLES) this.#spawn(role, role);
  }

  /** Edges first, so that nobody is sent anywhere that is closing; the programme last. */
  async stop(): Promise<void> {
    this.stopping = true;
    const kill = setTimeout(() => this.killAll(), STOP_MS_MAX);
    for (const roles of [['edge'], ['api', 'stage'], ['programme']]) {
      const group = [...this.#children].filter((child) => roles.includes(child.role));
      for (const child of group) child.send({ type: 'stop' });
      await this.#until(() => group.every((child) => child.gone));
    }
    clearTimeout(kill);
  }

  killAll(): void {
    for (const child of this.#children) child.kill();
  }

  #spawn(role: Role, name: string): void {
    const child = new Child(role, name, this.#config, role === 'edge' ? this.#listenFd : null, {
      message: (from, message) => this.#message(from, message),
      exit: (from, how) => this.#exit(from, how),
    });
    this.#children.add(child);
    if (WARM_ROLES.has(role) && !this.#active.has(role)) this.#activate(child);
  }

  #activate(child: Child): void {
    this.#active.set(child.role, child);
    child.send({ type: 'activate' });
  }

  #isActive(child: Child): boolean {
    return this.#active.get(child.role) === child;
  }

  #message(child: Child, message: FromPart): void {
    if (message.type === 'ready') this.#log.info({ process: child.name, pid: child.pid }, 'ready');
    if (message.type === 'collect') void this.#collect(child, message.id);
    if (message.type === 'metrics') this.#collecting.get(message.id)?.(child, message.metrics);
    this.#changed();
  }

  #exit(child: Child, how: string): void {
    this.#children.delete(child);
    if (!this.stopping) {
      this.#log.warn({ process: child.name, pid: child.pid, how }, 'a process ended; replacing it');
      this.#replace(child);
    }
    this.#changed();
  }

  #replace(child: Child): void {
    if (this.#isActive(child)) {
      this.#active.delete(child.role);
      const warm = [...this.#children].find((other) => other.role === child.role);
      if (warm !== undefined) this.#activate(warm);
    }
    const young = performance.now() - child.startedAtMs < YOUNG_MS;
    const crashes = young ? (this.#crashes.get(child.name) ?? 0) + 1 : 0;
    this.#crashes.set(child.name, crashes);
    const delayMs = crashes <= 1 ? 0 : Math.min(RESTART_MS_MAX, 50 * 2 ** crashes);
    setTimeout(() => {
      if (!this.stopping) this.#spawn(child.role, child.name);
    }, delayMs);
  }

  /** Asks every process for its metrics and gives the api what came in time. */
  async #collect(asker: Child, id: number): Promise<void> {
    const own = ++this.#collectId;
    const waiting = new Set([...this.#children].filter((child) => child.ready));
    const metrics: unknown[] = [];
    await new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, METRICS_MS_MAX);
      this.#collecting.set(own, (child, part) => {
        if (waiting.delete(child)) metrics.push(part);
        if (waiting.size > 0) return;
        clearTimeout(timeout);
        resolve();
      });
      for (const child of waiting) child.send({ type: 'metrics', id: own });
    });
    this.#collecting.delete(own);
    asker.send({ type: 'collected', id, metrics });
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        const before = this.#changed;
        this.#changed = () => {
          this.#changed = before;
          before();
          resolve();
        };
      });
    }
  }
}
