/**
 * What the tests of the edge stand on: a programme feed under the test's hand, whose chunks are real
 * Opus, an edge on a free port of the loopback, and a bare client that keeps every byte.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdingFrames } from '@parterre/media';
import { CHUNK_MS, type PublicSpace, RENDITIONS } from '@parterre/protocol';
import { kernelLibrary, loadKernel } from '../adapters/system/index.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { FeedReader, ProgrammeFeed } from '../ports/programme-feed.ts';
import type { Chunk, ProgrammeRecord } from '../ports/programme-log.ts';
import { Edge, type EdgeOptions } from './edge.ts';
import { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';

export const ANCHOR_MS = 1_800_000_000_000;

export function aSpace(change: Partial<PublicSpace> = {}): PublicSpace {
  return {
    id: 'evening',
    title: 'An evening',
    host: 'Ada',
    state: 'live',
    profile: 'near',
    rendition: 'voice',
    startsAtMs: ANCHOR_MS,
    doorsAtMs: ANCHOR_MS,
    liveAtMs: ANCHOR_MS,
    endedAtMs: null,
    replayReady: false,
    ...change,
  };
}

export function aChunk(seq: number, snapshot = ''): Chunk {
  return {
    kind: 'chunk',
    seq,
    epoch: 1,
    capturedAtMs: ANCHOR_MS + seq * CHUNK_MS,
    peak: 100,
    frames: holdingFrames(RENDITIONS.voice, seq),
    snapshot: Buffer.from(snapshot),
  };
}

/** A feed that says what the test tells it to. */
export class FakeFeed implements ProgrammeFeed {
  #reader: FeedReader | null = null;

  follow(reader: FeedReader): { close(): void } {
    this.#reader = reader;
    return { close: () => {} };
  }

  space(space: PublicSpace): void {
    this.#reader!.space(space, ANCHOR_MS, []);
  }

  ready(): void {
    this.#reader!.ready!();
  }

  removed(spaceId: string): void {
    this.#reader!.removed(spaceId);
  }

  record(record: ProgrammeRecord, spaceId = 'evening'): void {
    this.#reader!.record(spaceId, 'voice', record);
  }

  /** Chunks [fromSeq, endSeq). */
  chunks(fromSeq: number, endSeq: number): void {
    for (let seq = fromSeq; seq < endSeq; seq++) this.record(aChunk(seq));
  }
}

const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

const timers: Timers = {
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, task) {
    const handle = setInterval(task, intervalMs);
    return { cancel: () => clearInterval(handle) };
  },
};

export interface RunningEdge {
  readonly edge: Edge;
  readonly feed: FakeFeed;
  readonly port: number;
  readonly url: string;
  /** The data folder; `spaces/{id}/replay.*` under it are served. */
  readonly folder: string;
  close(): Promise<void>;
}

let kernel = loadKernel(kernelLibrary());
/** From here on, edges run as where the kernel's calls cannot be had. */
export function withoutKernel(): void {
  kernel = null;
}
/** From here on, edges run as where the library of the kernel's loops was not built. */
export function withoutLoops(): void {
  kernel = loadKernel(null);
}

export async function runEdge(change: Partial<EdgeOptions> = {}): Promise<RunningEdge> {
  const folder = mkdtempSync(join(tmpdir(), 'edge-'));
  const feed = new FakeFeed();
  const edge = new Edge({
    clock,
    timers,
    feed,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    tls: null,
    pagesDir: join(folder, 'pages'),
    dataDir: folder,
    sockets: { api: join(folder, 'api.sock'), stage: join(folder, 'stage.sock') },
    trustProxy: false,
    kernel,
    ...change,
  });
  const { port } = await edge.open({ host: '127.0.0.1', port: 0 });
  feed.ready();
  return {
    edge,
    feed,
    port,
    url: `http://127.0.0.1:${port}`,
    folder,
    async close() {
      await edge.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A raw connection that sends what it is told and keeps what comes. */
export class RawClient {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #bytes = Buffer.alloc(0);
  #waiting: { readonly holds: (bytes: Buffer) => boolean; readonly done: () => void }[] = [];

  constructor(port: number, send: string, host = '127.0.0.1') {
    this.socket = connect({ port, host, allowHalfOpen: true }, () => {
      if (send !== '') this.socket.write(send);
    });
    this.socket.on('data', (bytes: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, bytes]);
      this.#look();
    });
    this.socket.on('error', () => {});
    this.socket.on('end', () => this.socket.end());
    this.closed = new Promise((resolve) => this.socket.on('close', () => resolve()));
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  get text(): string {
    return this.#bytes.toString('latin1');
  }

  /** What came after the head. */
  get body(): Buffer {
    return this.#bytes.subarray(this.#bytes.indexOf('\r\n\r\n') + 4);
  }

  /** Resolves when what has come satisfies `holds`. */
  until(holds: (bytes: Buffer) => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ holds, done: resolve });
      this.#look();
    });
  }

  #look(): void {
    this.#waiting = this.#waiting.filter(({ holds, done }) => {
      if (!holds(this.#bytes)) return true;
      done();
      return false;
    });
  }
}

export function liveRequest(target = '/live/evening', method = 'GET'): string {
  return `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n`;
}

/** Time under the test's hand: `pass` runs what falls due, in order. */
export class ManualTime implements Clock, Timers {
  #nowMs = 0;
  #tasks: { dueMs: number; readonly everyMs: number | null; readonly run: () => void }[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return ANCHOR_MS + this.#nowMs;
  }

  after(delayMs: number, task: () => void): { cancel(): void } {
    return this.#add(delayMs, null, task);
  }

  every(intervalMs: number, task: () => void): { cancel(): void } {
    return this.#add(intervalMs, intervalMs, task);
  }

  #add(delayMs: number, everyMs: number | null, run: () => void): { cancel(): void } {
    const task = { dueMs: this.#nowMs + delayMs, everyMs, run };
    this.#tasks.push(task);
    return {
      cancel: () => {
        this.#tasks = this.#tasks.filter((each) => each !== task);
      },
    };
  }

  pass(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#tasks.filter((task) => task.dueMs <= untilMs);
      const next = due.sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === null) this.#tasks = this.#tasks.filter((task) => task !== next);
      else next.dueMs += next.everyMs;
      next.run();
    }
    this.#nowMs = untilMs;
  }
}

/** A listener's connection that keeps what is written; `taking` false is a reader that has stopped. */
export class FakeSink {
  readonly writes: Uint8Array[] = [];
  taking = true;
  destroyed = false;
  ended = false;
  writableLength = 0;

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    if (!this.taking) this.writableLength += bytes.length;
    return this.taking;
  }

  end(): void {
    this.ended = true;
  }

  destroy(): void {
    this.destroyed = true;
  }

  /** The reader takes all that waits. */
  drain(): void {
    this.writableLength = 0;
    this.taking = true;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.writes);
  }
}
