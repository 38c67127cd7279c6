import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clockText,
  countdownOf,
  dateText,
  driftWord,
  isoDuration,
  spokenDuration,
} from './time.ts';

describe('times as people read them', () => {
  it('shows positions as a clock', () => {
    expect(clockText(0)).toBe('0:00');
    expect(clockText(65_999)).toBe('1:05');
    expect(clockText(3_723_000)).toBe('1:02:03');
    expect(clockText(-5)).toBe('0:00');
    expect(clockText(Number.NaN)).toBe('0:00');
    expect(isoDuration(65_999)).toBe('PT65S');
  });

  it('counts down so that zero means now, and loses no second', () => {
    expect(countdownOf(1)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 1 });
    expect(countdownOf(0)).toEqual({ days: 0, hours: 0, minutes: 0, seconds: 0 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
        const { days, hours, minutes, seconds } = countdownOf(ms);
        expect(((days * 24 + hours) * 60 + minutes) * 60 + seconds).toBe(Math.ceil(ms / 1_000));
        expect(hours < 24 && minutes < 60 && seconds < 60).toBe(true);
      }),
    );
  });

  it('says a length in words', () => {
    expect(spokenDuration(3_720_000, 'en')).toBe('1 hour, 2 minutes');
    expect(spokenDuration(5_000, 'fr')).toMatch(/^5\ssecondes$/);
    expect(spokenDuration(0, 'en')).toBe('0 seconds');
  });

  it('[P4] says how the start kept its time', () => {
    const words = { startedOnTime: 'on time', startedLate: (seconds: string) => `${seconds} late` };
    const say = (driftMs: number | null) => driftWord(words, driftMs);
    expect([say(0), say(-20), say(99)]).toEqual(['on time', 'on time', 'on time']);
    expect([say(420), say(75_000)]).toEqual(['0.4 late', '75 late']);
    expect([say(null), say(-5_000)]).toEqual([null, null]);
  });

  it('names the day only when it is another one', () => {
    const at = new Date(2026, 11, 4, 20, 0).getTime();
    expect(dateText(at, at - 3_600_000, 'en')).not.toContain('December');
    expect(dateText(at, at - 86_400_000, 'en')).toContain('4 December');
    expect(dateText(at, at - 86_400_000, 'fr')).toContain('4 décembre');
  });
});
