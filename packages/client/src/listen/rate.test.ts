import { CHUNK_MS, PROFILES } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveEdge, RATE_MAX, RATE_MIN, RateController, rateBands } from './rate.ts';

describe('live edge', () => {
  it('is the same whether chunks come one by one or many in a flush', () => {
    const [single, flushed] = [new LiveEdge(), new LiveEdge()];
    for (let seq = 0; seq < 50; seq++) {
      const readyMs = (seq + 1) * CHUNK_MS;
      single.arrived(readyMs, readyMs);
      flushed.arrived(readyMs, Math.ceil(readyMs / 1_000) * 1_000);
    }
    expect(flushed.at(10_000)).toBe(single.at(10_000));
  });

  it('does not follow an edge that flushes less often under load', () => {
    const edge = new LiveEdge();
    let flushedMs = 0;
    const waiting: number[] = [];
    for (let readyMs = CHUNK_MS; readyMs <= 60_000; readyMs += CHUNK_MS) {
      waiting.push(readyMs);
      const flushMs = readyMs < 20_000 ? 1_000 : Math.min(2_000, 1_000 + (readyMs - 20_000) / 2);
      if (readyMs - flushedMs < flushMs) continue;
      for (const endMs of waiting.splice(0)) edge.arrived(endMs, readyMs);
      flushedMs = readyMs;
      expect(edge.at(readyMs)).toBe(readyMs);
    }
  });

  it('goes on through a cut, and follows a network that became slower', () => {
    const edge = new LiveEdge();
    edge.arrived(1_000, 1_000);
    expect(edge.at(6_000)).toBe(6_000);
    for (let at = 6_000; at <= 30_000; at += CHUNK_MS) edge.arrived(at, at + 500);
    expect(edge.at(30_500)).toBe(30_000);
  });
});

describe('rate controller', () => {
  it('stays within its limits, whatever the distance', () => {
    const controller = new RateController();
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (distanceMs) => {
        const { rate } = controller.decide(distanceMs, PROFILES.near);
        return rate >= RATE_MIN && rate <= RATE_MAX;
      }),
    );
  });

  it.each(Object.values(PROFILES))(
    'brings a listener of $id to the target and then rests',
    (profile) => {
      const { bufferMs } = profile;
      for (const startMs of [
        bufferMs * 0.4,
        bufferMs * 1.3,
        bufferMs + rateBands(profile).skipMs - 1,
      ]) {
        const controller = new RateController();
        let distanceMs = startMs;
        let changes = 0;
        let before = 1;
        for (let step = 0; step < 4_000; step++) {
          const { rate, skip } = controller.decide(distanceMs, profile);
          expect(skip).toBe(false);
          if (rate !== before) changes++;
          before = rate;
          distanceMs -= (rate - 1) * 250;
        }
        expect(Math.abs(distanceMs - bufferMs)).toBeLessThanOrEqual(rateBands(profile).beginMs);
        expect(before).toBe(1);
        expect(changes).toBeLessThanOrEqual(2);
      }
    },
  );

  it('does nothing inside the dead band', () => {
    const controller = new RateController();
    const { beginMs } = rateBands(PROFILES.steady);
    for (const error of [0, beginMs - 1, 1 - beginMs]) {
      expect(controller.decide(PROFILES.steady.bufferMs + error, PROFILES.steady).rate).toBe(1);
    }
  });

  it('skips in near what is beyond twice its buffer, and in steady plays it off', () => {
    const [near, steady] = [new RateController(), new RateController()];
    expect(near.decide(PROFILES.near.bufferMs * 2 + 1, PROFILES.near).skip).toBe(true);
    expect(steady.decide(PROFILES.steady.bufferMs * 2 + 1, PROFILES.steady)).toEqual({
      rate: RATE_MAX,
      skip: false,
    });
  });

  it('gives up on catching up when that would take minutes', () => {
    expect(new RateController().decide(60_000, PROFILES.steady)).toEqual({ rate: 1, skip: true });
  });
});
