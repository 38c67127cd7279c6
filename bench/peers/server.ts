/**
 * A fan-out server under comparison: a process of its own that sends the bench's chunks to its listeners
 * while it is going, and is measured from outside, by what the kernel counts for its process.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Wanted } from './crowd.ts';

export interface FanoutServer {
  readonly name: string;
  /** Every process whose CPU is the server's. */
  readonly pids: readonly number[];
  /** Where a listener finds the programme. */
  readonly stage: Wanted;
  /** Where one finds it who joins while the programme is stopped. */
  readonly doors: Wanted;
  /** Begins to send a chunk every interval; begins stopped. */
  go(): Promise<void>;
  stop(): Promise<void>;
  /** Chunk writes so far, of a server whose interval is its own to choose; others' are counted by bytes. */
  writes?(): Promise<number>;
  /** Idempotent. */
  close(): void;
}

/** What every server sends, the bytes of one flush and of one answer. */
export interface Programme {
  readonly intervalMs: number;
  readonly slices: number;
  /** The whole answer to one who joins: head, opening, buffer. */
  readonly answer: Uint8Array;
  /** Of the answer, what stands before its first audio byte: the head, and the opening. */
  readonly headBytes: number;
  readonly openingBytes: number;
  /** What a listener is sent each interval. */
  readonly chunk: Uint8Array;
}

/** Time on a core of all threads of these processes, ns (`/proc/PID/task/TID/schedstat`). */
export function cpuNs(pids: readonly number[]): number {
  let ns = 0;
  for (const pid of pids) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
    }
  }
  return ns;
}

/** Resident memory, bytes. */
export function rssBytes(pids: readonly number[]): number {
  let kib = 0;
  for (const pid of pids) {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    kib += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }
  return kib * 1_024;
}

const START_TRIES_MAX = 100;

/** A free port of the loopback, for servers that must be told one. */
export async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Resolves when a server listens on `port`. @throws when it does not in five seconds */
export async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < START_TRIES_MAX; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.on('error', () => resolve(false));
      socket.on('connect', () => socket.destroy());
    });
    if (open) return;
    await wait(50);
  }
  throw new Error(`Nothing listens on ${port}.`);
}
