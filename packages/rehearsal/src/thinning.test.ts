import { expect, it } from 'vitest';
import { sampleResult } from './result.fixture.ts';
import { thinned, thinnedSeconds } from './thinning.ts';

it('a thinned timeline has the same totals, and every peak', () => {
  const { seconds } = sampleResult();
  const few = thinnedSeconds(seconds, 50);
  expect(few).toHaveLength(48);
  const sum = (of: typeof seconds, name: 'joins' | 'bytes' | 'leaves') =>
    of.reduce((total, second) => total + second[name], 0);
  for (const name of ['joins', 'bytes', 'leaves'] as const)
    expect(sum(few, name)).toBe(sum(seconds, name));
  for (const name of ['listeners', 'latencyP99Ms', 'loopDelayMs', 'serverCpu'] as const)
    expect(Math.max(...few.map((second) => second[name] ?? 0))).toBe(
      Math.max(...seconds.map((second) => second[name] ?? 0)),
    );
  expect(few.map((second) => second.atS).slice(0, 3)).toEqual([0, 5, 10]);
});

it('what is short enough stays as it is', () => {
  const result = sampleResult();
  expect(thinned(result, 3_600)).toEqual(result);
});
