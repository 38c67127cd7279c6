import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CALM_MS,
  Ladder,
  PATIENCE_MAX,
  PRESS_MS,
  RELAPSE_MS,
  RUNG_MS,
  RUNGS,
  type Rung,
  type Strain,
} from './ladder.ts';

const TICK_MS = 250;
const QUIET: Strain = { flush: 0, load: 0.2, places: 0.3, egress: 0.2 };
const FULL: Strain = { flush: 1, load: 2, places: 1, egress: 1.1 };
const ALL: ReadonlySet<Rung> = new Set(RUNGS);

/** Every change while `strainAt` holds, told once a tick. */
function climb(
  ladder: Ladder,
  fromMs: number,
  untilMs: number,
  strainAt: (nowMs: number) => Strain,
): { readonly atMs: number; readonly step: number }[] {
  const changes: { atMs: number; step: number }[] = [];
  for (let atMs = fromMs; atMs < untilMs; atMs += TICK_MS) {
    const before = ladder.step;
    ladder.tick(atMs, strainAt(atMs));
    if (ladder.step !== before) changes.push({ atMs, step: ladder.step });
  }
  return changes;
}

const strain = fc.record({
  flush: fc.double({ min: 0, max: 1, noNaN: true }),
  load: fc.double({ min: 0, max: 5, noNaN: true }),
  places: fc.double({ min: 0, max: 1.2, noNaN: true }),
  egress: fc.double({ min: 0, max: 2, noNaN: true }),
});
/** Mostly as often as it is told, sometimes after a long time. */
const passedMs = fc.oneof(fc.integer({ min: 50, max: 300 }), fc.integer({ min: 1, max: 8_000 }));
const someRungs = fc
  .subarray([...RUNGS])
  .map((rungs): ReadonlySet<Rung> => new Set<Rung>(['flush', 'far', ...rungs]));

