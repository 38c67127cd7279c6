import type { CrowdResult, Neighbour } from '@parterre/protocol/rehearsal';
import { describe, expect, it } from 'vitest';
import { CROWD_S, promisesOfCrowds, scoreOfCrowd } from './overrunning.ts';

const neighbour: Neighbour = {
  seconds: 10,
  joins: 60,
  joinP95Ms: 20,
  latencyP99Ms: 400,
  gaps: 0,
  apiP95Ms: 15,
};
const aCrowd = (change: Partial<CrowdResult> = {}): CrowdResult => ({
  factor: 1,
  visitors: 2_000,
  listenersMax: 1_500,
  serverListenersMax: 1_650,
  reachedP99Ms: 300,
  gaps: 0,
  goodputS: 50_000,
  recoveryS: 20,
  before: neighbour,
  during: neighbour,
  ...change,
});

/** Which promises broke. */
const broken = (...crowds: CrowdResult[]): string[] =>
  promisesOfCrowds(crowds, 2_000).flatMap(({ held, measure }) => (held ? [] : [measure]));

describe('crowds against one capacity', () => {
  it('[P1] are as many as they should be, beside those who are in already', () => {
    const score = scoreOfCrowd(10, 2_000, 1_000);
    expect(score.wantedAt(score.prerollS + CROWD_S.comes - 1)).toBe(800);
    expect(score.wantedAt(score.prerollS + 40)).toBe(20_000);
    expect(score.wantedAt(score.prerollS + CROWD_S.left)).toBe(800);
    expect(score.seconds - score.prerollS - CROWD_S.left).toBeGreaterThan(30);
  });

  it('[P1] [P2] hold together or break by name', () => {
    const large = aCrowd({ factor: 10, goodputS: 48_000 });
    expect(broken(aCrowd(), large)).toEqual([]);
    expect(broken(aCrowd(), { ...large, gaps: 1 })).toEqual(['crowds.gaps']);
    expect(broken(aCrowd({ serverListenersMax: 2_001 }), large)).toEqual(['crowds.over_capacity']);
    expect(broken(aCrowd(), { ...large, goodputS: 47_000 })).toEqual(['crowds.goodput_loss']);
    expect(broken(aCrowd(), { ...large, recoveryS: null })).toEqual(['crowds.recovery_s']);
    expect(broken(aCrowd(), { ...large, reachedP99Ms: 2_100 })).toEqual(['crowds.reached.p99_s']);
    const slower = (change: Partial<Neighbour>) => ({ during: { ...neighbour, ...change } });
    expect(broken(aCrowd(slower({ joinP95Ms: 300 })))).toEqual(['beside.join_slower_s']);
    expect(broken(aCrowd(slower({ apiP95Ms: 300 })))).toEqual(['beside.api_slower_s']);
    expect(broken(aCrowd(slower({ gaps: 1 })))).toEqual(['beside.gaps']);
  });
});
