import type { RehearsalSecond } from '@parterre/protocol/rehearsal';
import { describe, expect, it } from 'vitest';
import { goodputOf, mostOf, neighbourOf, recoveryOf } from './line-figures.ts';
import { sampleResult } from './result.fixture.ts';

const [quiet] = sampleResult().seconds as [RehearsalSecond];
const secondsOf = (all: readonly Partial<RehearsalSecond>[]): RehearsalSecond[] =>
  all.map((some, atS) => ({ ...quiet, atS, ...some }));

describe('what a full house came to', () => {
  it('[P1] counts what was listened without a gap', () => {
    const seconds = secondsOf([{ listeners: 10 }, { listeners: 10, gaps: 2, dry: 1 }]);
    expect(goodputOf(seconds)).toBe(17);
  });

  it('[P2] counts from the crowd’s end until nobody waits, and never where somebody does', () => {
    const waiting = (...tickets: number[]) =>
      secondsOf(tickets.map((count) => ({ tickets: count })));
    expect(recoveryOf(waiting(9, 9, 9, 3, 1, 0, 0), 3)).toBe(2);
    expect(recoveryOf(waiting(9, 9, 0, 0), 2)).toBe(0);
    expect(recoveryOf(waiting(9, 9, 0, 1), 2)).toBeNull();
  });

  it('[P1] takes the most of both counts', () => {
    const seconds = secondsOf([
      { listeners: 5, serverListeners: null },
      { listeners: 4, serverListeners: 7 },
    ]);
    expect(mostOf(seconds)).toEqual({ listenersMax: 5, serverListenersMax: 7 });
  });

  it('tells a neighbour’s joins, gaps and the api', () => {
    const seconds = secondsOf([
      { joins: 3, joinP95Ms: 12, gaps: 0, dry: 1 },
      { joins: 2, joinP95Ms: null },
    ]);
    const times = Array.from({ length: 100 }, (_, at) => at + 1);
    expect(neighbourOf(seconds, times)).toMatchObject({
      seconds: 2,
      joins: 5,
      joinP95Ms: 12,
      gaps: 1,
      apiP95Ms: 95,
    });
    expect(neighbourOf([], []).apiP95Ms).toBeNull();
  });
});
