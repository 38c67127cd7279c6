import type { PublicSpace } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { askAgainAfterMs, replayComes, retryAfterMs } from './space-follower.ts';

const SPACE: PublicSpace = {
  id: 'evening',
  title: 'An evening',
  host: '',
  state: 'scheduled',
  profile: 'near',
  rendition: 'voice',
  startsAtMs: 10_000_000,
  doorsAtMs: 9_400_000,
  liveAtMs: null,
  endedAtMs: null,
  replayReady: false,
};

describe('following a space', () => {
  it('asks seldom far from the doors and often near them', () => {
    expect(askAgainAfterMs(SPACE, 0)).toBe(60_000);
    expect(askAgainAfterMs(SPACE, 9_390_000)).toBe(3_000);
    expect(askAgainAfterMs({ ...SPACE, state: 'ended', liveAtMs: 0 }, 0)).toBe(3_000);
    expect(askAgainAfterMs({ ...SPACE, state: 'ended', replayReady: true }, 0)).toBe(120_000);
  });

  it('awaits no recording of what never was live, nor one that retention has removed', () => {
    const ended: PublicSpace = { ...SPACE, state: 'ended', liveAtMs: 1_000, endedAtMs: 2_000 };
    expect(replayComes(ended, 60_000)).toBe(true);
    expect(replayComes({ ...ended, liveAtMs: null }, 60_000)).toBe(false);
    expect(replayComes(ended, 2_000 + 24 * 3_600_000)).toBe(false);
    expect(replayComes({ ...ended, replayReady: true }, 60_000)).toBe(false);
    expect(askAgainAfterMs({ ...ended, liveAtMs: null }, 60_000)).toBe(120_000);
  });

  it('[P2] never stops trying, never in step, never more than half a minute apart', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, uniform) => {
        const waitMs = retryAfterMs(failures, uniform);
        expect(waitMs).toBeGreaterThanOrEqual(900);
        expect(waitMs).toBeLessThanOrEqual(30_000);
      }),
    );
    expect(retryAfterMs(0, 0, 30_000)).toBe(30_000);
    expect(retryAfterMs(0, 0.9, 30_000)).toBeGreaterThan(30_000);
    expect(retryAfterMs(3, 0.1)).not.toBe(retryAfterMs(3, 0.9));
  });
});
