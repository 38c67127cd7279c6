/**
 * One supervised process: started, watched, and reported when it is gone. It never restarts itself;
 * the supervisor alone decides that. A process that stops answering is killed and so becomes a dead one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { Config } from './config.ts';
import { HangWatch, PING_EVERY_MS } from './hang-watch.ts';
import { type FromPart, LISTEN_FD, type Role, type ToPart } from './messages.ts';

export interface ChildObserver {
  message(child: Child, message: FromPart): void;
  exit(child: Child, how: string): void;
}

export class Child {
  readonly name: string;
  readonly role: Role;
  /** Prepared but not yet active (a spare of a warm role), or not yet ready. */
  prepared = false;
  ready = false;
  readonly startedAtMs = performance.now();
  readonly #process: ChildProcess;
  readonly #pings: NodeJS.Timeout;
  readonly #hangs = new HangWatch(performance.now());
  #gone = false;

  constructor(
    role: Role,
    name: string,
    about: { readonly config: Config; readonly ticketKeys: string | null },
    listenFd: number | null,
    observer: ChildObserver,
  ) {
    this.role = role;
    this.name = name;
    const program = process.argv[1];
    if (program === undefined) throw new Error('The program does not know its own path.');
    // Node's FFI, on which an edge stands where it can, is experimental, and says so at each start.
    const execArgv = [...process.execArgv, '--disable-warning=ExperimentalWarning'];
    this.#process = spawn(process.execPath, [...execArgv, program, 'part'], {
      // 3 is the channel, LISTEN_FD the public socket; own process group, so that Ctrl-C reaches
      // the supervisor alone and everything closes in order.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', listenFd ?? 'ignore'],
      detached: true,
      // A process that replaces another starts sooner when its code need not be compiled again.
      env: { ...process.env, NODE_COMPILE_CACHE: join(about.config.data, 'compiled') },
    });
    if (LISTEN_FD !== 4)
      throw new Error('LISTEN_FD must name the position of the socket in stdio.');
    this.#process.on('message', (message: FromPart) => {
      if (message.type === 'pong') this.#hangs.answered(performance.now());
      else {
        if (message.type === 'ready') this.ready = true;
        if (message.type === 'prepared') this.prepared = true;
        observer.message(this, message);
      }
    });
    // A failed spawn has no 'exit'; both come through here once.
    const gone = (how: string): void => {
      if (this.#gone) return;
      this.#gone = true;
      clearInterval(this.#pings);
      observer.exit(this, how);
    };
    this.#process.on('exit', (code, signal) => gone(signal ?? `code ${code}`));
    this.#process.on('error', (error) => gone(error.message));
    this.#pings = setInterval(() => this.#watch(), PING_EVERY_MS);
    const serverStartedAtMs = performance.timeOrigin;
    this.send({ type: 'begin', role, name, ...about, serverStartedAtMs });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** @param socket goes with the message as a descriptor of its own; this process keeps its own too */
  send(message: ToPart, socket?: Socket): void {
    if (this.#gone || !this.#process.connected) return;
    // A failure to send shows as the exit that caused it.
    this.#process.send(message, socket, { keepOpen: true }, () => {});
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #watch(): void {
    if (this.#hangs.look(performance.now())) this.kill();
    else this.send({ type: 'ping', id: 0 });
  }
}
