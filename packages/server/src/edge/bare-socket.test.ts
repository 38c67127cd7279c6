/** Connections without `net.Socket`, over the loopback: nothing is lost, doubled or left behind. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { type BareOwner, type BareSocket, bareSockets } from './bare-socket.ts';

let server: Server;
const clients: Socket[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
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
  server = createServer({ allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const told: string[] = [];
  const owner: BareOwner = {
    first: (socket, bytes) => {
      told.push(`first ${bytes.toString()}`);
      first?.(socket, bytes);
    },
    ended: () => void told.push('ended'),
    closed: () => void told.push('closed'),
  };
  const accepted: BareSocket[] = [];
  expect(bareSockets(server, owner, (socket) => void accepted.push(socket))).toBe(true);
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
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
  server = createServer();
  const owner = { first() {}, ended() {}, closed() {} };
  expect(bareSockets(server, owner, () => {})).toBe(false);
});
