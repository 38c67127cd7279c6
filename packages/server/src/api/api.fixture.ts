/**
 * What the api's tests stand on: a real store in memory, a programme that keeps the port's rules and can
 * be away, a clock and timers under the test's hand, and requests as an edge sends them.
 */
import { ParterreError, type PublicSpace } from '@parterre/protocol';
import { signingKey } from '@parterre/rehearsal/signing';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { Registry } from 'prom-client';
import { MemoryClips, MemoryRemovals } from '../adapters/memory/index.ts';
import { openSqliteStore } from '../adapters/sqlite/index.ts';
import type { Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Attendant, ProgrammeControl, SpacePlan } from '../ports/programme-control.ts';
import type { Random } from '../ports/random.ts';
import { SERVER } from '../ports/rehearsal-result.sample.ts';
import type { Store } from '../ports/store.ts';
import { signOwnerLink, signOwnerSession } from '../spaces/index.ts';
import { Directory } from './directory.ts';
import type { Api, ApiOptions } from './instance.ts';
import { buildApi } from './server.ts';

export const NOW_MS = 1_800_000_000_000;
export const PASS_KEY = Buffer.alloc(32, 1);
export const OWNER_KEY = Buffer.alloc(32, 2);
export const SIGNING = signingKey(Buffer.alloc(32, 3));

export class FakeProgramme implements ProgrammeControl {
  readonly spaces = new Map<string, PublicSpace>();
  readonly calls: string[] = [];
  attendants: readonly Attendant[] = [];
  away = false;
  /** Takes the request and loses the answer. */
  deaf = false;
  full = false;
  #observer: (space: PublicSpace) => void = () => {};
  #removed: (spaceId: string) => void = () => {};

  async plan(plan: SpacePlan): Promise<PublicSpace> {
    this.#asked(`plan ${plan.id}`);
    if (this.full) throw new ParterreError('spaces_full');
    const { holdingSound: _unknownOutside, ...known } = plan;
    const before = this.spaces.get(plan.id);
    if (before?.state === 'ended') throw new ParterreError('ended');
    const fresh = {
      state: 'scheduled',
      liveAtMs: null,
      endedAtMs: null,
      replayReady: false,
    } as const;
    const opened =
      before === undefined || before.state === 'scheduled' ? {} : { doorsAtMs: before.doorsAtMs };
    return this.#answer({ ...fresh, ...before, ...known, ...opened });
  }

  async openDoors(id: string): Promise<PublicSpace> {
    this.#asked(`doors ${id}`);
    return this.#answer({ ...this.#known(id), state: 'doors', doorsAtMs: NOW_MS });
  }

  async start(id: string): Promise<PublicSpace> {
    this.#asked(`start ${id}`);
    return this.#answer({ ...this.#known(id), state: 'live', liveAtMs: NOW_MS });
  }

  async end(id: string): Promise<PublicSpace> {
    this.#asked(`end ${id}`);
    return this.#answer({ ...this.#known(id), state: 'ended', endedAtMs: NOW_MS });
  }

  async relaunch(id: string, successor: string): Promise<PublicSpace> {
    this.#asked(`relaunch ${id} ${successor}`);
    this.#answer({ ...this.#known(successor), state: 'live', liveAtMs: NOW_MS });
    return this.#answer({ ...this.#known(id), state: 'ended', endedAtMs: NOW_MS, successor });
  }

  async attendance(): Promise<readonly Attendant[]> {
    this.#asked('attendance');
    return this.attendants;
  }

  async remove(id: string): Promise<void> {
    this.#asked(`remove ${id}`);
    if (!this.spaces.delete(id)) throw new ParterreError('unknown_space');
    this.#removed(id);
  }

  observe(observer: (space: PublicSpace) => void, removed = (_spaceId: string): void => {}): void {
    this.#observer = observer;
    this.#removed = removed;
    this.report();
  }

  /** Says everything it knows, as after a reconnection. */
  report(): void {
    if (!this.away) for (const space of this.spaces.values()) this.#observer(space);
  }

  /** Loses a space by itself. */
  lose(id: string): void {
    this.spaces.delete(id);
    this.#removed(id);
  }

  close(): void {}

  #asked(call: string): void {
    if (this.away) throw new ParterreError('part_away');
    this.calls.push(call);
  }

  #known(id: string): PublicSpace {
    const space = this.spaces.get(id);
    if (space === undefined) throw new ParterreError('unknown_space');
    return space;
  }

  #answer(space: PublicSpace): PublicSpace {
    this.spaces.set(space.id, space);
    this.#observer(space);
    if (this.deaf) throw new ParterreError('part_away');
    return space;
  }
}

/** Timers that run when told to. */
export class HandTimers implements Timers {
  readonly #tasks = new Set<() => void>();

