import type { NowServing } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { Queue } from './queue.ts';
import type { System } from './system.ts';

function aHouse() {
  const asked: string[] = [];
  let nowMs = 0;
  const document = {
    space: 'evening',
    open: true,
    front: { second: 100, rank: 0 },
    perMinute: 60,
    waiting: 90,
    seconds: [
      [200, 0, 30],
      [201, 30, 60],
    ],
  } as unknown as NowServing;
  const system: System = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    random: () => 0.5,
    after: () => () => {},
    fetch: async (url, { method = 'GET' }) => {
      asked.push(`${method} ${url.replace(/key=\w{32}$/, 'key=…')}`);
      const issued = { ticket: 'T', second: 201, rank: 0, expiresAtMs: 1e12 };
      return Response.json(method === 'POST' ? issued : document);
    },
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { asked, document, pass, queue: new Queue('evening', system) };
}

describe('a place in line', () => {
  it('[P2] is taken once, and told with a time', async () => {
    const { asked, queue, pass } = aHouse();
    const first = await queue.look('http://h', false);
    expect(first).toMatchObject({ turn: false, place: { ahead: 30 } });
    expect(first.place.eta).toMatchObject({ leastMs: 21_000, mostMs: 45_000, why: null });
    pass(first.againMs);
    const next = await queue.look('http://h', false);
    expect(next.place.eta!.mostMs).toBeLessThan(first.place.eta!.mostMs);
    expect(asked).toEqual([
      'POST http://h/gate/evening/tickets?key=…',
      'GET http://h/gate/evening',
      'GET http://h/gate/evening',
    ]);
    expect(queue.ticket).toBe('T');
  });

  it('is gone to with the ticket when it is called, and left when it has served', async () => {
    const { queue, document } = aHouse();
    await queue.look('http://h', false);
    Object.assign(document, { front: { second: 201, rank: 7 } });
    expect(await queue.look('http://h', false)).toMatchObject({ turn: true, place: { ahead: 0 } });
    queue.leave();
    expect(queue.ticket).toBeNull();
  });

  it('is taken anew when the old one is no good', async () => {
    const { asked, queue } = aHouse();
    await queue.look('http://h', false);
    await queue.look('http://h', true);
    expect(asked.filter((one) => one.startsWith('POST'))).toHaveLength(2);
  });
});
