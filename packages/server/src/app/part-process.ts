/**
 * The inside of a supervised process: waits to be told which it is, composes that part, answers the
 * supervisor, and ends when told to or when the supervisor is gone.
 */
import type { Socket } from 'node:net';
import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import { createLog, systemClock, systemRandom, systemTimers } from '../adapters/system/index.ts';
import type { Log } from '../ports/log.ts';
import { type FromPart, LISTEN_FD, type Role, type ToPart, WARM_ROLES } from './messages.ts';
import type { EdgePart, Granted, Part, PartContext } from './part.ts';
import { takePriority } from './priority.ts';
import { loadSecrets } from './secrets.ts';
import { socketsOf } from './sockets.ts';

/** Metrics that may be awaited at once; more are answered with what this process knows alone. */
const COLLECTS_MAX = 16;

/** Never returns but by the process's end. @returns 2 when not started by a supervisor */
export async function runPart(): Promise<number> {
  if (process.send === undefined) {
    process.stderr.write('parterre: "part" is started by "serve" alone.\n');
    return 2;
  }
  process.on('disconnect', () => process.exit(1)); // the supervisor is gone
  process.on('SIGINT', () => {});
  await new PartProcess().run();
  return 0;
}

function say(message: FromPart): void {
  process.send?.(message, undefined, undefined, () => {});
}

class PartProcess {
  #part: Part | null = null;
  /** The same, when it is one. */
  #edge: EdgePart | null = null;
  #granted: Granted = () => {};
  #activate: (() => Promise<Part>) | null = null;
  #wanted = false;
  #log: Log | null = null;
  #registry = new Registry();
  #collects = new Map<number, (metrics: readonly unknown[]) => void>();
  #collectId = 0;
  #finish: () => void = () => {};

  async run(): Promise<void> {
    const finished = new Promise<void>((resolve) => {
      this.#finish = resolve;
    });
    process.on('message', (message: ToPart, socket?: Socket) => {
      this.#hear(message, socket).catch((error: unknown) => this.#fail(error));
    });
    process.on('uncaughtException', (error) => this.#fail(error));
    process.on('unhandledRejection', (error) => this.#fail(error));
    await finished;
    process.exit(0);
  }

  async #hear(message: ToPart, socket?: Socket): Promise<void> {
    switch (message.type) {
      case 'begin':
        return this.#begin(message);
      case 'activate':
        this.#wanted = true;
        return this.#activateWhenPrepared();
      case 'ping':
        return say({ type: 'pong', id: message.id });
      case 'metrics':
        return say({
          type: 'metrics',
          id: message.id,
          metrics: await this.#registry.getMetricsAsJSON(),
        });
      case 'collected':
        return this.#collects.get(message.id)?.(message.metrics);
      case 'take':
        if (this.#edge === null) socket?.destroy();
        else if (socket !== undefined) this.#edge.take(socket);
        return;
      case 'leave':
        return this.#edge?.leave();
      case 'ticketKeys':
        return this.#edge?.renewTicketKeys(Buffer.from(message.keys, 'base64'));
      case 'granted':
        return this.#granted(message.grant, message.house);
      case 'spent':
        return this.#edge?.spent(message.id, message.answer);
      case 'stop':
        await this.#part?.close(message.others);
        this.#finish();
    }
  }

  async #begin(message: Extract<ToPart, { type: 'begin' }>): Promise<void> {
    const { role, name, config, ticketKeys, serverStartedAtMs } = message;
    process.title = `parterre ${name}`;
    const log = createLog({ level: config.logLevel, part: name, pretty: process.stdout.isTTY });
    this.#log = log;
    if (!takePriority(role)) log.debug({}, 'the system gives no higher priority');
    this.#registry.setDefaultLabels({ part: name });
    collectDefaultMetrics({ register: this.#registry });
    const context: PartContext = {
      config,
      serverStartedAtMs,
      secrets: loadSecrets(config.data),
      log,
      clock: systemClock,
      timers: systemTimers,
      random: systemRandom,
      metrics: this.#registry,
      sockets: socketsOf(config.data),
      listenFd: role === 'edge' ? LISTEN_FD : null,
      ticketKeys: ticketKeys === null ? null : Buffer.from(ticketKeys, 'base64'),
      tellLoad: (connections, places, taking) => say({ type: 'load', connections, places, taking }),
      tellGate: (report, sentBps) => say({ type: 'places', report, sentBps }),
      askSpend: (id, spaceId, ticket) => say({ type: 'spend', id, spaceId, ticket }),
      hearGrants: (listener) => {
        this.#granted = listener;
      },
      tellCertified: (held) => say({ type: 'certified', held }),
      collectMetrics: () => this.#collectAll(),
    };
    this.#activate = await prepare(role, context);
    if (WARM_ROLES.has(role)) say({ type: 'prepared' });
    else this.#wanted = true;
    await this.#activateWhenPrepared();
  }

  async #activateWhenPrepared(): Promise<void> {
    if (!this.#wanted || this.#activate === null) return;
    const activate = this.#activate;
    this.#activate = null;
    this.#part = await activate();
    if ('take' in this.#part) this.#edge = this.#part as EdgePart;
    say({ type: 'ready' });
  }

  async #collectAll(): Promise<string> {
    if (this.#collects.size >= COLLECTS_MAX) return this.#registry.metrics();
    const id = ++this.#collectId;
    const metrics = await new Promise<readonly unknown[]>((resolve) => {
      this.#collects.set(id, resolve);
      say({ type: 'collect', id });
    });
    this.#collects.delete(id);
    return AggregatorRegistry.aggregate(metrics as object[]).metrics();
  }

  /** A bug: say it, and let the supervisor replace this process by a sound one. */
  #fail(error: unknown): void {
    this.#log?.error({ err: error }, 'unexpected failure; this process ends and is replaced');
    if (this.#log === null) process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  }
}

/** Loads the modules of one role; the returned function begins the work. */
async function prepare(role: Role, context: PartContext): Promise<() => Promise<Part>> {
  switch (role) {
    case 'programme': {
      const prepared = await (await import('./part-programme.ts')).prepare(context);
      return () => prepared.activate();
    }
    case 'stage': {
      const { start } = await import('./part-stage.ts');
      return () => start(context);
    }
    case 'api': {
      const { start } = await import('./part-api.ts');
      return () => start(context);
    }
    case 'edge': {
      const { start } = await import('./part-edge.ts');
      return () => start(context);
    }
  }
}
