/** Many connections in one call: the kernel's loops where they were built, and the same call by call. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { kernelLibrary, loadKernel } from '../adapters/system/index.ts';
import { BareServer } from './bare-server.ts';
import type { BareSocket } from './bare-socket.ts';
import { ACCEPTS_A_TURN_MAX, fdsOfRoom, NOBODY } from './descriptors.ts';

const withLoops = loadKernel(kernelLibrary())!;
const kernels = [
  ['as built', withLoops],
  ['call by call', loadKernel(null)!],
] as const;
/** More than the kernel takes at once, both ends together. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'abcdefgh');

let server: BareServer | null = null;
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server?.close();
  server = null;
});

function received(client: Socket): () => Buffer {
  const parts: Buffer[] = [];
  client.on('data', (bytes: Buffer) => parts.push(bytes));
  client.on('error', () => {});
  return () => Buffer.concat(parts);
}

describe.each(kernels)('%s', (_, kernel) => {
  async function crowd(
    size: number,
    first: (socket: BareSocket, packet: string) => void,
  ): Promise<BareSocket[]> {
    const ordinary = createServer({ allowHalfOpen: true });
    await once(ordinary.listen(0, '127.0.0.1'), 'listening');
    const { port } = ordinary.address() as AddressInfo;
    const sockets: BareSocket[] = [];
    server = BareServer.instead(kernel, ordinary, 512, {
      accepted: (socket, packet, length) => socket.begin(packet, length),
      exhausted() {},
      first(socket, packet, length) {
        if (!sockets.includes(socket)) sockets.push(socket);
        first(socket, packet.toString('latin1', 0, length));
      },
      ended() {},
      closed() {},
    });
    // All wait in the kernel's queue, with what they have to say, before any is taken.
    server!.leave();
    for (let index = 0; index < size; index++) {
      const client = connect({ port, host: '127.0.0.1' });
      clients.push(client);
      client.write(`I am ${index}`);
    }
    await Promise.all(clients.map((client) => once(client, 'connect')));
    server!.take();
    await vi.waitFor(() => expect(sockets.length).toBe(size));
    return sockets;
  }

  test('[P1] more than one turn takes are all taken, each with what it has said', async () => {
    const said = new Set<string>();
    const size = 2 * ACCEPTS_A_TURN_MAX + 1;
    await crowd(size, (_, packet) => said.add(packet));
    expect(said).toEqual(new Set(Array.from({ length: size }, (_, index) => `I am ${index}`)));
  });

  test('[P1] the same bytes go to all; who takes less is named, and nobody else', async () => {
    const sockets = await crowd(3, () => {});
    const { descriptors } = sockets[0]!;
    const fds = fdsOfRoom(4);
    fds.set([sockets[0]!.fd, NOBODY, sockets[1]!.fd, sockets[2]!.fd]);
    expect(descriptors.writeEach(fds, 4, Buffer.from('all'))).toBe(0);
    const heard = clients.map(received);
    await vi.waitFor(() =>
      expect(heard.map((each) => each().toString())).toEqual(['all', 'all', 'all']),
    );
    clients[0]!.pause();
    clients[1]!.pause();
    clients[2]!.pause();
    expect(descriptors.writeEach(fds, 3, LARGE)).toBe(2);
    const { cut } = descriptors;
    expect([cut[0], cut[2]]).toEqual([0, 2]);
    expect(cut[1]).toBeGreaterThan(0);
    expect(cut[1]).toBeLessThan(LARGE.length);
    sockets[0]!.owe(LARGE, cut[1]!);
    clients[0]!.resume();
    await vi.waitFor(() => expect(heard[0]!().length).toBe(3 + LARGE.length), { timeout: 10_000 });
    expect(heard[0]!().subarray(3).equals(LARGE)).toBe(true);
  });

  test('[P1] one that is broken took nothing', async () => {
    const sockets = await crowd(2, () => {});
    const { descriptors } = sockets[0]!;
    kernel.shutdown(sockets[0]!.fd, 2);
    const fds = fdsOfRoom(2);
    fds.set([sockets[0]!.fd, sockets[1]!.fd]);
    expect(descriptors.writeEach(fds, 2, Buffer.from('all'))).toBe(1);
    expect([descriptors.cut[0], descriptors.cut[1]]).toEqual([0, 0]);
  });

  test('[P1] what is gathered in a turn comes before whatever follows it', async () => {
    const first = Buffer.from('first.');
    await crowd(3, (socket, packet) => {
      socket.open(packet === 'I am 1' ? Buffer.from('other.') : first);
      if (packet === 'I am 0') socket.end(Buffer.from('last.'));
      else if (packet === 'I am 2') socket.destroy();
      else socket.write(Buffer.from('more.'));
    });
    const heard = clients.map(received);
    await vi.waitFor(() =>
      expect(heard.map((each) => each().toString())).toEqual([
        'first.last.',
        'other.more.',
        'first.',
      ]),
    );
  });

  test('[P2] each who asks in one turn is answered in their own words, again where they are kept', async () => {
    const asked: string[] = [];
    await crowd(4, (socket, packet) => {
      asked.push(packet);
      socket.answer(Buffer.from(`not yet, ${packet}.`), packet !== 'I am 3');
    });
    const heard = clients.map(received);
    const gone = once(clients[3]!, 'close');
    await vi.waitFor(() =>
      expect(heard.map((each) => each().toString())).toEqual(
        [0, 1, 2, 3].map((index) => `not yet, I am ${index}.`),
      ),
    );
    await gone;
    for (const index of [0, 2]) clients[index]!.write(`still ${index}`);
    await vi.waitFor(() => expect(heard[2]!().toString()).toContain('not yet, still 2.'));
    await vi.waitFor(() => expect(heard[0]!().toString()).toContain('not yet, still 0.'));
    expect(heard[1]!().toString()).toBe('not yet, I am 1.');
    expect(asked.slice(0, 4).toSorted()).toEqual(['I am 0', 'I am 1', 'I am 2', 'I am 3']);
  });

  test('who does not take the answer is given all of it, and the end', async () => {
    let answer = LARGE;
    const [socket] = await crowd(1, (each) => {
      each.answer(answer, true);
      answer = Buffer.from('no more');
    });
    const heard = received(clients[0]!);
    expect(socket!.writableLength).toBeGreaterThan(0);
    clients[0]!.write('again');
    await once(clients[0]!, 'end');
    expect(heard().equals(LARGE)).toBe(true);
  });

  test('one that another has ended in the same turn is told of nothing', async () => {
    const told: string[] = [];
    const sockets = await crowd(2, (socket, packet) => {
      told.push(packet);
      if (packet === 'again') for (const each of sockets) if (each !== socket) each.destroy();
      socket.answer(Buffer.from('.'), true);
    });
    const heard = clients.map(received);
    await vi.waitFor(() => expect(heard.map((each) => each().toString())).toEqual(['.', '.']));
    for (const client of clients) client.write('again');
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(2));
    await vi.waitFor(() => expect(sockets.some(({ destroyed }) => destroyed)).toBe(true));
    expect(sockets.filter(({ destroyed }) => !destroyed)).toHaveLength(1);
    expect(told).toEqual(['I am 0', 'I am 1', 'again']);
  });
});

test('the loops are there where the machine has a compiler', () => {
  if (existsSync('/usr/bin/cc')) expect(withLoops.loops).not.toBe(null);
  expect(loadKernel('/nowhere/edge.so')!.loops).toBe(null);
});
