/**
 * All processes of one server: started, replaced when they die, collected from, replaced one after the
 * other for a deploy, stopped in order. A second programme and a second stage are kept prepared: when the
 * active one dies the other takes over at once, and the next is prepared behind it.
 */
import type { Socket } from 'node:net';
import type { Log } from '../ports/log.ts';
import { Child } from './child.ts';
import type { Config } from './config.ts';
import { Door } from './door.ts';
import { GateDesk } from './gate-desk.ts';
import { type FromPart, LOAD_EVERY_MS, type Role, WARM_ROLES } from './messages.ts';
import { TICKET_KEYS_MS, type TicketKeys } from './ticket-keys.ts';

/** First restart at once; one that dies young again waits longer, up to this. */
const RESTART_MS_MAX = 5_000;
const YOUNG_MS = 10_000;
/** The listeners of an edge that died are at the others by then, which need the machine meanwhile. */
const MOVING_MS = 2_500;
/** In this time everything has finished what it had begun, or is killed. */
const STOP_MS_MAX = 10_000;
const METRICS_MS_MAX = 2_000;
/** A successor that is not ready by then is no good, and what it was to replace stays. */
const READY_MS_MAX = 30_000;
/** An edge that has handed over its listeners is gone by then, or is killed. */
const HANDED_OVER_MS_MAX = 90_000;

export interface ProcessesOptions {
  readonly config: Config;
  /** Descriptor of the bound public socket; edges inherit it. */
  readonly listenFd: number;
  /** The same socket as something that can be handed to an edge again. */
  readonly listenSocket: Socket;
  readonly ticketKeys: TicketKeys;
  readonly log: Log;
}

export class Processes {
  stopping = false;
  readonly #options: ProcessesOptions;
  readonly #log: Log;
  readonly #children = new Set<Child>();
  readonly #crashes = new Map<string, number>();
  readonly #collecting = new Map<number, (child: Child, metrics: unknown) => void>();
  /** Of each warm role, the process that works; another one of that role stands by. */
  readonly #active = new Map<Role, Child>();
  /** Started to take another's place, and not ready yet; or that other, on its way out. */
  readonly #changing = new Set<Child>();
  readonly #door: Door<Child>;
  readonly #gate: GateDesk;
  readonly #renewal: NodeJS.Timeout;
  readonly #doorLook: NodeJS.Timeout;
  #deploying: Promise<void> | null = null;
  #collectId = 0;
  #changed: () => void = () => {};

