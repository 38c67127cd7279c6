/** Visitors before a full house: they stand in line as the player does, and see when the gate does wrong. */
import { createServer, type Server } from 'node:net';
import type { NowServing, Order } from '@parterre/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Crowd } from './crowd.ts';
import { realSystem } from './lane.fixture.ts';
import { chunkOf, HEAD, INIT } from './programme.fixture.ts';
import type { System } from './system.ts';

/** A house whose gate is under the test's hand. */
interface House {
  readonly port: number;
  places: number;
  front: Order;
  open: boolean;
  refusesTickets: boolean;
  /** Each `from … to` of the requests, in order. */
  readonly asked: string[];
}

const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) void each.close();
});

const json = (status: string, value: unknown): string => {
  const body = JSON.stringify(value);
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
};

async function aHouse(): Promise<House> {
  const house = { port: 0, places: 0, front: { second: 0, rank: 0 }, open: true };
  const state: House = { ...house, refusesTickets: false, asked: [] };
  let tickets = 0;
  const live = (path: string): string | Buffer => {
    const ticket = /ticket=(\d+)/.exec(path)?.[1];
    if (ticket !== undefined && state.refusesTickets)
      return json('409 Conflict', { error: { code: 'ticket_invalid' } });
    if (state.places === 0) {
      const refusal = json('503 Service Unavailable', { error: { code: 'waiting' } });
      return refusal.replace('\r\n', '\r\nRetry-After: 5\r\n');
    }
    state.places--;
    return Buffer.concat([Buffer.from(HEAD), INIT, ...[100, 101, 102].map(chunkOf)]);
  };
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const [method, path] = bytes.toString().split(' ') as [string, string];
      state.asked.push(`${method} ${path.replace(/key=.*/, 'key')}`);
      if (path.startsWith('/live/')) socket.write(live(path));
      else if (method === 'POST') {
        const order = { second: 1, rank: ++tickets };
        socket.write(json('201 Created', { ticket: `${tickets}`, ...order, expiresAtMs: 1 }));
      } else {
        const { front, open } = state;
        const document: NowServing = {
          space: 'space',
          atMs: 0,
          open,
          front,
          turnS: 60,
          perMinute: 60,
          waiting: tickets,
          seconds: [[1, 0, tickets]],
        };
        socket.write(json('200 OK', document));
      }
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  opened.push(server);
  return Object.assign(state, { port: (server.address() as { port: number }).port });
}

/** Time in which nobody waits long between two looks. */
const hasty: System = {
  ...realSystem,
  after: (delayMs, task) => realSystem.after(Math.min(delayMs, 20), task),
};

async function aCrowd(
  port: number,
  visitors: number,
  patience: number | null = null,
  system = hasty,
) {
  const target = { host: '127.0.0.1', port, tls: false, space: 'space', loopback: true } as const;
  const crowd = await Crowd.open({
    system,
    index: 0,
    target: { ...target, asked: null, profile: 'steady' },
    manners: { visits: 0, slow: 0, churn: 0, patience },
  });
  opened.push(crowd);
  crowd.want(visitors);
  const sum = { tickets: 0, byTicket: 0, gaveUp: 0, placesLost: 0, overtaken: 0, reached: 0 };
  const look = () => {
    const sample = crowd.sample();
    const { reached, ...rest } = sample;
    for (let at = 1; at < reached.pairs.length; at += 2) sum.reached += reached.pairs[at]!;
    for (const key of ['tickets', 'byTicket', 'gaveUp', 'placesLost', 'overtaken'] as const)
      sum[key] += rest[key];
    return sample;
  };
  return { crowd, sum, look };
}

describe('visitors of a full house', () => {
  it('[P2] have a ticket and a place, come when they are called, and hear', async () => {
    const house = await aHouse();
    const { sum, look } = await aCrowd(house.port, 5);
    await vi.waitUntil(() => look().inLine === 5);
    expect(look()).toMatchObject({ listeners: 0, waiting: 0 });
    expect(sum).toMatchObject({ tickets: 5, reached: 5, byTicket: 0 });
    house.places = 5;
    house.front = { second: 1, rank: 3 };
    await vi.waitUntil(() => look().listeners === 3);
    expect(look().inLine).toBe(2);
    house.front = { second: 1, rank: 5 };
    await vi.waitUntil(() => look().listeners === 5);
    expect(sum).toMatchObject({ byTicket: 5, reached: 5, overtaken: 0, placesLost: 0 });
    expect(house.asked.filter((words) => words.startsWith('POST'))).toHaveLength(5);
  });

  it('[P2] say so when a newcomer came in past them, and only when they wait on', async () => {
    const house = await aHouse();
    let leapMs = 0;
    const system = { ...hasty, monotonicMs: () => hasty.monotonicMs() + leapMs };
    const { crowd, sum, look } = await aCrowd(house.port, 2, null, system);
    await vi.waitUntil(() => look().inLine === 2);
    leapMs = 4_000;
    house.places = 1;
    crowd.want(3);
    await vi.waitUntil(() => look().listeners === 1);
    expect(sum.overtaken).toBe(0);
    leapMs = 8_000;
    await vi.waitUntil(() => {
      look();
      return sum.overtaken > 0;
    });
  });

  it('come in without their ticket when there is no line any more', async () => {
    const house = await aHouse();
    const { sum, look } = await aCrowd(house.port, 2);
    await vi.waitUntil(() => look().inLine === 2);
    Object.assign(house, { places: 2, open: false });
    await vi.waitUntil(() => look().listeners === 2);
    expect(sum.placesLost).toBe(0);
  });

  it('[P2] say so when a place in line was refused', async () => {
    const house = await aHouse();
    const { sum, look } = await aCrowd(house.port, 1);
    await vi.waitUntil(() => look().inLine === 1);
    Object.assign(house, { refusesTickets: true, front: { second: 1, rank: 1 } });
    await vi.waitUntil(() => {
      look();
      return sum.placesLost > 0;
    });
    house.refusesTickets = false;
    await vi.waitUntil(() => look().inLine === 1 && sum.tickets >= 2);
  });

  it('give up when their patience is over, and others come', async () => {
    const house = await aHouse();
    const { sum, look } = await aCrowd(house.port, 3, 0.05);
    await vi.waitUntil(() => {
      look();
      return sum.gaveUp >= 3 && sum.reached > 3;
    });
  });
});
