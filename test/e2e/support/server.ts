/**
 * A real Parterre in a folder of its own: started as an operator would, spoken to as its users do, killed
 * as a machine would. Its log lines are read for which process has which pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { PublicSpace, Role } from '@parterre/protocol';

const MAIN = join(import.meta.dirname, '../../../packages/server/src/app/main.ts');
const START_MS_MAX = 60_000;

export type PartName = 'programme' | 'stage' | 'api' | `edge-${number}`;

export class TestServer {
  url = '';
  readonly data: string;
  readonly lines: string[] = [];
  readonly #flags: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #descriptors: number | null;
  readonly #parts = new Map<string, number>();
  /** Lines so far, also those no longer kept. */
  #heard = 0;
  #process: ChildProcess | null = null;
  #ownerToken = '';
  #cookie = '';

  private constructor(
    data: string,
    flags: readonly string[],
    environment: NodeJS.ProcessEnv,
    descriptors: number | null,
  ) {
    this.data = data;
    this.#flags = flags;
    this.#environment = environment;
    this.#descriptors = descriptors;
  }

  /**
   * Starts on free ports with an empty data folder (or the one given).
   * @param environment variables beside this process's own
   * @param descriptors how many each process may open; null for as many as this one
   */
  static async start(
    flags: readonly string[] = [],
    data?: string,
    environment: NodeJS.ProcessEnv = {},
    descriptors: number | null = null,
  ): Promise<TestServer> {
    const folder = data ?? (await mkdtemp(join(tmpdir(), 'parterre-e2e-')));
    const server = new TestServer(folder, flags, environment, descriptors);
    await server.launch();
    return server;
  }

  /** Starts the program again on the same data, as after `killEverything`. */
  async launch(): Promise<void> {
    this.#parts.clear();
    const port = this.url === '' ? '0' : new URL(this.url).port;
    const args = [
      'serve',
      '--host',
      '127.0.0.1',
      '--port',
      port,
      '--rtc-port',
      '0',
      '--data',
      this.data,
      ...this.#flags,
    ];
    const limit = this.#descriptors === null ? '' : `ulimit -n ${this.#descriptors} && `;
    const command = ['-c', `${limit}exec "$0" "$@"`, process.execPath, MAIN, ...args];
    const child = spawn('/bin/sh', command, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    this.#process = child;
    const opened = new Promise<void>((resolve, reject) => {
      const timeout = setTimeout(
        () => reject(new Error(`The server did not open:\n${this.lines.slice(-40).join('\n')}`)),
        START_MS_MAX,
      );
      const read = (line: string): void => {
        this.#hear(line);
        if (/^\s*Owner link\s/.test(line)) {
          clearTimeout(timeout);
          resolve();
        }
      };
      createInterface({ input: child.stdout }).on('line', read);
      createInterface({ input: child.stderr }).on('line', read);
      child.once('exit', (code) =>
        reject(new Error(`The server ended with ${code}:\n${this.lines.slice(-40).join('\n')}`)),
      );
    });
    await opened;
    const answer = await this.fetch('/api/session', {
      method: 'POST',
      body: { token: this.#ownerToken },
    });
    if (!answer.ok)
      throw new Error(`The owner link was refused: ${answer.status} ${await answer.text()}`);
    this.#cookie = (answer.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
  }

  #hear(line: string): void {
    this.lines.push(line);
    this.#heard += 1;
    if (this.lines.length > 2_000) this.lines.shift();
    this.url = /^\s*Address\s+(\S+)/.exec(line)?.[1] ?? this.url;
    this.#ownerToken = /^\s*Owner link\s+\S+#token=(\S+)/.exec(line)?.[1] ?? this.#ownerToken;
    const name = /"process":"([\w-]+)"/.exec(line)?.[1];
    const pid = /"pid":(\d+)/.exec(line)?.[1];
    if (name !== undefined && pid !== undefined && line.includes('"msg":"ready"'))
      this.#parts.set(name, Number(pid));
  }

  /** The owner's cookie, `name=value`. */
  get cookie(): string {
    return this.#cookie;
  }

  /** As the owner, from the same origin. */
  fetch(path: string, options: { method?: string; body?: unknown } = {}): Promise<Response> {
    const headers: Record<string, string> = { origin: this.url };
    if (this.#cookie !== '') headers.cookie = this.#cookie;
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    const ask = (): Promise<Response> =>
      fetch(`${this.url}${path}`, {
        method: options.method ?? 'GET',
        headers,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      });
    // A test that computes for seconds finds its idle connection closed when it asks again.
    return ask().catch(ask);
  }

  /** @throws with the answer's text when it is not 2xx */
  async call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await this.fetch(path, body === undefined ? { method } : { method, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  createSpace(fields: { title: string; [key: string]: unknown }): Promise<PublicSpace> {
    return this.call('POST', '/api/spaces', { holdingSound: true, profile: 'near', ...fields });
  }

  start(spaceId: string): Promise<PublicSpace> {
    return this.call('POST', `/api/spaces/${spaceId}/start`, {});
  }

  end(spaceId: string): Promise<PublicSpace> {
    return this.call('POST', `/api/spaces/${spaceId}/end`, {});
  }

  /** @returns the whole link */
  async invite(spaceId: string, role: Role, name: string): Promise<string> {
    const { path } = await this.call<{ path: string }>('POST', `/api/spaces/${spaceId}/invites`, {
      role,
      name,
    });
    return new URL(path, this.url).href;
  }

  /** The space as the edge tells it; null while it does not know it. */
  async space(spaceId: string): Promise<PublicSpace | null> {
    const answer = await fetch(`${this.url}/spaces/${spaceId}.json`).catch(() => null);
    if (answer === null || !answer.ok) return null;
    return (await answer.json()) as PublicSpace;
  }

  pid(part: PartName): number {
    const pid = this.#parts.get(part);
    if (pid === undefined)
      throw new Error(
        `No process "${part}" is known; there are ${[...this.#parts.keys()].join(', ')}.`,
      );
    return pid;
  }

  /** kill -9, then waits until another process has taken its place. */
  async kill(part: PartName): Promise<void> {
    const before = this.pid(part);
    process.kill(before, 'SIGKILL');
    await until(() => this.#parts.get(part) !== before, `${part} is replaced`);
  }

  /** Has the supervisor replace the processes, and waits until it has. */
  async deploy(): Promise<void> {
    const before = this.#heard;
    this.#process?.kill('SIGHUP');
    await until(
      () =>
        this.lines
          .slice(this.lines.length - (this.#heard - before))
          .some((line) => line.includes('all is replaced')),
      'all is replaced',
    );
  }

  /** kill -9 to every process at once, the supervisor first. */
  async killEverything(): Promise<void> {
    const supervisor = this.#process;
    if (supervisor === null) return;
    const ended = new Promise((resolve) => supervisor.once('exit', resolve));
    supervisor.kill('SIGKILL');
    for (const pid of this.#parts.values()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was quicker.
      }
    }
    await ended;
  }

  /** Stops in order and removes the data. @returns the exit code */
  async stop(): Promise<number | null> {
    const child = this.#process;
    this.#process = null;
    let code: number | null = null;
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      code = await ended;
    }
    await rm(this.data, { recursive: true, force: true });
    return code;
  }
}

/** Waits on a condition, asked every 50 ms. @throws naming what was waited for, after `withinMs` */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline)
      throw new Error(`Waited ${withinMs / 1000} s in vain until ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