describe('the ladder', () => {
  test('[P1] [P2] takes the rungs in their order, and leaves them in reverse', () => {
    const ladder = new Ladder(ALL);
    const seen: (Rung | null)[] = [];
    const note = (): void => {
      if (seen.at(-1) !== ladder.rung) seen.push(ladder.rung);
    };
    for (let atMs = 0; atMs < 10_000; atMs += TICK_MS) {
      ladder.tick(atMs, FULL);
      note();
    }
    for (let atMs = 10_000; atMs < 60_000; atMs += TICK_MS) {
      ladder.tick(atMs, QUIET);
      note();
    }
    const up = [null, 'flush', 'far', 'hls', 'voice24'];
    expect(seen).toEqual([...up, ...up.slice(0, -1).reverse()]);
  });

  test('is back at the ground within thirty seconds of the end of what pressed', () => {
    const ladder = new Ladder(ALL);
    climb(ladder, 0, 10_000, () => FULL);
    expect(ladder.step).toBe(4);
    const changes = climb(ladder, 10_000, 60_000, () => QUIET);
    expect(changes.at(-1)).toMatchObject({ step: 0 });
    expect(changes.at(-1)!.atMs).toBeLessThanOrEqual(40_000);
  });

  test('sends newcomers to the longer buffer only when the flush is at its longest', () => {
    const ladder = new Ladder(ALL);
    climb(ladder, 0, 20_000, () => ({ ...QUIET, flush: 0.9, load: 3 }));
    expect(ladder.rung).toBe('flush');
    climb(ladder, 20_000, 30_000, () => ({ ...QUIET, flush: 1, load: 0.8 }));
    expect(ladder.rung).toBe('far');
    climb(ladder, 30_000, 40_000, () => ({ ...QUIET, flush: 1, load: 1.1 }));
    expect(ladder.rung).toBe('hls');
  });

  test('takes the lean rendition for egress alone', () => {
    const ladder = new Ladder(ALL);
    climb(ladder, 0, 60_000, () => ({ flush: 1, load: 5, places: 1, egress: 0.5 }));
    expect(ladder.rung).toBe('hls');
    climb(ladder, 60_000, 70_000, () => ({ flush: 1, load: 5, places: 1, egress: 0.95 }));
    expect(ladder.rung).toBe('voice24');
  });

  test('without a cache places that run out are a matter of the line alone', () => {
    const ladder = new Ladder(new Set<Rung>(['flush', 'far', 'voice24']));
    climb(ladder, 0, 60_000, () => ({ ...QUIET, places: 1 }));
    expect(ladder.step).toBe(0);
    climb(ladder, 60_000, 70_000, () => ({ ...QUIET, egress: 1 }));
    expect(ladder.rung).toBe('voice24');
    expect(ladder.on('hls')).toBe(false);
    expect(ladder.on('far')).toBe(true);
  });

  test('knows since when it is on its rung, and what calls for it', () => {
    const ladder = new Ladder(ALL);
    expect([ladder.sinceMs, ladder.by]).toEqual([null, null]);
    const [, , cache] = climb(ladder, 0, 10_000, () => ({ ...QUIET, places: 0.95 }));
    expect([ladder.rung, ladder.by]).toEqual(['hls', 'places']);
    expect(ladder.sinceMs).toBe(cache!.atMs);
    // What presses now comes before what does not ease yet, and the last cause stays through the calm.
    ladder.tick(10_000, { ...QUIET, places: 0.8, load: 1.1 });
    expect(ladder.by).toBe('load');
    ladder.tick(10_250, { ...QUIET, places: 0.8 });
    expect(ladder.by).toBe('places');
    ladder.tick(10_500, QUIET);
    expect(ladder.by).toBe('places');
    climb(ladder, 11_000, 60_000, () => QUIET);
    expect([ladder.sinceMs, ladder.by]).toEqual([null, null]);
  });

  test('[property] never skips a step, and takes its time for each', () => {
    fc.assert(
      fc.property(
        someRungs,
        fc.array(fc.tuple(fc.oneof(strain, fc.constant(FULL)), passedMs), {
          minLength: 100,
          maxLength: 300,
        }),
        (has, told) => {
          const ladder = new Ladder(has);
          let nowMs = 0;
          let changedMs = Number.NEGATIVE_INFINITY;
          for (const [measured, sinceMs] of told) {
            nowMs += sinceMs;
            const before = ladder.step;
            ladder.tick(nowMs, measured);
            const by = ladder.step - before;
            expect(Math.abs(by)).toBeLessThanOrEqual(1);
            expect(ladder.step).toBeLessThanOrEqual(has.size);
            if (by === 0) continue;
            expect(nowMs - changedMs).toBeGreaterThanOrEqual(by > 0 ? RUNG_MS : CALM_MS);
            changedMs = nowMs;
          }
        },
      ),
    );
  });

  test('[property] never flaps: whatever is measured, changes become rare', () => {
    const lastsMs = 20 * 60_000;
    fc.assert(
      fc.property(fc.infiniteStream(strain), fc.integer({ min: 1, max: 200 }), (noise, hold) => {
        const ladder = new Ladder(ALL);
        let ticks = 0;
        let now = QUIET;
        // The worst noise there is: all or nothing, for as long as it takes to be believed.
        const changes = climb(ladder, 0, lastsMs, () => {
          if (ticks++ % hold === 0) now = noise.next().value!;
          return now;
        });
        const downs = changes.filter(({ step }, at) => step < (changes[at - 1]?.step ?? 0)).length;
        // Each is followed by a longer patience, or by a minute in which nothing calls.
        const first = Math.log2(PATIENCE_MAX) + RUNGS.length;
        expect(downs).toBeLessThanOrEqual(
          first + RUNGS.length * (lastsMs / Math.min(RELAPSE_MS, CALM_MS * PATIENCE_MAX)),
        );
      }),
      { numRuns: 50 },
    );
  });

  test('[property] noise between what presses and what eases changes nothing', () => {
    const within = fc.record({
      flush: fc.double({ min: 0.71, max: 0.94, noNaN: true }),
      load: fc.double({ min: 0.61, max: 0.99, noNaN: true }),
      places: fc.double({ min: 0.76, max: 0.89, noNaN: true }),
      egress: fc.double({ min: 0.66, max: 0.79, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.infiniteStream(within), fc.integer({ min: 1, max: 4 }), (noise, steps) => {
        const ladder = new Ladder(ALL);
        let atMs = 0;
        for (; ladder.step < steps; atMs += TICK_MS) ladder.tick(atMs, FULL);
        const from = ladder.step;
        const changes = climb(ladder, atMs, atMs + 120_000, () => noise.next().value!);
        // The first rung may be called for by any raised flush at all.
        expect(changes).toEqual([]);
        expect(ladder.step).toBe(from);
      }),
      { numRuns: 30 },
    );
  });

  test('a moment is not a state', () => {
    const ladder = new Ladder(ALL);
    const changes = climb(ladder, 0, 60_000, (atMs) =>
      atMs % (PRESS_MS * 2) < PRESS_MS ? { flush: 1, load: 5, places: 1, egress: 1 } : QUIET,
    );
    expect(changes).toEqual([]);
  });

  test('one that relapses keeps its rung longer each time', () => {
    const ladder = new Ladder(ALL);
    // Newcomers who come back from the cache are what calls for it again.
    const changes = climb(ladder, 0, 10 * 60_000, () =>
      ladder.on('hls') ? QUIET : { ...QUIET, places: 0.95 },
    );
    const left = changes.filter(({ step }, at) => step === 2 && changes[at - 1]?.step === 3);
    const apart = left.slice(1).map(({ atMs }, at) => atMs - left[at]!.atMs);
    expect(apart[0]!).toBeLessThan(15_000);
    expect(apart.at(-1)!).toBeGreaterThan(CALM_MS * PATIENCE_MAX);
  });
});
