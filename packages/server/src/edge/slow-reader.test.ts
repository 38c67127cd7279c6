/**
 * A reader that stops over a real connection, until the kernel takes no more for it: it waits, the others
 * go on, and when it reads again it goes on nearer to live, on a chunk's boundary.
 */
import { connect, type Socket } from 'node:net';
import { FragmentReader } from '@parterre/media';
import { afterEach, expect, test, vi } from 'vitest';
import { aChunk, aSpace, liveRequest, type RunningEdge, runEdge } from './edge.fixture.ts';

let running: RunningEdge | null = null;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await running?.close();
  running = null;
});

/** Reads the live lane and keeps the sequences that came. */
class Reader {
  readonly seqs: number[] = [];
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1' }, () => this.socket.write(liveRequest()));
    sockets.push(this.socket);
    const fragments = new FragmentReader();
    let head = true;
    this.socket.on('data', (bytes: Buffer) => {
      const body = head ? bytes.subarray(bytes.indexOf('\r\n\r\n') + 4) : bytes;
      head = false;
      for (const part of fragments.push(body)) {
        if (part.kind === 'error') throw part.error;
        if (part.kind === 'fragment') this.seqs.push(part.seq);
      }
    });
  }
}

/** Beyond all that the kernel keeps for a connection, both ends together, bytes. */
const MORE_THAN_FITS = 16 * 1024 * 1024;
/** Makes a chunk large, so that a connection is full soon, bytes. */
const PADDING = 'x'.repeat(40_000);

test('[P1] a reader that stops is waited for and taken forward; the others get every chunk', async () => {
  running = await runEdge();
  const { edge, feed, port } = running;
  feed.space(aSpace({ profile: 'near' }));
  let seq = 0;
  const broadcast = (): void => feed.record(aChunk(seq++, PADDING));
  broadcast();
  const [slow, brisk] = [new Reader(port), new Reader(port)];
  await vi.waitFor(() => expect([slow.seqs.length, brisk.seqs.length]).toEqual([1, 1]));
  slow.socket.pause();
  while (seq * PADDING.length < MORE_THAN_FITS) {
    broadcast();
    await vi.waitFor(() => expect(brisk.seqs.at(-1)).toBe(seq - 1), {
      timeout: 5_000,
      interval: 1,
    });
  }
  expect(edge.counters.skips).toBe(0);
  slow.socket.resume();
  await vi.waitFor(
    () => {
      broadcast();
      expect(slow.seqs.at(-1)).toBeGreaterThan(seq - 5);
    },
    { timeout: 10_000 },
  );
  await vi.waitFor(() => expect(brisk.seqs).toEqual(Array.from({ length: seq }, (_, i) => i)));
  expect(edge.counters.skips).toBe(1);
  expect(edge.counters.drops.stalled).toBe(0);
  const steps = slow.seqs.slice(1).map((next, i) => next - slow.seqs[i]!);
  expect(steps.filter((step) => step !== 1)).toEqual([edge.counters.skippedChunks + 1]);
}, 60_000);
