import { createHash } from 'node:crypto';
import { solveWork, type WorkChallenge } from '@parterre/protocol';
import { SeededRandom } from '@parterre/sim';
import { describe, expect, it } from 'vitest';
import { MemoryEntrants } from '../adapters/memory/index.ts';
import { systemTimers } from '../adapters/system/index.ts';
import { GateAtEdge } from './at-edge.ts';
import type { DrawnSpace } from './lotteries.ts';
import type { Issued, TicketWish } from './office.ts';

const KEY = Buffer.alloc(32, 7);
const WALL_MS = 1_800_000_000_000;
const SECOND = WALL_MS / 1_000;
const BEFORE: DrawnSpace = { id: 'evening', state: 'scheduled', doorsAtMs: WALL_MS + 60_000 };
const OPEN: DrawnSpace = { ...BEFORE, state: 'doors', doorsAtMs: WALL_MS };
const random = new SeededRandom(3);
const chance = (): string => Buffer.from(random.bytes(16)).toString('base64url');
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function anEdge(entrants = new MemoryEntrants(['evening'])) {
  const options = { key: KEY, float: 0, random, entrants, timers: systemTimers, nowMs: 0 };
  const gate = new GateAtEdge({ ...options, failed: () => {} });
  const ask = (space: DrawnSpace, wish: Partial<TicketWish>, nowMs = 0): Promise<Issued> => {
    const all = { client: chance(), nonce: chance(), challenge: null, work: null, ...wish };
    return gate.office.issue(space, all, nowMs, WALL_MS + nowMs);
  };
  return { ...gate, ask };
}

const ticketOf = (issued: Issued) => {
  if (!('ticket' in issued)) throw new Error(issued.refusal);
  return issued.ticket;
};
const challengeOf = (issued: Issued): WorkChallenge => {
  if ('ticket' in issued || issued.challenge === undefined)
    throw new Error('no work was asked for');
  return issued.challenge;
};

describe('where places in line are given out', () => {
  it('[P2] before doors a part in the lottery, with the promise; no rank before it is drawn', async () => {
    const { ask, keeper, lotteries, office } = anEdge();
    const nonce = chance();
    const issued = ticketOf(await ask(BEFORE, { nonce }));
    expect(issued).toMatchObject({ rank: null, second: SECOND + 60 });
    expect(issued.commit).toBe(lotteries.of(BEFORE, 0).word(0)!.commit);
    const ticket = keeper.read('evening', issued.ticket, WALL_MS)!;
    expect(ticket).toMatchObject({ nonce, rank: null, id: issued.id });
    expect(office.orderOf(BEFORE, ticket, 0)).toBeNull();
    await lotteries.of(BEFORE, 0).close(WALL_MS);
    expect(office.orderOf(OPEN, ticket, 0)).toMatchObject({ second: SECOND });
    expect(lotteries.of(OPEN, 0).draw).toMatchObject({ entrants: 1 });
  });

  it('[P2] later a second behind all of those, even while that second lasts', async () => {
    const { ask } = anEdge();
    expect(ticketOf(await ask(OPEN, { nonce: null }, 100)).second).toBe(SECOND + 1);
    expect(ticketOf(await ask(OPEN, {}, 5_000))).toMatchObject({ second: SECOND + 5 });
  });

  it('nobody without what a ticket takes', async () => {
    const { ask } = anEdge();
    expect(await ask(BEFORE, { nonce: null })).toMatchObject({ refusal: 'bad_request' });
    expect(await ask(BEFORE, { nonce: 'short' })).toMatchObject({ refusal: 'bad_request' });
    expect(await ask(OPEN, { nonce: 'é'.repeat(20) })).toMatchObject({ refusal: 'bad_request' });
    expect(await ask(OPEN, { client: '' })).toMatchObject({ refusal: 'bad_request' });
    expect(await ask({ ...OPEN, state: 'ended' }, {})).toEqual({ refusal: 'ended' });
  });

  it('nothing that the disk has not taken', async () => {
    const entrants = new MemoryEntrants(['evening']);
    entrants.append = () => Promise.reject(new Error('no space left'));
    const { ask } = anEdge(entrants);
    expect(await ask(BEFORE, {})).toMatchObject({ refusal: 'part_away', retryAfterS: 1 });
  });

  it('[P2] for work while many come; a piece of work buys one ticket, however often it is shown', async () => {
    const { ask, keeper, lotteries } = anEdge();
    let free = 0;
    let asked: Issued | null = null;
    while (asked === null && free < 1_000) {
      const issued = await ask(BEFORE, {}, 0);
      if ('ticket' in issued) free++;
      else asked = issued;
    }
    expect(free).toBeLessThan(300);
    expect(asked).toMatchObject({ refusal: 'work_needed' });
    const wish = { client: chance(), nonce: chance() };
    const challenge = challengeOf(await ask(BEFORE, wish));
    const work = `${solveWork(challenge, sha256)}`;
    const paid = { ...wish, challenge: challenge.text, work };
    const first = ticketOf(await ask(BEFORE, paid));
    const again = ticketOf(await ask(BEFORE, paid));
    expect(again).toEqual(first);
    expect(lotteries.of(BEFORE, 0).entrants).toBe(free + 1);
    // Another nonce would be another draw.
    const other = await ask(BEFORE, { ...paid, nonce: chance() });
    expect(other).toMatchObject({ refusal: 'work_needed' });
    // After doors the same work counts one place in line.
    const late = ticketOf(await ask(OPEN, paid, 2_000));
    expect(late.id).toBe(first.id);
    const report = keeper.report(2_000, [{ id: 'evening', used: 0 }]);
    expect(report.spaces[0]!.issued).toEqual([]);
    expect(ticketOf(await ask(OPEN, {}, 300_000)).rank).not.toBeNull();
  });
});
