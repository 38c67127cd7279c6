import { createHash } from 'node:crypto';
import { SeededRandom } from '@parterre/sim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seal } from '../spaces/index.ts';
import { CHALLENGE_MS, challengeOf, solvedId, type Task, WorkPrice } from './work.ts';

const KEY = Buffer.alloc(32, 7);
const NOW_MS = 1_800_000_000_000;
/** Few, so that finding a solution takes a test no time. */
const BITS = 2;
const random = new SeededRandom(11);
const chance = (): string => Buffer.from(random.bytes(16)).toString('base64url');
const aTask = (): Task => ({ space: 'evening', client: chance(), nonce: chance() });

function solves(text: string, work: number, bits: number): boolean {
  const digest = createHash('sha256').update(`${text}:${work}`).digest();
  return Math.clz32(digest.readUInt32BE(0)) >= bits;
}

/** The first number that does, or that does not. */
function solve(text: string, bits: number, does = true): string {
  let work = 0;
  while (solves(text, work, bits) !== does) work++;
  return `${work}`;
}

describe('the price of a place', () => {
  const after = (perS: number, forS: number): WorkPrice => {
    const price = new WorkPrice(0);
    for (let index = 0; index < perS * forS; index++) price.count((index * 1_000) / perS);
    return price;
  };

  test('[P2] is nothing while few come', () => {
    expect(new WorkPrice(0).bits(0)).toBe(0);
    expect(after(90, 60).bits(60_000)).toBe(0);
  });

  test('[P2] is more the more come, and never more than a phone can do', () => {
    const bits = [200, 400, 800, 1_600, 200_000].map((perS) => after(perS, 10).bits(10_000));
    expect(bits).toEqual([...bits].sort((a, b) => a - b));
    expect(bits[0]).toBeGreaterThanOrEqual(6);
    expect(new Set(bits).size).toBe(5);
    expect(bits.at(-1)).toBe(16);
  });

  test('a thousand at once are not free: it rises within the first of them', () => {
    const price = new WorkPrice(0);
    let free = 0;
    for (let index = 0; index < 1_000; index++) {
      if (price.bits(index / 10) === 0) free++;
      price.count(index / 10);
    }
    expect(free).toBeLessThan(210);
  });

  test('falls again, never faster than it is let, and to nothing', () => {
    const price = after(5_000, 5);
    let before = price.bits(5_000);
    for (let atMs = 5_000; atMs < 400_000; atMs += 1_000) {
      const bits = price.bits(atMs);
      expect(bits).toBeLessThanOrEqual(before);
      before = bits;
    }
    expect(before).toBe(0);
  });

  test('is a whole number in its bounds, whatever the clock does', () => {
    const steps = fc.array(
      fc.record({ passMs: fc.integer({ min: -5_000, max: 60_000 }), tickets: fc.nat(5_000) }),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const price = new WorkPrice(0);
        let atMs = 0;
        for (const { passMs, tickets } of all) {
          atMs += passMs;
          for (let count = 0; count < tickets; count++) price.count(atMs);
          const bits = price.bits(atMs);
          expect(bits === 0 || (bits >= 6 && bits <= 16 && Number.isInteger(bits))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('a challenge', () => {
  test('[P2] that is solved gives one ticket id, however often it is sent', () => {
    const task = aTask();
    const { text, bits } = challengeOf(KEY, task, 10, NOW_MS);
    const work = solve(text, bits);
    const id = solvedId(KEY, task, text, work, NOW_MS + 60_000);
    expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(solvedId(KEY, task, text, work, NOW_MS + 90_000)).toBe(id);
    const other = challengeOf(KEY, aTask(), 10, NOW_MS);
    expect(other.text).not.toBe(text);
  });

  const ALTERED: Readonly<Record<string, (task: Task, text: string, work: string) => unknown>> = {
    'not solved': (task, text) => solvedId(KEY, task, text, solve(text, BITS, false), NOW_MS),
    'for another client': (task, text, work) =>
      solvedId(KEY, { ...task, client: chance() }, text, work, NOW_MS),
    'for another nonce': (task, text, work) =>
      solvedId(KEY, { ...task, nonce: chance() }, text, work, NOW_MS),
    'for another space': (task, text, work) =>
      solvedId(KEY, { ...task, space: 'evening-2' }, text, work, NOW_MS),
    expired: (task, text, work) => solvedId(KEY, task, text, work, NOW_MS + CHALLENGE_MS),
    'of another key': (task, text, work) => solvedId(Buffer.alloc(32, 8), task, text, work, NOW_MS),
    truncated: (task, text, work) =>
      solvedId(KEY, task, text.slice(0, random.between(0, text.length - 1)), work, NOW_MS),
    oversized: (task, text, work) =>
      solvedId(KEY, task, text + 'A'.repeat(random.between(1, 3_000)), work, NOW_MS),
    'with a bit changed': (task, text, work) => {
      const bytes = Buffer.from(text, 'base64url');
      bytes[random.between(0, bytes.length - 1)]! ^= 1 << random.between(0, 7);
      return solvedId(KEY, task, bytes.toString('base64url'), work, NOW_MS);
    },
    'whose work is not a number': (task, text, work) =>
      solvedId(
        KEY,
        task,
        text,
        [`0${work}`, `${work} `, `-${work}`, `${work}e0`, ''].at(random.between(0, 4))!,
        NOW_MS,
      ),
    'sealed for another purpose': (task, _text, work) => {
      const { space, client, nonce } = task;
      const fields = [space, client, nonce, `${NOW_MS + CHALLENGE_MS}`, '1'];
      return solvedId(KEY, task, seal(KEY, 'ticket', fields), work, NOW_MS);
    },
  };

  test.for(Object.entries(ALTERED))('[P2] %s is never accepted, of 5,000', ([, altered]) => {
    let accepted = 0;
    for (let index = 0; index < 5_000; index++) {
      const task = aTask();
      const { text } = challengeOf(KEY, task, BITS, NOW_MS);
      const work = solve(text, BITS);
      if (index === 0) expect(solvedId(KEY, task, text, work, NOW_MS)).not.toBeNull();
      if (altered(task, text, work) !== null) accepted++;
    }
    expect(accepted).toBe(0);
  });
});
