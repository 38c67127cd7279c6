import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BUILT_IN } from './built-in.ts';
import { readScenario, type ScoreOptions, scoreOf } from './scenario.ts';

const options: ScoreOptions = {
  listeners: 1_000,
  scale: 1,
  speed: 1,
  seconds: null,
  pace: 500,
  read: () => {
    throw new Error('no file is read');
  },
};

describe('scenario', () => {
  it('has built-in ones that are right and named as their files', () => {
    for (const scenario of BUILT_IN) {
      expect(readScenario(JSON.stringify(scenario), scenario.name).name).toBe(scenario.name);
    }
  });

  it('lets the first ones in at the pace before it begins', () => {
    const score = scoreOf('steady', options);
    expect(score.prerollS).toBe(2);
    expect(score.seconds).toBe(62);
    expect([0, 1, 2, 60].map(score.wantedAt)).toEqual([0, 500, 1_000, 1_000]);
  });

  it('runs faster and larger when it is told to', () => {
    const score = scoreOf('stampede', { ...options, speed: 12, scale: 2 });
    expect(score.wantedAt(2.5)).toBe(1_000);
    expect(score.wantedAt(5)).toBe(2_000);
    expect(score.listenersMax).toBe(2_000);
  });

  it('puts a crowd with a number of its own on top of the others', () => {
    const score = scoreOf('steady+stampede:2000@20x12', { ...options, seconds: 60 });
    const after = (second: number): number => score.wantedAt(score.prerollS + second);
    expect([0, 19.9, 22.5, 25, 59].map(after)).toEqual([1_000, 1_000, 2_000, 3_000, 3_000]);
    expect(score.listenersMax).toBe(3_000);
  });

  it('takes parts without a number for one crowd, with the incidents of all', () => {
    const score = scoreOf('steady+edge-crash+retry-storm', options);
    expect(score.listenersMax).toBe(1_000);
    expect(score.incidents.map((incident) => incident.do)).toEqual([
      'kill-edge',
      'cut',
      'cut',
      'cut',
    ]);
  });

  it('knows whether half of the house leaves at once', () => {
    const emptied = (words: string): boolean => scoreOf(words, options).emptied;
    expect(['mass-exit', 'interview-2023', 'overrun'].filter(emptied)).toHaveLength(3);
    expect(['steady', 'stampede', 'doors', 'retry-storm'].filter(emptied)).toEqual([]);
  });

  it('never wants more than its peak or less than nobody', () => {
    const name = fc.constantFrom(...BUILT_IN.map((each) => each.name));
    const speed = fc.double({ min: 1, max: 100, noNaN: true });
    fc.assert(
      fc.property(name, name, speed, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, x, at) => {
        const score = scoreOf(`${a}+${b}:300@5`, { ...options, speed: x });
        const wanted = score.wantedAt(at * score.seconds);
        expect(wanted).toBeGreaterThanOrEqual(0);
        expect(wanted).toBeLessThanOrEqual(1_300);
        expect(Number.isInteger(wanted)).toBe(true);
      }),
    );
  });

  it('says in words what is wrong', () => {
    expect(() => scoreOf('stedy', options)).toThrow(/no scenario "stedy"/);
    expect(() => scoreOf('steady:9999999', options)).toThrow(/At most 1000000/);
    expect(() => readScenario('{"name":"x"}', 'x.json')).toThrow(/x\.json is not right/);
    const back = {
      name: 'back',
      about: '',
      house: [
        [5, 1],
        [1, 0],
      ],
      seconds: 1,
    };
    expect(() => readScenario(JSON.stringify(back), 'back.json')).toThrow(/in order of time/);
  });
});
