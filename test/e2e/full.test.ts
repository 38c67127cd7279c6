/**
 * Edges that fill up, small ones by a small limit of descriptors: nobody is refused while any of them has
 * room, who comes when all are full is told so, and who leaves or comes back makes room.
 */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';

const DESCRIPTORS = 500;
const EDGES = 3;
/** What an edge takes with so few descriptors. */
const PLACES = DESCRIPTORS / 2;

describe('a house that fills up', () => {
  let server: TestServer;
  const inside: Socket[] = [];

  beforeAll(async () => {
    const flags = ['--demo', '--edges', String(EDGES)];
    server = await TestServer.start(flags, undefined, {}, DESCRIPTORS);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
  });

  afterAll(async () => {
    for (const socket of inside) socket.destroy();
    await server?.stop();
  });

  test('[P1] who comes back is counted once, at whatever edge their old connection still is', async () => {
    const players = Array.from({ length: 12 }, (_, at) => `player-of-the-test-${at}`);
    const old = await Promise.all(players.map((name) => join(server.url, `session=${name}.0`)));
    const again = await Promise.all(players.map((name) => join(server.url, `session=${name}.1`)));
    inside.push(...again.map(({ socket }) => socket));
    await until(() => old.every(({ socket }) => socket.destroyed), 'the old ones have ended');
    expect(again.filter(({ socket }) => socket.destroyed)).toEqual([]);
  });

  test('[P2] refuses nobody before every edge is full, then tells them when to come again', async () => {
    let refused: string | null = null;
    while (refused === null && inside.length < EDGES * PLACES + 10) {
      const comers = await Promise.all(Array.from({ length: 5 }, () => join(server.url)));
      for (const { socket, head } of comers) {
        if (head.startsWith('HTTP/1.1 200')) inside.push(socket);
        else refused = head;
      }
    }
    expect(refused).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nRetry-After: \d+\r\n/i);
    // The pages' and the test's own connections take a few places.
    expect(inside.length).toBeGreaterThan(EDGES * PLACES - 30);
  });

  test('[P2] whoever is inside goes on hearing', async () => {
    const before = inside.map((socket) => socket.bytesRead);
    await until(() => inside.every((socket, at) => socket.bytesRead > before[at]!), 'all hear');
  });

  test('[P2] takes as many again as have left', async () => {
    const leaving = inside.splice(0, 200);
    for (const socket of leaving) socket.destroy();
    await until(async () => {
      const { socket, head } = await join(server.url);
      if (head.startsWith('HTTP/1.1 200')) inside.push(socket);
      return inside.length > EDGES * PLACES - 60;
    }, 'they are in again');
  });
});

/** A listener, and the head of the answer it got. */
function join(
  url: string,
  query = '',
): Promise<{ readonly socket: Socket; readonly head: string }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      socket.write(`GET /live/demo?${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
    });
    socket.on('data', (bytes) => {
      if (text.includes('\r\n\r\n')) return;
      text += bytes.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end !== -1) resolve({ socket, head: text.slice(0, end + 2) });
    });
    socket.on('error', reject);
  });
}