  after(_delayMs: number, task: () => void) {
    const once = () => {
      this.#tasks.delete(once);
      task();
    };
    return this.#add(once);
  }

  every(_intervalMs: number, task: () => void) {
    return this.#add(task);
  }

  /** Runs everything that is pending, once. */
  run(): void {
    for (const task of [...this.#tasks]) task();
  }

  get pending(): number {
    return this.#tasks.size;
  }

  #add(task: () => void) {
    this.#tasks.add(task);
    return { cancel: () => void this.#tasks.delete(task) };
  }
}

export class KeptLog implements Log {
  readonly lines: string[] = [];
  debug = (fields: object, message: string) => this.#keep('debug', fields, message);
  info = (fields: object, message: string) => this.#keep('info', fields, message);
  warn = (fields: object, message: string) => this.#keep('warn', fields, message);
  error = (fields: object, message: string) => this.#keep('error', fields, message);
  child = () => this;

  #keep(level: string, fields: object, message: string): void {
    const { err } = fields as { err?: unknown };
    this.lines.push(
      `${level} ${message} ${JSON.stringify(fields)} ${err === undefined ? '' : String(err)}`,
    );
  }
}

export interface House {
  readonly api: Api;
  readonly store: Store;
  readonly programme: FakeProgramme;
  readonly removals: MemoryRemovals;
  readonly clips: MemoryClips;
  readonly directory: Directory;
  readonly timers: HandTimers;
  readonly log: KeptLog;
  readonly clock: { nowMs: number; wallMs(): number; monotonicMs(): number };
  /** A request as the edge passes it on, from 192.0.2.7 unless told otherwise. */
  ask(method: string, url: string, options?: AskOptions): Promise<LightMyRequestResponse>;
  asOwner(method: string, url: string, body?: object): Promise<LightMyRequestResponse>;
  close(): Promise<void>;
}

export interface AskOptions {
  readonly body?: object;
  readonly payload?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string;
}

export async function openHouse(
  change: Partial<ApiOptions> = {},
  parts: { store?: Store; programme?: FakeProgramme } = {},
): Promise<House> {
  const store = parts.store ?? openSqliteStore(':memory:');
  await store.migrate();
  const programme = parts.programme ?? new FakeProgramme();
  const removals = new MemoryRemovals();
  const clips = new MemoryClips();
  const timers = new HandTimers();
  const log = new KeptLog();
  const random = countedRandom();
  const clock = { nowMs: NOW_MS, wallMs: () => clock.nowMs, monotonicMs: () => clock.nowMs };
  const directory = new Directory({ store, programme, clock, timers, random, log });
  const api = await buildApi({
    store,
    directory,
    removals,
    clips,
    clock,
    random,
    log,
    passKey: PASS_KEY,
    ownerKey: OWNER_KEY,
    publicUrl: 'https://live.example.org',
    proxyHops: 1,
    iceServers: [{ urls: ['stun:stun.example.org'] }],
    version: '0.0.0',
    signing: SIGNING,
    server: SERVER,
    keepNewest: async () => undefined,
    machine: { diskHours: () => 100, clockSynchronised: async () => true },
    metrics: new Registry(),
    collectMetrics: async () => 'collected 1\n',
    ...change,
  });
  directory.open();
  const ask: House['ask'] = (method, url, { body, payload, headers, cookie } = {}) => {
    const text = payload ?? (body === undefined ? undefined : JSON.stringify(body));
    return api.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      remoteAddress: '127.0.0.1',
      headers: {
        host: 'live.example.org',
        'x-forwarded-for': '192.0.2.7',
        'x-forwarded-proto': 'https',
        ...(text === undefined ? {} : { 'content-type': 'application/json' }),
        ...(cookie === undefined ? {} : { cookie: `parterre_owner=${cookie}` }),
        ...headers,
      },
      ...(text === undefined ? {} : { payload: text }),
    });
  };
  return {
    api,
    store,
    programme,
    removals,
    clips,
    directory,
    timers,
    log,
    clock,
    ask,
    asOwner: (method, url, body) =>
      ask(method, url, { cookie: ownerCookie(), ...(body === undefined ? {} : { body }) }),
    async close() {
      await api.close();
      await directory.close();
      await store.close();
    },
  };
}

export function ownerCookie(expiresAtMs = NOW_MS + 60_000): string {
  return signOwnerSession(OWNER_KEY, { id: 'session', expiresAtMs });
}

export function ownerLink(id: string, expiresAtMs = NOW_MS + 60_000): string {
  return signOwnerLink(OWNER_KEY, { id, expiresAtMs });
}

/** Every byte string is another one. */
function countedRandom(): Random {
  let count = 0;
  return {
    uniform: () => 0.5,
    bytes(length) {
      const bytes = Buffer.alloc(length);
      bytes.writeUInt32BE(++count, length - 4);
      return bytes;
    },
  };
}
