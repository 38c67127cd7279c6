import { PROFILES } from '@parterre/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Engine, Range } from './engine.ts';
import { Playhead, TICK_MS } from './playhead.ts';

/** An element on a clock of its own: it moves while there is sound under it, and stops where there is none. */
class FakeEngine implements Engine {
  readonly kind = 'mse';
  positionMs: number | null = null;
  sound: Range[] = [];
  rate = 1;
  rates = new Set<number>();
  stuck = false;
  play = () => Promise.resolve();
  pause(): void {}
  ranges = () => this.sound;
  init(): void {}
  append(): void {}
  flush(): void {}
  close(): void {}
  seek(toMs: number): void {
    this.positionMs = toMs;
  }
  setRate(rate: number): void {
    this.rate = rate;
    this.rates.add(rate);
  }
  advance(ms: number): void {
    const at = this.positionMs;
    const here = at === null ? undefined : this.sound.find((r) => r.startMs <= at && at < r.endMs);
    if (at === null || here === undefined || this.stuck) return;
    this.positionMs = Math.min(here.endMs, at + ms * this.rate);
  }
}

describe('playhead', () => {
  let engine: FakeEngine;
  let playhead: Playhead;
  let events: unknown[];
  let nowMs: number;

  beforeEach(() => {
    events = [];
    nowMs = 50_000;
    engine = new FakeEngine();
    playhead = new Playhead({
      gap: (from, to) => events.push(['gap', from, to]),
      stall: () => events.push(['stall']),
      skip: (from, to) => events.push(['skip', from, to]),
    });
  });

  const look = (final = false) => playhead.look({ engine, nowMs, profile: PROFILES.near, final });
  const run = (ms: number) => {
    for (let left = ms; left > 0; left -= TICK_MS / 5) {
      nowMs += TICK_MS / 5;
      engine.advance(TICK_MS / 5);
      look();
    }
  };
  const playFrom = (startMs: number, endMs: number) => {
    engine.sound = [{ startMs, endMs }];
    engine.positionMs = startMs;
    run(500);
  };

  it('[P1] jumps a hole, once, and counts it', () => {
    playFrom(10_000, 11_000);
    engine.sound = [...engine.sound, { startMs: 11_400, endMs: 14_000 }];
    run(1_500);
    expect(events).toEqual([['gap', 55, 57]]);
    expect(engine.positionMs).toBeGreaterThan(11_400);
  });

  it('waits for half the buffer after running dry, then goes on where it was', () => {
    playFrom(10_000, 10_600);
    run(1_000);
    expect(events).toEqual([['stall']]);
    engine.sound = [{ startMs: 10_000, endMs: 10_800 }];
    run(250);
    expect(engine.rate).toBe(0);
    engine.sound = [{ startMs: 10_000, endMs: 11_200 }];
    run(250);
    expect(engine.rate).toBeGreaterThan(0);
    expect(engine.positionMs).toBeGreaterThan(10_600);
    expect(engine.positionMs).toBeLessThan(11_000);
  });

  it('does not wait for anything at the end of the programme', () => {
    playFrom(10_000, 10_600);
    engine.advance(1_000);
    expect(look(true)).toMatchObject({ starved: true });
    expect(events).toEqual([]);
  });

  it('nudges a stuck element, then asks for a new one', () => {
    playFrom(10_000, 60_000);
    engine.stuck = true;
    const needs = new Set<string>();
    for (let tick = 0; tick < 60; tick++) {
      nowMs += TICK_MS;
      needs.add(look().need);
    }
    expect(needs).toContain('stuck');
    expect(events).toEqual([]);
  });

  it('begins near live although the element was slow to start', () => {
    engine.sound = [{ startMs: 10_000, endMs: 11_400 }];
    engine.positionMs = 10_000;
    playhead.arrived(56, nowMs);
    run(500);
    expect(events).toEqual([['skip', expect.any(Number), 54]]);
    run(100);
    expect(events).toHaveLength(1);
    expect(engine.rates).toEqual(new Set([1]));
  });

  it('goes to live inside the buffer when it is far behind, and asks for live when that is elsewhere', () => {
    playFrom(10_000, 60_000);
    playhead.arrived(299, nowMs);
    look();
    expect(events).toEqual([['skip', expect.any(Number), 296]]);
    expect(engine.positionMs).toBeGreaterThan(59_000);
    engine.positionMs = 10_100;
    engine.sound = [{ startMs: 10_000, endMs: 12_000 }];
    look();
    expect(look().need).toBe('skip');
  });
});
