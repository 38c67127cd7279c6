import { createHash } from 'node:crypto';
import { entrantBytes, MerkleTree, ParterreError, rankBytes, rankOf } from '@parterre/protocol';
import { SeededRandom } from '@parterre/sim';
import { describe, expect, test } from 'vitest';
import { MemoryEntrants } from '../adapters/memory/index.ts';
import { systemTimers } from '../adapters/system/index.ts';
import { ENTRANT_BYTES, type Entrants } from '../ports/entrants.ts';
import { Lotteries } from './lotteries.ts';
import { Lottery } from './lottery.ts';

const KEY = Buffer.alloc(32, 7);
const DOORS_MS = 1_800_000_000_000;
const SPACE = { id: 'evening', state: 'scheduled', doorsAtMs: DOORS_MS } as const;
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

function at(entrants: Entrants, random: SeededRandom): Lottery {
  return new Lottery({
    spaceId: 'evening',
    key: KEY,
    entrants,
    random,
    timers: systemTimers,
    begins: true,
  });
}

/** The same records, each call of which takes as long as chance will have it. */
function slow(entrants: Entrants, random: SeededRandom): Entrants {
  const later = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let turns = random.between(0, 20); turns > 0; turns--) await Promise.resolve();
    const value = await work();
    for (let turns = random.between(0, 20); turns > 0; turns--) await Promise.resolve();
    return value;
  };
  return {
    begin: (...of) => later(() => entrants.begin(...of)),
    append: (...of) => later(() => entrants.append(...of)),
    read: (...of) => later(() => entrants.read(...of)),
    keepDraw: (...of) => later(() => entrants.keepDraw(...of)),
    keptDraw: (...of) => later(() => entrants.keptDraw(...of)),
  };
}

const nameOf = (index: number): [id: string, nonce: string] => [
  `${index}`.padStart(22, 'i'),
  `${index}`.padStart(20, 'n'),
];

async function leavesOf(entrants: Entrants): Promise<string[]> {
  const bytes = Buffer.from((await entrants.read('evening', 1, 1e6))!);
  const leaves: string[] = [];
  for (let from = 0; from < bytes.length; from += ENTRANT_BYTES)
    leaves.push(bytes.toString('hex', from, from + ENTRANT_BYTES));
  const closed = leaves.findIndex((leaf) => Buffer.from(leaf, 'hex').includes('parterre lottery'));
  return closed === -1 ? leaves : leaves.slice(0, closed);
}

describe('the lottery of a space', () => {
  test('[P2] has one closing for all edges: who was told to be in is, and nobody else', async () => {
    let late = 0;
    for (let seed = 1; seed <= 200; seed++) {
      const random = new SeededRandom(seed);
      const shared = new MemoryEntrants(['evening']);
      const edges = [0, 1, 2].map(() => at(slow(shared, random), random));
      const told = new Map<string, string>();
      const enters = Array.from({ length: 60 }, async (_, index) => {
        for (let turns = random.between(0, 200); turns > 0; turns--) await Promise.resolve();
        const [id, nonce] = nameOf(index);
        const entry = await edges[index % 3]!.enter(id, nonce);
        told.set(sha256(entrantBytes(id, nonce)).toString('hex'), entry);
      });
      const closes = edges.map(async (edge, index) => {
        for (let turns = random.between(0, 200); turns > 0; turns--) await Promise.resolve();
        await edge.close(DOORS_MS + index);
      });
      await Promise.all([...enters, ...closes]);
      const leaves = await leavesOf(shared);
      const tree = new MerkleTree(sha256);
      for (const leaf of leaves) tree.add(Buffer.from(leaf, 'hex'));
      const draw = { entrants: leaves.length, root: Buffer.from(tree.root()).toString('hex') };
      for (const edge of edges) expect(edge.draw).toMatchObject(draw);
      expect(new Set(edges.map((edge) => edge.draw!.closesAtMs)).size).toBe(1);
      expect(told.size).toBe(60);
      for (const [leaf, entry] of told) {
        if (entry === 'late') late++;
        expect([leaf, leaves.includes(leaf)]).toEqual([leaf, entry === 'in']);
      }
    }
    expect(late).toBeGreaterThan(500);
  });

  test('[P2] loses nobody with an edge, or with all of them, and comes out the same', async () => {
    const random = new SeededRandom(1);
    const shared = new MemoryEntrants(['evening']);
    const first = at(shared, random);
    for (let index = 0; index < 2_500; index++) await first.enter(...nameOf(index));
    const again = at(shared, random);
    await again.look();
    expect(again.entrants).toBe(2_500);
    expect(again.word(DOORS_MS)).toEqual(first.word(DOORS_MS));
    expect(await again.enter(...nameOf(2_500))).toBe('in');
    await Promise.all([first.close(DOORS_MS), again.close(DOORS_MS)]);
    const last = at(shared, random);
    await last.look();
    for (const lottery of [again, last]) {
      expect(lottery.word(0)).toEqual(first.word(0));
      expect(lottery.orderOf(...nameOf(7))).toEqual(first.orderOf(...nameOf(7)));
    }
    expect(first.word(0)).toMatchObject({ entrants: 2_501, closesAtMs: DOORS_MS });
  });

  test('[P2] shows the seed whose hash it had shown before, and ranks that follow from it', async () => {
    const lottery = at(new MemoryEntrants(['evening']), new SeededRandom(1));
    expect(lottery.word(DOORS_MS)).toBeNull();
    await lottery.enter(...nameOf(1));
    const before = lottery.word(DOORS_MS)!;
    expect(before).toMatchObject({ entrants: 1, root: null, seed: null, closesAtMs: DOORS_MS });
    expect(lottery.orderOf(...nameOf(1))).toBeNull();
    // Doors are moved: the promise stays.
    expect(lottery.word(DOORS_MS + 3_600_000)).toEqual({
      ...before,
      closesAtMs: DOORS_MS + 3_600_000,
    });
    await lottery.close(DOORS_MS + 3_600_500);
    const { seed, root, commit, closesAtMs } = lottery.word(0)!;
    expect(commit).toBe(before.commit);
    expect(sha256(Buffer.from(seed!, 'hex')).toString('hex')).toBe(commit);
    expect(closesAtMs).toBe(DOORS_MS + 3_600_500);
    const bytes = rankBytes(Buffer.from(seed!, 'hex'), Buffer.from(root!, 'hex'), ...nameOf(1));
    expect(lottery.orderOf(...nameOf(1))).toEqual({
      second: DOORS_MS / 1_000 + 3_600,
      rank: rankOf(sha256(bytes)),
    });
    expect(await lottery.enter(...nameOf(2))).toBe('late');
  });

  test('of two spaces, or of one made anew, have other seeds', async () => {
    const random = new SeededRandom(1);
    const commits = new Set<string>();
    for (let index = 0; index < 3; index++) {
      const lottery = at(new MemoryEntrants(['evening']), random);
      await lottery.look();
      commits.add(lottery.word(0)!.commit);
    }
    expect(commits.size).toBe(3);
  });

  test('tells nobody to be in whom the disk did not take, and goes on when it does again', async () => {
    const shared = new MemoryEntrants(['evening']);
    let isFull = false;
    const append: Entrants['append'] = async (...of) => {
      if (isFull) throw new ParterreError('disk_full');
      return shared.append(...of);
    };
    const disk = Object.assign(Object.create(shared) as Entrants, { append });
    const lottery = at(disk, new SeededRandom(1));
    expect(await lottery.enter(...nameOf(1))).toBe('in');
    isFull = true;
    await expect(lottery.enter(...nameOf(2))).rejects.toThrow(ParterreError);
    await expect(lottery.close(DOORS_MS)).rejects.toThrow(ParterreError);
    isFull = false;
    await lottery.close(DOORS_MS);
    expect(lottery.draw).toMatchObject({ entrants: 1 });
  });
});

