/**
 * Edges that get no CPU for a while: newcomers do not wait for one that stands still while another could
 * take them, and who came while all stood still is in as soon as they go on.
 */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PartName, TestServer, until } from './support/server.ts';

const EDGES: readonly PartName[] = ['edge-0', 'edge-1'];
/** More than an edge may be ahead of one that has nobody. */
const COMERS = 1_200;
const AT_ONCE = 50;
const AGAIN_MS = 300;
/** Well before the supervisor calls an edge that stands still a dead one. */
const TAKEN_MS_MAX = 10_000;

describe('edges that stand still', () => {
  let server: TestServer;
  const comers: Comer[] = [];

  beforeAll(async () => {
    server = await TestServer.start(['--demo', '--edges', String(EDGES.length)]);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
  });

  afterAll(async () => {
    for (const { socket } of comers) socket.destroy();
    signal('SIGCONT');
    await server?.stop();
  });

  function signal(how: NodeJS.Signals, edges = EDGES): void {
    for (const edge of edges) process.kill(server.pid(edge), how);
  }

  test('[P2] while one stands still, everybody who comes is taken by the other', async () => {
    signal('SIGSTOP', ['edge-0']);
    while (comers.length < COMERS) {
      for (let i = 0; i < AT_ONCE; i++) comers.push(comeTo(server.url));
      await until(() => comers.every(hears), `${comers.length} hear`, TAKEN_MS_MAX);
    }
    signal('SIGCONT', ['edge-0']);
  });

  test('[P1, P2] after all stood still, who was there goes on and who came is in', async () => {
    signal('SIGSTOP');
    const newcomers = Array.from({ length: COMERS }, () => comeTo(server.url));
    await until(() => newcomers.every(({ socket }) => !socket.connecting), 'all are connected');
    const before = comers.map(({ socket }) => socket.bytesRead);
    comers.push(...newcomers);
    signal('SIGCONT');
    await until(() => newcomers.every(hears), 'all hear');
    await until(
      () => before.every((bytes, at) => comers[at]!.socket.bytesRead > bytes),
      'all go on',
    );
    expect(comers.every(({ socket }) => !socket.destroyed)).toBe(true);
  });
});

interface Comer {
  socket: Socket;
  head: string;
}

/** Who is asked to wait comes again, as players do; who is in and is lost does not. */
function comeTo(url: string): Comer {
  const comer = { head: '' } as Comer;
  const knock = (): void => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    Object.assign(comer, { socket, head: '' });
    socket.write('GET /live/demo HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.on('data', (bytes) => {
      if (comer.head === '') comer.head = bytes.toString('latin1', 0, 15);
    });
    socket.on('error', () => socket.destroy());
    socket.on('end', () => {
      if (comer.head.startsWith('HTTP/1.1 503')) setTimeout(knock, AGAIN_MS);
    });
  };
  knock();
  return comer;
}

function hears({ head }: Comer): boolean {
  return head.startsWith('HTTP/1.1 200');
}
