import { aheadOf, type Eta, etaOf, type NowServing, type Order } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Line } from './line.ts';

const WALL_MS = 1_800_000_000_000;
const SECOND = WALL_MS / 1_000;

describe('the line', () => {
  test('[P2] calls in order of arrival, as many as there are places', () => {
    const line = new Line('evening', 60_000);
    for (let index = 0; index < 10; index++) line.issued(SECOND + index, 100);
    const later = WALL_MS + 60_000;
    line.step(250, 1_000, later);
    const { document } = line.word(1_000, later);
    expect(document.waiting).toBe(750);
    expect(document.front.second).toBe(SECOND + 2);
    expect(line.standing({ second: SECOND + 1, rank: 4_000_000_000 })).toBe('called');
    expect(line.standing({ second: SECOND + 3, rank: 0 })).toBe('not_yet');
    // Nobody came yet: the places are theirs, and no more are called.
    line.step(250, 2_000, later);
    expect(line.word(2_000, later).document.waiting).toBe(750);
  });

  test('a turn that is not taken lapses, and its place is given on', () => {
    const line = new Line('evening', 60_000);
    line.issued(SECOND, 10);
    line.issued(SECOND + 1, 10);
    line.step(10, 1_000, WALL_MS + 9_000);
    expect(line.standing({ second: SECOND, rank: 5 })).toBe('called');
    line.step(10, 61_000, WALL_MS + 69_000);
    expect(line.standing({ second: SECOND, rank: 5 })).toBe('lapsed');
    expect(line.standing({ second: SECOND + 1, rank: 5 })).toBe('called');
  });

  test('[P2] a crowd that has gone without a word keeps newcomers waiting for less than half a minute', () => {
    for (const [gone, free] of [
      [18_000, 600],
      [18_000, 1_400],
      [500, 600],
    ] as const) {
      const line = new Line('evening', 60_000);
      for (let index = 0; index < 30; index++) line.issued(SECOND + index, gone / 30);
      const goneAtMs = 40_000;
      let atMs = goneAtMs;
      do {
        atMs += 100;
        line.step(free, atMs, WALL_MS + atMs);
      } while (line.word(atMs, WALL_MS + atMs).open && atMs - goneAtMs < 120_000);
      expect(atMs - goneAtMs, `${gone} gone, ${free} free`).toBeLessThanOrEqual(30_000);
    }
  });

  test.each([1, 5])(
    '[P2] newcomers who trickle in behind a crowd of ten times the capacity that has gone do not keep the line open (%i times the house)',
    (times) => {
      const perS = 13 * times;
      const line = new Line('evening', 150_000);
      for (let index = 0; index < 25; index++) line.issued(SECOND + index, 743 * times);
      let free = 625 * times;
      let newcomers: { readonly order: Order; lookAtMs: number }[] = [];
      let endedS = 0;
      for (let atMs = 50_000; atMs < 80_000; atMs += 100) {
        line.step(free, atMs, WALL_MS + atMs);
        const { open } = line.word(atMs, WALL_MS + atMs);
        endedS = open ? 0 : endedS || atMs / 1_000 - 50;
        if (atMs % 1_000 === 0 && open) {
          const second = SECOND + atMs / 1_000;
          line.issued(second, perS);
          for (let one = 0; one < perS; one++)
            newcomers.push({
              order: { second, rank: one * 1e8 },
              lookAtMs: atMs + 3_000 + one * 9,
            });
        }
        newcomers = newcomers.filter((one) => {
          if (atMs < one.lookAtMs) return true;
          one.lookAtMs += 3_000;
          const called = line.standing(one.order) === 'called';
          if (called) line.redeemed(one.order, atMs);
          if (called || !open) free--;
          return open && !called;
        });
      }
      expect(endedS).toBeGreaterThan(14);
      expect(endedS).toBeLessThan(25);
    },
  );

  test('[P2] a crowd that has gone without a word before a few places is passed by all the same', () => {
    const line = new Line('evening', 150_000);
    for (let index = 0; index < 25; index++) line.issued(SECOND + index, 8);
    for (let atMs = 50_000; atMs < 110_000; atMs += 100) line.step(6, atMs, WALL_MS + atMs);
    expect(line.waiting).toBe(0);
  });

  test('those who come after all are heard of at once: no more are called meanwhile', () => {
    const line = new Line('evening', 150_000);
    for (let index = 0; index < 30; index++) line.issued(SECOND + index, 600);
    // The first have gone.
    for (let atMs = 40_000; atMs < 47_500; atMs += 100) line.step(100, atMs, WALL_MS + atMs);
    const before = line.word(47_500, WALL_MS + 47_500).front;
    line.step(100, 47_500, WALL_MS + 47_500);
    const front = line.word(47_500, WALL_MS + 47_500).front;
    const waiting = line.waiting;
    expect(front.rank).toBeGreaterThan(before.rank);
    for (let one = 0; one < 60; one++) line.redeemed(front, 47_600);
    line.step(40, 47_600, WALL_MS + 47_600);
    expect(line.waiting).toBe(waiting);
  });

  test('those who come when called are not outrun: no more are called than there are places', () => {
    const line = new Line('evening', 60_000);
    for (let index = 0; index < 30; index++) line.issued(SECOND + index, 600);
    let free = 100;
    let called = 0;
    let before = line.waiting;
    for (let atMs = 40_000; atMs < 100_000; atMs += 100) {
      line.step(free, atMs, WALL_MS + atMs);
      called += before - line.waiting;
      before = line.waiting;
      // Everybody comes within seven seconds.
      const come = Math.min(Math.floor(called), atMs % 1_000 === 0 ? 15 : 0);
      const { front } = line.word(atMs, WALL_MS + atMs);
      for (let one = 0; one < come; one++) line.redeemed(front, atMs);
      called -= come;
      free -= come;
      expect(called).toBeLessThanOrEqual(Math.max(0, free) + 1);
    }
  });

  test('the front never goes back, and never calls more than there are places', () => {
    const steps = fc.array(
      fc.record({
        free: fc.integer({ min: 0, max: 50 }),
        passMs: fc.integer({ min: 1, max: 20_000 }),
        tickets: fc.integer({ min: 0, max: 100 }),
        redeem: fc.integer({ min: 0, max: 20 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const line = new Line('evening', 60_000);
        let atMs = 1_000;
        let before = line.word(atMs, WALL_MS + atMs).document;
        for (const { free, passMs, tickets, redeem } of all) {
          atMs += passMs;
          line.issued(Math.floor((WALL_MS + atMs) / 1_000), tickets);
          for (let count = 0; count < redeem; count++) line.redeemed(before.front, atMs);
          const waiting = line.waiting;
          line.step(free, atMs, WALL_MS + atMs);
          expect(waiting - line.waiting).toBeLessThanOrEqual(free);
          const now = line.word(atMs, WALL_MS + atMs).document;
          const { second, rank } = now.front;
          expect(second > before.front.second || rank >= before.front.rank).toBe(true);
          before = now;
        }
      }),
    );
  });

  test('a place and the places before it agree with the document', () => {
    const line = new Line('evening', 60_000);
    for (let index = 0; index < 500; index++) line.issued(SECOND + index, 10);
    const { document } = line.word(0, WALL_MS + 900_000);
    expect(document.seconds.length).toBeLessThanOrEqual(64);
    let before = 0;
    for (let index = 0; index < 500; index++) {
      const ahead = aheadOf(document, { second: SECOND + index, rank: 0 });
      expect(ahead).toBeGreaterThanOrEqual(before);
      expect(Math.abs(ahead - index * 10)).toBeLessThanOrEqual(100);
      before = ahead;
    }
  });
});

describe('an ETA', () => {
  test('[P2] is never later than was said, unless it says why', () => {
    const looks = fc.array(
      fc.record({
        ahead: fc.integer({ min: 1, max: 1_000_000 }),
        perMinute: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true })),
        passedMs: fc.integer({ min: 0, max: 120_000 }),
      }),
      { maxLength: 50 },
    );
    fc.assert(
      fc.property(looks, (all) => {
        let said: Eta | null = null;
        for (const { ahead, perMinute, passedMs } of all) {
          const document = { perMinute } as NowServing;
          const eta: Eta | null = etaOf(document, ahead, said, passedMs);
          if (eta === null) continue;
          expect(eta.leastMs).toBeLessThanOrEqual(eta.mostMs);
          if (said !== null && eta.why === null) {
            expect(eta.mostMs).toBeLessThanOrEqual(Math.max(0, said.mostMs - passedMs));
            expect(eta.leastMs).toBeLessThanOrEqual(Math.max(0, said.leastMs - passedMs));
          }
          said = eta;
        }
      }),
    );
  });
});