  constructor(options: ProcessesOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#door = new Door((edge, take) => {
      this.#log.debug({ process: edge.name, take }, 'the door');
      if (take) edge.send({ type: 'take' }, options.listenSocket);
      else edge.send({ type: 'leave' });
    });
    this.#gate = new GateDesk(options.config, options.log);
    this.#renewal = setInterval(() => this.#renewTicketKeys(), TICKET_KEYS_MS);
    this.#doorLook = setInterval(() => this.#door.look(performance.now()), LOAD_EVERY_MS);
  }

  /** Resolves when every process has been ready once. */
  async start(): Promise<void> {
    this.#spawn('programme', 'programme');
    this.#spawn('stage', 'stage');
    this.#spawn('api', 'api');
    for (let index = 0; index < this.#options.config.edges; index += 1)
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
    clearInterval(this.#renewal);
    clearInterval(this.#doorLook);
    this.#changed();
    const kill = setTimeout(() => this.killAll(), STOP_MS_MAX);
    for (const roles of [['edge'], ['api', 'stage'], ['programme']]) {
      const group = [...this.#children].filter((child) => roles.includes(child.role));
      for (const child of group) child.send({ type: 'stop', others: false });
      await this.#until(() => group.every((child) => child.gone));
    }
    clearTimeout(kill);
  }

  killAll(): void {
    for (const child of this.#children) child.kill();
  }

  /**
   * Replaces processes by new ones from the program as it lies on disk now, one after the other and
   * unheard: each edge when its successor serves, then the api, then the programme by a fresh spare. The
   * stage that is in use stays, because every speaker would have to connect again; its spare is renewed.
   * Ends early, with everything that works still working, when a successor does not become ready.
   */
  deploy(): Promise<void> {
    this.#deploying ??= this.#deploy().finally(() => {
      this.#deploying = null;
    });
    return this.#deploying;
  }

  async #deploy(): Promise<void> {
    const began = performance.now();
    this.#log.info({}, 'replacing all processes one after the other');
    for (const old of this.#of('edge')) if (!(await this.#succeed(old))) return;
    for (const old of this.#of('api')) if (!(await this.#succeed(old))) return;
    for (const role of WARM_ROLES) if (!(await this.#renewSpare(role))) return;
    const programme = this.#active.get('programme');
    if (this.stopping || programme === undefined) return;
    // Its own replacement by the spare is what a crash does, and as quick.
    programme.kill();
    await this.#until(() => programme.gone);
    await this.#until(() => this.stopping || this.#active.get('programme')?.ready === true);
    if (this.stopping) return;
    this.#log.info({ tookMs: Math.round(performance.now() - began) }, 'all is replaced');
  }

  /** @returns whether a new process has taken the old one's place */
  async #succeed(old: Child): Promise<boolean> {
    if (this.stopping) return false;
    if (old.gone) return true;
    const next = this.#spawn(old.role, old.name);
    this.#changing.add(next);
    const ready = await this.#become(next, () => next.ready);
    this.#changing.delete(next);
    if (!ready) return false;
    this.#changing.add(old);
    this.#door.left(old, performance.now());
    this.#gate.leaving(old);
    old.send({ type: 'stop', others: true });
    await this.#until(() => old.gone, HANDED_OVER_MS_MAX);
    old.kill();
    return true;
  }

  /** @returns whether a new spare of the role stands ready */
  async #renewSpare(role: Role): Promise<boolean> {
    if (this.stopping) return false;
    const old = this.#of(role).filter((child) => !this.#isActive(child));
    const next = this.#spawn(role, role);
    this.#changing.add(next);
    const prepared = await this.#become(next, () => next.prepared);
    this.#changing.delete(next);
    if (!prepared) return false;
    for (const child of old) {
      if (this.#isActive(child)) continue; // the active one died in the meantime
      this.#changing.add(child);
      child.kill();
    }
    return true;
  }

  /** Waits until a new process is what it should be. @returns false when it died or was too slow */
  async #become(child: Child, holds: () => boolean): Promise<boolean> {
    await this.#until(() => holds() || child.gone || this.stopping, READY_MS_MAX);
    if (holds() && !child.gone) return true;
    if (!this.stopping)
      this.#log.error({ process: child.name }, 'the new process does not start; the old ones stay');
    child.kill();
    return false;
  }

  #of(role: Role): Child[] {
    return [...this.#children].filter((child) => child.role === role);
  }

  #spawn(role: Role, name: string): Child {
    const { config, listenFd, ticketKeys } = this.#options;
    const begin = { config, ticketKeys: role === 'edge' ? ticketKeys.current : null };
    const child = new Child(role, name, begin, role === 'edge' ? listenFd : null, {
      message: (from, message) => this.#message(from, message),
      exit: (from, how) => this.#exit(from, how),
    });
    this.#children.add(child);
    if (role === 'edge') this.#gate.opened(child);
    if (WARM_ROLES.has(role) && !this.#active.has(role)) this.#activate(child);
    return child;
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
    if (message.type === 'places') this.#gate.reported(child, message);
    if (message.type === 'spend') this.#gate.spend(child, message);
    if (message.type === 'certified') this.#gate.certified(message.held);
    if (message.type === 'load' && !this.#changing.has(child) && !this.stopping)
      this.#door.heard(child, message, performance.now());
    this.#changed();
  }

  #exit(child: Child, how: string): void {
    this.#children.delete(child);
    const elsewhere = child.role === 'edge' && this.#door.takesOver(child, performance.now());
    this.#door.left(child, performance.now());
    this.#gate.closed(child);
    if (this.#changing.delete(child)) this.#log.info({ process: child.name, how }, 'is replaced');
    else if (!this.stopping) {
      this.#log.warn({ process: child.name, pid: child.pid, how }, 'a process ended; replacing it');
      this.#replace(child, elsewhere ? MOVING_MS : 0);
    }
    this.#changed();
  }

  /** @param leastMs not sooner than after so long */
  #replace(child: Child, leastMs: number): void {
    if (this.#isActive(child)) {
      this.#active.delete(child.role);
      const warm = this.#of(child.role).find((other) => !this.#changing.has(other));
      if (warm !== undefined) this.#activate(warm);
    }
    const young = performance.now() - child.startedAtMs < YOUNG_MS;
    const crashes = young ? (this.#crashes.get(child.name) ?? 0) + 1 : 0;
    this.#crashes.set(child.name, crashes);
    const againMs = crashes <= 1 ? 0 : Math.min(RESTART_MS_MAX, 50 * 2 ** crashes);
    const delayMs = Math.max(leastMs, againMs);
    setTimeout(() => {
      if (!this.stopping) this.#spawn(child.role, child.name);
    }, delayMs);
  }

  #renewTicketKeys(): void {
    const keys = this.#options.ticketKeys.renew();
    for (const edge of this.#of('edge')) edge.send({ type: 'ticketKeys', keys });
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

  /** Resolves when it holds, or after so long. */
  async #until(holds: () => boolean, msMax = Number.POSITIVE_INFINITY): Promise<void> {
    const untilMs = performance.now() + msMax;
    const timer =
      msMax === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => this.#changed(), msMax);
    while (!holds() && performance.now() < untilMs) {
      await new Promise<void>((resolve) => {
        const before = this.#changed;
        this.#changed = () => {
          this.#changed = before;
          before();
          resolve();
        };
      });
    }
    clearTimeout(timer);
  }
}
