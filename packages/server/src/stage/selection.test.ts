import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOLD_MS, HYSTERESIS_DB, SlotSelection } from './selection.ts';

interface Speaker {
  readonly id: number;
  loudnessDbov: number;
}

describe('SlotSelection', () => {
  it('puts nobody in two slots, only audible people in any, and leaves no slot free in vain', () => {
    const levels = fc.array(fc.option(fc.integer({ min: -127, max: 0 })), {
      minLength: 6,
      maxLength: 6,
    });
    fc.assert(
      fc.property(fc.array(levels, { minLength: 1, maxLength: 30 }), (steps) => {
        const people: Speaker[] = steps[0]!.map((_, id) => ({ id, loudnessDbov: -127 }));
        const selection = new SlotSelection<Speaker>(3);
        for (const [step, row] of steps.entries()) {
          const audible = new Set<Speaker>();
          for (const [id, level] of row.entries()) {
            if (level === null) continue;
            people[id]!.loudnessDbov = level;
            audible.add(people[id]!);
          }
          selection.update(audible, step * 100);
          const held = selection.holders.filter((holder) => holder !== null);
          expect(new Set(held).size).toBe(held.length);
          expect(held.every((holder) => audible.has(holder))).toBe(true);
          expect(held.length).toBe(Math.min(3, audible.size));
        }
      }),
    );
  });

  it('gives a slot to somebody clearly louder, after the hold, and not before', () => {
    const quiet = { id: 1, loudnessDbov: -60 };
    const loud = { id: 2, loudnessDbov: -60 + HYSTERESIS_DB };
    const selection = new SlotSelection<Speaker>(1);
    selection.update(new Set([quiet]), 0);
    const both = new Set([quiet, loud]);
    expect(selection.update(both, HOLD_MS * 2)).toBe(false);
    loud.loudnessDbov = -20;
    expect(selection.update(both, HOLD_MS - 1)).toBe(false);
    expect(selection.update(both, HOLD_MS)).toBe(true);
    expect(selection.holders).toEqual([loud]);
    quiet.loudnessDbov = -18;
    expect(selection.update(both, HOLD_MS * 3)).toBe(false);
  });
});
