/**
 * A real edge in a process of its own, for the benches: on a free port of the loopback, fed over the
 * programme socket named in the first argument, or, without one, by a clock that makes a chunk of real
 * Opus every 200 ms. Tells its counters when asked.
 */
import { holdingFrames } from '@parterre/media';
import { CHUNK_MS, type PublicSpace, RENDITIONS } from '@parterre/protocol';
import {
  silentLog,
  systemClock,
  systemRandom,
  systemTimers,
} from '../packages/server/src/adapters/system/index.ts';
import { UnixFeed } from '../packages/server/src/adapters/unix/index.ts';
import { Edge, LIVE_FORMAT, RADIO_FORMAT } from '../packages/server/src/edge/index.ts';
import type { FeedReader, ProgrammeFeed } from '../packages/server/src/ports/programme-feed.ts';

/** What the edge's process tells when it is asked with `sample`. */
export interface EdgeSample {
  readonly cpuMicros: number;
  readonly writes: number;
  readonly skips: number;
  readonly drops: number;
  readonly rssBytes: number;
  readonly connections: number;
}

export const BENCH_SPACE = 'bench';
const SNAPSHOT_EVERY = 5;
const PAST_CHUNKS = 100;

async function run(socketPath: string): Promise<void> {
  const edge = new Edge({
    clock: systemClock,
    timers: systemTimers,
    feed:
      socketPath === ''
        ? new ClockFeed()
        : new UnixFeed({
            path: socketPath,
            timers: systemTimers,
            random: systemRandom,
            log: silentLog,
          }),
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    tls: null,
    pagesDir: '/nonexistent',
    dataDir: '/nonexistent',
    sockets: { api: '/nonexistent', stage: '/nonexistent' },
    trustProxy: false,
  });
  const { port } = await edge.open({ host: '0.0.0.0', port: 0 });
  process.on('message', (word) => {
    if (word === 'sample') process.send!(sampleOf(edge));
  });
  process.on('disconnect', () => process.exit(0));
  process.send!({ port });
}

function sampleOf(edge: Edge): EdgeSample {
  const { user, system } = process.cpuUsage();
  const { counters } = edge;
  return {
    cpuMicros: user + system,
    writes: counters.writes,
    skips: counters.skips,
    drops: Object.values(counters.drops).reduce((sum, count) => sum + count, 0),
    rssBytes: process.memoryUsage.rss(),
    connections: edge.connections,
  };
}

/** One live space that has been on air for a while. */
class ClockFeed implements ProgrammeFeed {
  follow(reader: FeedReader): { close(): void } {
    const anchorMs = systemClock.wallMs() - PAST_CHUNKS * CHUNK_MS;
    const times = {
      startsAtMs: anchorMs,
      doorsAtMs: anchorMs,
      liveAtMs: anchorMs,
      endedAtMs: null,
    };
    const space: PublicSpace = {
      id: BENCH_SPACE,
      title: 'Bench',
      host: 'Bench',
      state: 'live',
      profile: 'steady',
      rendition: 'voice',
      replayReady: false,
      ...times,
    };
    const snapshot = Buffer.from(
      JSON.stringify({ v: 1, state: 'live', title: 'Bench', seats: [] }),
    );
    let seq = 0;
    const produce = (): void => {
      while (anchorMs + (seq + 1) * CHUNK_MS <= systemClock.wallMs()) {
        reader.record(BENCH_SPACE, 'voice', {
          kind: 'chunk',
          seq,
          epoch: 1,
          capturedAtMs: anchorMs + seq * CHUNK_MS,
          peak: 0,
          frames: holdingFrames(RENDITIONS.voice, seq),
          snapshot: seq % SNAPSHOT_EVERY === 0 ? snapshot : new Uint8Array(0),
        });
        seq++;
      }
    };
    reader.space(space, anchorMs);
    produce();
    reader.ready?.();
    const timer = systemTimers.every(20, produce);
    return { close: () => timer.cancel() };
  }
}

if (process.send !== undefined && import.meta.main) await run(process.argv[2] ?? '');
