import { createHash } from 'node:crypto';
import {
  entrantBytes,
  type LotteryWord,
  MerkleTree,
  type NowServing,
  rankBytes,
  rankOf,
} from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import type { System } from '../listen/system.ts';
import { Queue } from './queue.ts';

const hash = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function aHouse() {
  const asked: string[] = [];
  let nowMs = 0;
  const document = {
    space: 'evening',
    atMs: 0,
    open: true,
    front: { second: 100, rank: 0 },
    perMinute: 60,
    waiting: 90,
    seconds: [
      [200, 0, 30],
      [201, 30, 60],
    ],
    lottery: null,
  } as unknown as NowServing;
  const issued = { ticket: 'T', id: 'I'.repeat(22), second: 201, rank: 0, expiresAtMs: 1e12 };
  const refusals: Response[] = [];
  const system: System = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    random: () => 0.5,
    after: () => () => {},
    fetch: async (url, { method = 'GET' }) => {
      asked.push(`${method} ${url}`);
      return refusals.shift() ?? Response.json(method === 'POST' ? issued : document);
    },
  };
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { asked, document, issued, pass, queue: new Queue('evening', system), refusals };
}

const shown = (asked: readonly string[]) => asked.map((one) => one.replace(/=\w{32}\b/g, '=…'));

describe('a place in line', () => {
  it('[P2] is taken once, and told with a time', async () => {
    const { asked, queue, pass } = aHouse();
    const first = await queue.look('http://h', false);
    expect(first).toMatchObject({ turn: false, place: { ahead: 30, draw: null, lapsed: false } });
    expect(first.place.eta).toMatchObject({ leastMs: 21_000, mostMs: 45_000, why: null });
    pass(first.againMs);
    const next = await queue.look('http://h', false);
    expect(next.place.eta!.mostMs).toBeLessThan(first.place.eta!.mostMs);
    expect(shown(asked)).toEqual([
      'POST http://h/gate/evening/tickets?key=…&nonce=…',
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

  it('[P2] is taken anew when the turn was missed, and says so for as long as one waits', async () => {
    const { asked, queue } = aHouse();
    await queue.look('http://h', false);
    expect(await queue.look('http://h', true)).toMatchObject({ place: { lapsed: true } });
    expect(await queue.look('http://h', false)).toMatchObject({ place: { lapsed: true } });
    expect(asked.filter((one) => one.startsWith('POST'))).toHaveLength(2);
  });

  it('[P2] is not asked for before the gate wants, and not in step', async () => {
    const { queue, refusals } = aHouse();
    refusals.push(new Response('', { status: 503, headers: { 'retry-after': '40' } }));
    const refused = await queue.look('http://h', false);
    expect(refused).toMatchObject({ turn: false, place: { ahead: null } });
    expect(refused.againMs).toBeGreaterThan(40_000);
    expect(refused.againMs).toBeLessThanOrEqual(50_000);
  });

  it('is worked for when the gate asks', async () => {
    const { asked, queue, refusals } = aHouse();
    const challenge = { text: 'c/1+2', bits: 6 };
    refusals.push(Response.json({ error: { code: 'work_needed' }, challenge }, { status: 428 }));
    expect(await queue.look('http://h', false)).toMatchObject({ place: { ahead: 30 } });
    const paid = /&challenge=c%2F1%2B2&work=(\d+)$/.exec(asked[1]!);
    expect(hash(Buffer.from(`c/1+2:${paid![1]}`))[0]! >> 2).toBe(0);
    expect(asked[1]!.startsWith(asked[0]!)).toBe(true);
  });
});

describe('a place before doors', () => {
  const seed = Buffer.alloc(32, 7);
  const commit = hash(seed).toString('hex');
  const lottery: LotteryWord = { commit, closesAtMs: 500_000, entrants: 1, root: null, seed: null };

  it('[P2] waits for the draw, then has the rank that anybody can compute', async () => {
    const { asked, document, issued, queue } = aHouse();
    Object.assign(issued, { second: 500, rank: null, commit });
    Object.assign(document, { open: false, lottery });
    const early = await queue.look('http://h', false);
    expect(early).toMatchObject({ turn: false, place: { ahead: null } });
    expect(early.place.draw).toMatchObject({ entrants: 1, position: null, kept: null });
    expect(early.againMs).toBeLessThanOrEqual(61_500);
    const nonce = /nonce=(\w+)/.exec(asked[0]!)![1]!;
    const tree = new MerkleTree(hash);
    tree.add(hash(entrantBytes(issued.id, nonce)));
    const rank = rankOf(hash(rankBytes(seed, tree.root(), issued.id, nonce)));
    const drawn = {
      ...lottery,
      root: Buffer.from(tree.root()).toString('hex'),
      seed: seed.toString('hex'),
    };
    const line = {
      open: true,
      waiting: 1_000,
      seconds: [[500, 0, 1_000]],
      front: { second: 500, rank: 0 },
    };
    Object.assign(document, { lottery: drawn, ...line });
    const { place } = await queue.look('http://h', false);
    expect(place.ahead).toBe(Math.max(1, Math.ceil((rank / 2 ** 32) * 1_000)));
    expect(place.draw).toEqual({ entrants: 1, position: 1, kept: true, ticket: 'T', nonce });
    Object.assign(document, { front: { second: 500, rank } });
    expect(await queue.look('http://h', false)).toMatchObject({ turn: true });
  });

  it('[P5] says when the seed is not the one that was promised', async () => {
    const { document, issued, queue } = aHouse();
    Object.assign(issued, { second: 500, rank: null, commit: 'f'.repeat(64) });
    const drawn = { ...lottery, root: 'a'.repeat(64), seed: seed.toString('hex') };
    Object.assign(document, { open: false, lottery: drawn });
    expect((await queue.look('http://h', false)).place.draw).toMatchObject({ kept: false });
  });
});
