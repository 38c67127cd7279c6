/**
 * A real edge in a process of its own, for the benches: fed over the programme socket named in the first
 * argument, or, without one, by a clock that makes a chunk of real Opus every 200 ms while it is going. It
 * listens on a free port, or on descriptor 4 when the second argument is `inherited`; a child that begins
 * without a programme socket begins stopped. Tells its counters when asked.
 */
import { holdingFrames } from '@parterre/media';
import { CHUNK_MS, type PublicSpace, RENDITIONS } from '@parterre/protocol';
import {
  kernelLibrary,
  loadKernel,
  silentLog,
  systemClock,
  systemRandom,
  systemTimers,
} from '../packages/server/src/adapters/system/index.ts';
import { UnixFeed } from '../packages/server/src/adapters/unix/index.ts';
import {
  Edge,
  type EdgeOptions,
  LIVE_FORMAT,
  RADIO_FORMAT,
  type TlsFiles,
} from '../packages/server/src/edge/index.ts';
import type { FeedReader, ProgrammeFeed } from '../packages/server/src/ports/programme-feed.ts';
import type { Chunk } from '../packages/server/src/ports/programme-log.ts';

/** What the edge's process tells when it is asked with `sample`. */
export interface EdgeSample {
  readonly writes: number;
  readonly skips: number;
  readonly drops: number;
  readonly connections: number;
}

export const BENCH_SPACE = 'bench';
const SNAPSHOT_EVERY = 5;
const PAST_CHUNKS = 100;
const INHERITED_FD = 4;
const SNAPSHOT = Buffer.from(JSON.stringify({ v: 1, state: 'live', title: 'Bench', seats: [] }));

/** What the answer's body begins with, before sound. */
export const OPENING_BYTES = LIVE_FORMAT.opening(
  { rendition: RENDITIONS.voice, title: '', host: '' },
  0,
).length;

/** The bytes of [fromSeq, endSeq) as a listener is sent them. */
export function benchSection(fromSeq: number, endSeq: number): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let seq = fromSeq; seq < endSeq; seq++) parts.push(LIVE_FORMAT.wrap(benchChunk(seq, 0)));
  return Buffer.concat(parts);
}

function benchChunk(seq: number, anchorMs: number): Chunk {
  return {
    kind: 'chunk',
    seq,
    epoch: 1,
    capturedAtMs: anchorMs + seq * CHUNK_MS,
    peak: 0,
    frames: holdingFrames(RENDITIONS.voice, seq),
    snapshot: seq % SNAPSHOT_EVERY === 0 ? SNAPSHOT : new Uint8Array(0),
  };
}

/** A real edge with nothing behind it but `feed`. */
export function benchEdge(
  feed: ProgrammeFeed,
  tls: TlsFiles | null,
  ticketKeys: Buffer | null,
  gate: EdgeOptions['gate'] = null,
): Edge {
  return new Edge({
    gate,
    clock: systemClock,
    timers: systemTimers,
    kernel: loadKernel(kernelLibrary()),
    feed,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    tls,
    ticketKeys,
    pagesDir: '/nonexistent',
    dataDir: '/nonexistent',
    sockets: { api: '/nonexistent', stage: '/nonexistent' },
    trustProxy: false,
  });
}

async function run(socketPath: string, inherited: boolean): Promise<void> {
  const clockFeed = new ClockFeed();
  const feed = socketPath === '' ? clockFeed : unixFeed(socketPath);
  const edge = benchEdge(feed, null, null);
  const { port } = await edge.open(inherited ? { fd: INHERITED_FD } : { host: '0.0.0.0', port: 0 });
  process.on('message', (word) => {
    if (word === 'go') clockFeed.go();
    if (word === 'stop') clockFeed.stop();
    process.send!(sampleOf(edge));
  });
  process.on('disconnect', () => process.exit(0));
  process.send!({ port });
}

function unixFeed(path: string): UnixFeed {
  return new UnixFeed({ path, timers: systemTimers, random: systemRandom, log: silentLog });
}

function sampleOf({ counters, connections }: Edge): EdgeSample {
  const drops = Object.values(counters.drops).reduce((sum, count) => sum + count, 0);
  return { writes: counters.writes, skips: counters.skips, drops, connections };
}

/** One live space that has been on air for a while; its clock stands still while it is stopped. */
export class ClockFeed implements ProgrammeFeed {
  #anchorMs = systemClock.wallMs() - PAST_CHUNKS * CHUNK_MS;
  #stoppedAtMs: number | null = systemClock.wallMs();

  go(): void {
    if (this.#stoppedAtMs !== null) this.#anchorMs += systemClock.wallMs() - this.#stoppedAtMs;
    this.#stoppedAtMs = null;
  }

  stop(): void {
    this.#stoppedAtMs ??= systemClock.wallMs();
  }

  follow(reader: FeedReader): { close(): void } {
    let seq = 0;
    const produce = (): void => {
      const nowMs = this.#stoppedAtMs ?? systemClock.wallMs();
      for (; this.#anchorMs + (seq + 1) * CHUNK_MS <= nowMs; seq++)
        reader.record(BENCH_SPACE, 'voice', benchChunk(seq, this.#anchorMs));
    };
    reader.space(spaceSince(this.#anchorMs), this.#anchorMs, []);
    produce();
    reader.ready?.();
    const timer = systemTimers.every(CHUNK_MS, produce);
    return { close: () => timer.cancel() };
  }
}

function spaceSince(anchorMs: number): PublicSpace {
  return {
    id: BENCH_SPACE,
    title: 'Bench',
    host: 'Bench',
    state: 'live',
    profile: 'steady',
    rendition: 'voice',
    replayReady: false,
    startsAtMs: anchorMs,
    doorsAtMs: anchorMs,
    liveAtMs: anchorMs,
    endedAtMs: null,
  };
}

if (process.send !== undefined && import.meta.main) {
  await run(process.argv[2] ?? '', process.argv[3] === 'inherited');
}
