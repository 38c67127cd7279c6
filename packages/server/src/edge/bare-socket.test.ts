/** Connections without `net.Socket`, over the loopback: nothing is lost, doubled or left behind. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { kernelLibrary, loadKernel } from '../adapters/system/index.ts';
import { BareServer, type BareServerOwner } from './bare-server.ts';
import type { BareSocket } from './bare-socket.ts';

let server: BareServer | null = null;
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server?.stop();
  server = null;
});

interface Pair {
  readonly client: Socket;
  readonly bare: BareSocket;
  readonly told: string[];
  /** What has come to the client. */
  readonly received: () => Buffer;
}

/** A connection whose first packet has come. */
async function aPair(first?: (socket: BareSocket, bytes: Buffer) => void): Promise<Pair> {
  const ordinary = createServer({ allowHalfOpen: true });
  await once(ordinary.listen(0, '127.0.0.1'), 'listening');
  const { port } = ordinary.address() as AddressInfo;
  const told: string[] = [];
  const accepted: BareSocket[] = [];
  const owner: BareServerOwner = {
    accepted: (socket, packet, length) => {
      accepted.push(socket);
      socket.begin(packet, length);
    },
    exhausted: () => void told.push('exhausted'),
    first: (socket, packet, length) => {
      told.push(`first ${packet.toString('latin1', 0, length)}`);
      first?.(socket, Buffer.from(packet.subarray(0, length)));
    },
    ended: () => void told.push('ended'),
    closed: () => void told.push('closed'),
  };
  server = BareServer.instead(loadKernel(kernelLibrary())!, ordinary, 128, owner);
  expect(server?.taking).toBe(true);
  const client = connect({ port, host: '127.0.0.1' });
  clients.push(client);
  client.on('error', () => {});
  const parts: Buffer[] = [];
  client.on('data', (bytes: Buffer) => parts.push(bytes));
  client.write('hello');
  await vi.waitFor(() => expect(told).toContain('first hello'));
  return { client, bare: accepted[0]!, told, received: () => Buffer.concat(parts) };
}

/** Larger than all that the kernel takes at once, both ends together. */
const LARGE = Buffer.alloc(4 * 1024 * 1024, 'abcdefgh');
const PIECES = 8;

test('[P1] what the kernel does not take at once is counted, waits in order, and arrives', async () => {
  const { client, bare, received } = await aPair();
  client.pause();
  for (let piece = 0; piece < PIECES; piece++) bare.write(LARGE);
  bare.write(Buffer.from('last'));
  expect(bare.writableLength).toBeGreaterThan(LARGE.length);
  client.resume();
  const whole = Buffer.concat([
    ...Array.from({ length: PIECES }, () => LARGE),
    Buffer.from('last'),
  ]);
  await vi.waitFor(() => expect(received().length).toBe(whole.length), { timeout: 10_000 });
  expect(received().equals(whole)).toBe(true);
  expect(bare.writableLength).toBe(0);
});

test('the end comes after what waits, and is told once', async () => {
  const { client, bare, told, received } = await aPair();
  client.pause();
  for (let piece = 0; piece < PIECES; piece++) bare.write(LARGE);
  bare.end(Buffer.from('last'));
  bare.end();
  expect(bare.write(Buffer.from('too late'))).toBe(false);
  client.resume();
  await once(client, 'end');
  expect(received().length).toBe(PIECES * LARGE.length + 4);
  expect(received().subarray(-4).toString()).toBe('last');
  await vi.waitFor(() => expect(told).toEqual(['first hello', 'ended', 'closed']));
});

test('one that is destroyed while bytes wait lets go of all, and is told once', async () => {
  const { client, bare, told } = await aPair();
  client.pause();
  for (let piece = 0; piece < PIECES; piece++) bare.write(LARGE);
  bare.destroy();
  bare.destroy();
  client.resume();
  await once(client, 'close');
  await vi.waitFor(() => expect(bare.writableLength).toBe(0));
  expect(told).toEqual(['first hello', 'closed']);
  expect(bare.write(LARGE)).toBe(false);
});

test('a peer that resets the connection, with bytes on the way, closes it', async () => {
  const { client, bare, told } = await aPair();
  client.pause();
  for (let piece = 0; piece < PIECES; piece++) bare.write(LARGE);
  client.resetAndDestroy();
  await vi.waitFor(() => expect(told).toEqual(['first hello', 'closed']));
  expect(bare.destroyed).toBe(true);
});

test('becomes a socket that has lost nothing and is nobody else’s', async () => {
  let socket: Socket | null = null;
  const { client, told, received } = await aPair((bare, bytes) => {
    socket = bare.become();
    socket.unshift(bytes);
    socket.on('data', (more: Buffer) => socket!.write(more.toString().toUpperCase()));
    socket.on('end', () => socket!.end('.'));
    socket.resume();
  });
  await vi.waitFor(() => expect(received().toString()).toBe('HELLO'));
  client.write('again');
  await vi.waitFor(() => expect(received().toString()).toBe('HELLOAGAIN'));
  client.end();
  await once(client, 'close');
  expect(received().toString()).toBe('HELLOAGAIN.');
  expect(told).toEqual(['first hello']);
});

test('a server that does not listen is left as it is', () => {
  const owner = { accepted() {}, exhausted() {}, first() {}, ended() {}, closed() {} };
  expect(BareServer.instead(loadKernel(kernelLibrary())!, createServer(), 128, owner)).toBe(null);
});

test('[P1] what is written by number is one stream with what is written by the socket', async () => {
  const { client, bare, received } = await aPair();
  client.pause();
  const { descriptors, fd } = bare;
  let sent = 0;
  for (let piece = 0; piece < PIECES && bare.writableLength === 0; piece++) {
    const taken = descriptors.write(fd, LARGE);
    if (taken < LARGE.length) bare.owe(LARGE, taken);
    sent += LARGE.length;
  }
  expect(bare.writableLength).toBeGreaterThan(0);
  bare.write(Buffer.from('last'));
  client.resume();
  await vi.waitFor(() => expect(received().length).toBe(sent + 4), { timeout: 10_000 });
  expect(received().subarray(0, LARGE.length).equals(LARGE)).toBe(true);
  expect(received().subarray(-4).toString()).toBe('last');
});

test('a server leaves the socket to others and takes from it again', async () => {
  const { told } = await aPair();
  const first = told.length;
  server?.leave();
  expect(server?.taking).toBe(false);
  const later = connect({ port: clients[0]!.remotePort!, host: '127.0.0.1' });
  clients.push(later);
  later.write('later');
  await once(later, 'connect'); // by the kernel
  expect(told.length).toBe(first);
  server?.take();
  await vi.waitFor(() => expect(told).toContain('first later'));
});

test('a machine without a descriptor left keeps the server it has', async () => {
  const ordinary = createServer();
  await once(ordinary.listen(0, '127.0.0.1'), 'listening');
  const owner = { accepted() {}, exhausted() {}, first() {}, ended() {}, closed() {} };
  const spent = { ...loadKernel(kernelLibrary())!, epoll_create1: () => -1 };
  expect(BareServer.instead(spent, ordinary, 128, owner)).toBe(null);
  expect(ordinary.listening).toBe(true);
  ordinary.close();
});
