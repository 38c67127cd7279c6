import { scoreOf } from '@parterre/rehearsal';
import type { Permit } from '@parterre/rehearsal/permit';
import { describe, expect, it } from 'vitest';
import { objectionToScore, permitFor } from './rehearsal-permit.ts';

const permit: Permit = {
  v: 1,
  id: 'p'.repeat(16),
  audience: 'https://live.example.org',
  key: 'k'.repeat(64),
  issuedAtMs: 0,
  expiresAtMs: 1,
  listeners: 5_000,
  joinsPerS: 200,
  seconds: 600,
  disturb: false,
  text: '',
};
const scoreFor = (words: string, listeners = 5_000, pace = 200) =>
  scoreOf(words, { listeners, pace, scale: 1, speed: 1, seconds: null, read: () => '' });

describe('the permit of a rehearsal elsewhere', () => {
  it('[P8] is demanded before anything is sent', async () => {
    const asked = permitFor(null, 'https://live.example.org/talk', scoreFor('steady'));
    await expect(asked).rejects.toThrow(/takes a permit/);
  });

  it('[P8] bounds listeners, joins, time and manners', () => {
    expect(objectionToScore(permit, scoreFor('steady'))).toBeNull();
    expect(objectionToScore(permit, scoreFor('steady', 5_001))).toMatch(/5000 listeners/);
    expect(objectionToScore(permit, scoreFor('steady', 5_000, 201))).toMatch(/200 joins/);
    expect(objectionToScore(permit, scoreFor('stampede', 30_000))).toMatch(/5000 listeners/);
    expect(objectionToScore(permit, scoreFor('soak'))).toMatch(/600 s/);
    for (const words of ['retry-storm', 'slow-readers', 'mass-exit']) {
      expect(objectionToScore(permit, scoreFor(words)), words).toMatch(/does not allow/);
      expect(objectionToScore({ ...permit, disturb: true }, scoreFor(words)), words).toBeNull();
    }
  });
});
