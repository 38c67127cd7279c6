import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planHouse, SEATS_MAX } from './house-plan.ts';

describe('the plan of the house', () => {
  it('keeps every seat inside the picture, at most so many, with one that is yours', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 200, max: 2_600 }),
        fc.integer({ min: 120, max: 700 }),
        (width, height) => {
          const { seats, yours, rows } = planHouse(width, height);
          expect(seats.length).toBeGreaterThanOrEqual(rows * 4);
          expect(seats.length).toBeLessThanOrEqual(SEATS_MAX);
          expect(seats[yours]?.row).toBe(rows - 2);
          for (const { x, y } of seats) {
            expect(x).toBeGreaterThanOrEqual(0);
            expect(x).toBeLessThanOrEqual(width);
            expect(y).toBeGreaterThan(0);
            expect(y).toBeLessThan(height);
          }
        },
      ),
    );
  });

  it('is the same on both sides of the aisle', () => {
    const { seats } = planHouse(800, 300);
    const left = seats
      .filter(({ x }) => x < 400)
      .map(({ x, y }) => `${(400 - x).toFixed(3)} ${y.toFixed(3)}`);
    const right = seats
      .filter(({ x }) => x > 400)
      .map(({ x, y }) => `${(x - 400).toFixed(3)} ${y.toFixed(3)}`);
    expect(left.sort()).toEqual(right.sort());
  });
});
