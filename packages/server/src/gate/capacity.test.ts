import { describe, expect, test } from 'vitest';
import { capacityOf, floatOf } from './capacity.ts';
import { JoinPace } from './pace.ts';

describe('the capacity', () => {
  const certified = { listeners: 20_000, joinsPerS: 12_000 };

  test('[P8] is the operator’s word, else what was proven, else the cautious default; and says which', () => {
    expect(capacityOf(500, certified, 10_000)).toEqual({
      listeners: 500,
      joinsPerS: 12_000,
      source: 'configuration',
    });
    expect(capacityOf(0, certified, 10_000)).toMatchObject({
      listeners: 20_000,
      source: 'certificate',
    });
    expect(capacityOf(0, null, 10_000)).toMatchObject({ listeners: 10_000, source: 'default' });
  });

  test('is not made smaller by a small rehearsal', () => {
    const small = { listeners: 100, joinsPerS: 10 };
    expect(capacityOf(0, small, 10_000)).toMatchObject({ listeners: 10_000, source: 'default' });
  });

  test('has the float of every edge and one more in an eighth', () => {
    for (const edges of [1, 2, 8, 64])
      expect(floatOf(100, edges) * (edges + 1)).toBeLessThanOrEqual(100 / 8);
  });
});

describe('joins a second', () => {
  test('are halved when the edge’s own timer is late, and come back slowly', () => {
    const pace = new JoinPace(0);
    pace.set(1_000);
    let atMs = 0;
    const tick = (lateMs: number): void => {
      atMs += 50;
      pace.tick(atMs, lateMs);
    };
    for (let count = 0; count < 20; count++) tick(80);
    expect(pace.perS).toBe(250);
    for (let count = 0; count < 20; count++) tick(2);
    expect(pace.perS).toBeLessThan(400);
    for (let count = 0; count < 250; count++) tick(2);
    expect(pace.perS).toBe(1_000);
  });

  test('are no more than the pace over any stretch, but for what may come at once', () => {
    const pace = new JoinPace(0);
    pace.set(100);
    let taken = 0;
    for (let atMs = 0; atMs < 10_000; atMs += 50) {
      pace.tick(atMs, 0);
      while (pace.ready) {
        pace.take();
        taken++;
      }
    }
    expect(taken).toBeLessThanOrEqual(1_050);
    expect(taken).toBeGreaterThan(990);
  });
});
