/**
 * A house that is full, and a group that has seats kept in it: whoever holds the group's link comes in, at
 * whichever edge, as many as there are seats; and when the group is gone its link is worth nothing.
 */
import { connect, type Socket } from 'node:net';
import type { GroupList } from '@parterre/protocol/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';

const CAPACITY = 120;
const SEATS = 10;
const EDGES = 2;
/** Newcomers there is place for beside the group: less the reserve for those who come back, and the edges' float. */
const FULL = CAPACITY - SEATS - 8 - 4 * (EDGES + 1);

let server: TestServer;
const inside = new Set<Socket>();

beforeAll(async () => {
  server = await TestServer.start([
    '--demo',
    '--edges',
    String(EDGES),
    '--capacity',
    String(CAPACITY),
  ]);
  await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
});
afterAll(async () => {
  for (const socket of inside) socket.destroy();
  await server?.stop();
});

function come(query = ''): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write(`GET /live/demo${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
    });
    socket.once('data', (bytes: Buffer) => {
      const status = Number(bytes.toString('latin1', 9, 12));
      if (status !== 200) socket.destroy();
      else inside.add(socket);
      socket.on('close', () => inside.delete(socket)).resume();
      resolve(status);
    });
    socket.on('error', reject);
  });
}

async function write(groups: readonly object[]): Promise<GroupList['groups']> {
  return (await server.call<GroupList>('PUT', '/api/spaces/demo/groups', { groups })).groups;
}

const comesIn = async (query: string): Promise<void> =>
  until(async () => (await come(query)) === 200, `${query} is let in`);

/** What each edge has of a metric. */
async function metric(line: RegExp): Promise<number[]> {
  const text = await (await server.fetch('/metrics')).text();
  return [...text.matchAll(line)].map(([, value]) => Number(value));
}

/** Listeners who took a seat of their group so far, at all edges. */
async function seated(): Promise<number> {
  const counts = await metric(/^parterre_gate_total\{[^}]*what="seated"[^}]*\} (\d+)/gm);
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Every edge has read that so many seats are kept. */
async function known(seats: number): Promise<boolean> {
  const kept = await metric(/^parterre_gate_group_seats\{[^}]*\} (\d+)/gm);
  return kept.length === EDGES && kept.every((count) => count === seats);
}

describe('seats kept for a group', () => {
  test('[P1] [P2] are there in a full house, no more than there are, and go with the group', async () => {
    const [press] = await write([{ name: 'Press', seats: SEATS }]);
    const pass = `?pass=${new URL(press!.path, server.url).searchParams.get('seat')}`;
    await until(() => known(SEATS), 'every edge knows of the group');
    // Until the seats are given out, a link leads the ordinary way.
    await until(async () => (await come(pass)) === 200 && (await seated()) > 0, 'there are seats');
    for (const socket of inside) socket.destroy();
    await until(() => inside.size === 0, 'all have left');
    await Promise.all(Array.from({ length: 4 * CAPACITY }, () => come()));
    // Places that were left are kept a while for those who left them: until then it is not full.
    await until(
      async () => (await come()) === 503 && inside.size === FULL,
      'the house is full but for what is kept',
    );
    for (let seat = 0; seat < SEATS; seat++) await comesIn(pass);
    const full = inside.size;
    const beyond = await Promise.all(Array.from({ length: 20 }, () => come(pass)));
    expect(beyond.filter((status) => status === 200)).toEqual([]);
    expect(await come(`${pass}A`)).toBe(503);

    // Who leaves gives the seat back to the group, and to nobody else.
    [...inside].at(-1)!.destroy();
    await until(() => inside.size === full - 1, 'one has left');
    expect(await come()).toBe(503);
    await comesIn(pass);
    expect(inside.size).toBe(full);

    await write([]);
    // The answer may come before an edge has read the word.
    await until(() => known(0), 'every edge knows that the group is gone');
    [...inside].at(-1)!.destroy();
    await until(() => inside.size === full - 1, 'one has left');
    // The seat is anybody's, and the link opens nothing.
    const before = await seated();
    await Promise.all(Array.from({ length: 20 }, () => come(pass)));
    expect(await seated()).toBe(before);
    expect(inside.size).toBeLessThanOrEqual(CAPACITY);
  });
});
