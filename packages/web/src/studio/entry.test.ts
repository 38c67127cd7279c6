import { describe, expect, it } from 'vitest';
import { readAddress } from './entry.ts';
import { barOfLevel } from './meter.tsx';

describe('the way into the studio', () => {
  it('reads the space or the invitation from the address', () => {
    expect(readAddress('/studio/an-evening', '')).toEqual({ kind: 'studio', space: 'an-evening' });
    expect(readAddress('/invite', '#abc-_9')).toEqual({ kind: 'invite', token: 'abc-_9' });
    expect(readAddress('/invite', '')).toEqual({ kind: 'invite', token: '' });
  });
});

describe('a level bar', () => {
  it('is empty at −60 dBFS and below, full at 0 dBFS and above', () => {
    expect(barOfLevel(1)).toBe(1);
    expect(barOfLevel(2)).toBe(1);
    expect(barOfLevel(0.001)).toBeCloseTo(0);
    expect(barOfLevel(0)).toBe(0);
    expect(barOfLevel(Number.NaN)).toBe(0);
    expect(barOfLevel(0.1)).toBeCloseTo(2 / 3);
  });
});
