import type { OverflowWord } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { crowdFacts, crowdText, isNoticed } from './crowd-text.ts';
import { CROWD_WORDS } from './words.ts';

const { en, fr } = CROWD_WORDS;
const AT_MS = Date.UTC(2026, 10, 28, 20, 4);
const told = (
  overflow: OverflowWord['overflow'],
  overflowBy: OverflowWord['overflowBy'],
  overflowSinceMs: number | null = null,
): OverflowWord => ({ overflow, overflowBy, overflowSinceMs });

describe('what who runs a house is told of a crowd', () => {
  it('is nothing while all is ordinary, or where an edge says nothing of it', () => {
    expect(crowdText(en, told('none', null))).toBeNull();
    expect(crowdText(en, {})).toBeNull();
    expect(crowdFacts(en, {}, null, AT_MS, 'en')).toBe('');
    expect(isNoticed({})).toBe(false);
  });

  it('is nothing either for a step that this page has no words for', () => {
    expect(crowdText(en, { overflow: 'later' as 'hls', overflowBy: 'places' })).toBeNull();
  });

  it('names the step and what runs short, in both languages', () => {
    expect(crowdText(en, told('hls', 'places'))).toBe(
      'Most places are taken. Whoever comes now listens through the cache, some ten seconds late. Those who are in keep what they have; you need do nothing.',
    );
    expect(crowdText(fr, told('far', 'work'))).toBe(
      'Ce serveur est très chargé. Qui arrive maintenant entend la scène avec une dizaine de secondes de retard. Ceux qui sont déjà là gardent ce qu’ils ont\u00a0; vous n’avez rien à faire.',
    );
    expect(crowdText(en, told('line', 'places'))).toMatch(/^Every place is taken\. Whoever/);
    expect(crowdText(en, told('voice24', 'egress'))).toMatch(/bandwidth.*24 kbit\/s/);
  });

  it('says aloud only what a newcomer notices', () => {
    expect(isNoticed(told('flush', 'work'))).toBe(false);
    for (const step of ['far', 'hls', 'voice24', 'line'] as const)
      expect(isNoticed(told(step, 'places'))).toBe(true);
  });

  it('says since when, and how many wait, where that is known', () => {
    const since = crowdFacts(en, told('hls', 'places', AT_MS), null, AT_MS, 'en');
    expect(since).toMatch(/^Since \d\d:\d4/);
    const line = { waiting: 812, perMinute: 40.4 };
    expect(crowdFacts(en, told('line', 'places'), line, AT_MS, 'en')).toBe(
      '812 people wait. About 40 a minute get their turn.',
    );
    expect(
      crowdFacts(fr, told('line', 'places'), { waiting: 1, perMinute: null }, AT_MS, 'fr'),
    ).toBe('Une personne attend.');
    expect(crowdFacts(en, told('hls', 'places'), line, AT_MS, 'en')).toBe('');
  });
});