describe('the lotteries of an edge', () => {
  const edge = (entrants: Entrants): Lotteries =>
    new Lotteries({ key: KEY, entrants, random: new SeededRandom(1), timers: systemTimers });
  const settled = async (lotteries: Lotteries, space: Parameters<Lotteries['of']>[0]) => {
    await lotteries.of(space, 0).look();
    await Promise.resolve();
  };

  test('hold a space until it is known who entered before doors', async () => {
    const lotteries = edge(new MemoryEntrants(['evening']));
    lotteries.tick([SPACE], () => true, 0, 0);
    expect(lotteries.entrantsOf('evening', 0)).toBe('unknown');
    await settled(lotteries, SPACE);
    expect(lotteries.entrantsOf('evening', 9_000)).toBeNull();
  });

  test('keep no house waiting for long for a disk that refuses', async () => {
    const read = (): Promise<never> => Promise.reject(new ParterreError('disk_full'));
    const shared = new MemoryEntrants(['evening']);
    const lotteries = edge(Object.assign(Object.create(shared) as Entrants, { read }));
    const refusal = async (nowMs: number): Promise<void> => {
      lotteries.tick([SPACE], () => true, nowMs, 0);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    };
    await refusal(0);
    expect(lotteries.entrantsOf('evening', 5_000)).toBe('unknown');
    await refusal(10_001);
    expect(lotteries.entrantsOf('evening', 10_001)).toBeNull();
    expect(lotteries.word(SPACE, 10_001)).toBeNull();
  });

  test('close when doors are open, and tell the second of all entrants', async () => {
    const lotteries = edge(new MemoryEntrants(['evening']));
    await lotteries.of(SPACE, 0).enter(...nameOf(1));
    lotteries.tick([SPACE], () => true, 2_000, 0);
    await settled(lotteries, SPACE);
    expect(lotteries.entrantsOf('evening', 9_000)).toEqual({ count: 1, second: null });
    const open = { ...SPACE, state: 'doors' as const };
    lotteries.tick([open], () => true, 2_001, 0);
    await settled(lotteries, open);
    await settled(lotteries, open);
    expect(lotteries.entrantsOf('evening', 9_000)).toEqual({ count: 1, second: DOORS_MS / 1_000 });
    expect(lotteries.word(open, 2_001)).toMatchObject({ entrants: 1 });
  });

  test('know one that is over, begin none there, and forget what is not there any more', async () => {
    const shared = new MemoryEntrants(['evening', 'other']);
    const first = edge(shared);
    await first.of(SPACE, 0).enter(...nameOf(1));
    await first.of(SPACE, 0).close(DOORS_MS);
    const lotteries = edge(shared);
    const over = { ...SPACE, state: 'ended' as const };
    const other = { ...over, id: 'other' };
    expect(lotteries.word(over, 0)).toBe('unknown');
    await settled(lotteries, over);
    expect(lotteries.word(over, 1)).toEqual(first.of(SPACE, 0).word(0));
    lotteries.word(other, 1);
    await settled(lotteries, other);
    expect(lotteries.word(other, 1)).toBeNull();
    expect(await shared.read('other', 0, 1)).toBeNull();
    lotteries.tick([], () => false, 2, 0);
    expect(lotteries.entrantsOf('evening', 9_000)).toBeNull();
  });
});
