/** A live lane on a socket, as honest as it is told to be, and the time of this machine. */
import { createServer, type Server, type Socket } from 'node:net';
import { chunkOf, HEAD, INIT } from './programme.fixture.ts';
import type { System } from './system.ts';

export const realSystem: System = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  random: () => Math.random(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
  every(intervalMs, task) {
    const handle = setInterval(task, intervalMs);
    return { cancel: () => clearInterval(handle) };
  },
};

/** What the lane does with a chunk for its nth listener: the bytes that are sent. */
export type Lie = (seq: number, listener: number) => readonly Buffer[];
export const truth: Lie = (seq) => [chunkOf(seq)];

export interface Lane {
  readonly port: number;
  /** `from` of every request, in order; null where it was left out. */
  readonly asked: readonly (number | null)[];
  /** Sends the next chunk to everybody. */
  flush(): void;
  /** Ends all connections, as an edge that dies. */
  crash(): void;
  close(): Promise<void>;
}

/** The programme begins at chunk 100; each listener is first sent `bufferChunks`. */
export async function openLane(lie: Lie, bufferChunks = 18): Promise<Lane> {
  let head = 100 + bufferChunks;
  const asked: (number | null)[] = [];
  const sockets = new Map<Socket, number>();
  const server: Server = createServer((socket) => {
    const listener = asked.length;
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.once('data', (request) => {
      const from = /from=(\d+)/.exec(request.toString())?.[1];
      asked.push(from === undefined ? null : Number(from));
      const first = from === undefined ? head - bufferChunks : Number(from);
      const chunks = Array.from({ length: head - first }, (_, index) => first + index);
      const sent = chunks.flatMap((seq) => lie(seq, listener));
      socket.write(Buffer.concat([Buffer.from(HEAD), INIT, ...sent]));
      sockets.set(socket, listener);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as { port: number }).port,
    asked,
    flush() {
      for (const [socket, listener] of sockets) socket.write(Buffer.concat(lie(head, listener)));
      head++;
    },
    crash() {
      for (const socket of sockets.keys()) socket.resetAndDestroy();
    },
    close() {
      for (const socket of sockets.keys()) socket.destroy();
      return new Promise((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
