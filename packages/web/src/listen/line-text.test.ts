import type { Place } from '@parterre/client/waiting';
import { describe, expect, it } from 'vitest';
import { etaText, type Said, sayOf } from './line-text.ts';
import { LINE_WORDS } from './line-words.ts';

const words = LINE_WORDS.en;
const place = (ahead: number | null, more: Partial<Place> = {}): Place => ({
  ahead,
  eta: ahead === null ? null : { leastMs: ahead * 1_000, mostMs: ahead * 2_000, why: null },
  draw: null,
  lapsed: false,
  working: false,
  ...more,
});

describe('what those who hear the page are told', () => {
  it('[P2] is their place at once, then silence until half of the line is gone', () => {
    let said: Said | null = null;
    const told: string[] = [];
    for (let ahead = 400; ahead > 0; ahead -= 1) {
      const say = sayOf(words, place(ahead), said, (400 - ahead) * 3_000);
      if (say === null) continue;
      said = say;
      told.push(say.text);
    }
    expect(told[0]).toMatch(/^400 people before you\. About 6 to 14 minutes\./);
    expect(told.at(-1)).toMatch(/^You are next|^\d people/);
    expect(told.length).toBeLessThanOrEqual(10);
  });

  it('[P2] is the turn at once, whatever was said a moment ago', () => {
    const said = sayOf(words, place(3), null, 0)!;
    expect(sayOf(words, place(0, { eta: null }), said, 1)).toMatchObject({
      text: 'It is your turn.',
    });
  });

  it('[P2] is at once that a turn was missed', () => {
    const said = sayOf(words, place(0), null, 0)!;
    const missed = sayOf(words, place(30, { lapsed: true }), said, 60_000);
    expect(missed?.text).toMatch(/^Your turn came and was not taken[\s\S]*30 people/);
  });

  it('is why it takes longer, and that a place is a new one', () => {
    const said = sayOf(words, place(300, { lapsed: true }), null, 0)!;
    expect(said.text).toMatch(/^Your turn came and was not taken/);
    const eta = { leastMs: 600_000, mostMs: 1_200_000, why: 'slower' } as const;
    expect(sayOf(words, place(299, { eta }), said, 60_000)?.text).toContain('longer than we said');
    expect(sayOf(words, place(299, { eta }), said, 1_000)).toBeNull();
  });

  it('never promises a time that nobody can know', () => {
    expect(etaText(words, place(5, { eta: null }))).toMatch(/nobody can say when/);
    const eta = { leastMs: 0, mostMs: 30_000, why: null };
    expect(etaText(words, place(5, { eta }))).toBe('A minute or less.');
  });
});
