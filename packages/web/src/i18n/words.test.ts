import { ERRORS } from '@parterre/protocol';
import { describe, expect, it } from 'vitest';
import { CROWD_WORDS } from '../crowd/words.ts';
import { CAPACITY_WORDS } from '../home/capacity-words.ts';
import { GROUPS_WORDS } from '../home/groups-words.ts';
import { HOME_WORDS } from '../home/words.ts';
import { FOYER_WORDS } from '../listen/foyer-words.ts';
import { LINE_WORDS } from '../listen/line-words.ts';
import { LISTEN_WORDS } from '../listen/words.ts';
import { OPENING_WORDS } from '../opening/words.ts';
import { REPLAY_WORDS } from '../replay/words.ts';
import { CHECKLIST_WORDS } from '../studio/checklist-words.ts';
import { STUDIO_WORDS } from '../studio/words.ts';
import { PROBLEM_WORDS, problemCode } from './problems.ts';
import { SHELL_WORDS } from './shell-words.ts';

const DICTIONARIES = {
  capacity: CAPACITY_WORDS,
  checklist: CHECKLIST_WORDS,
  crowd: CROWD_WORDS,
  groups: GROUPS_WORDS,
  home: HOME_WORDS,
  opening: OPENING_WORDS,
  foyer: FOYER_WORDS,
  line: LINE_WORDS,
  listen: LISTEN_WORDS,
  replay: REPLAY_WORDS,
  studio: STUDIO_WORDS,
  shell: SHELL_WORDS,
  problems: PROBLEM_WORDS,
};

/** Every text in a dictionary by its path; functions are asked with what their kind of argument may be. */
function textsOf(words: unknown, path = ''): readonly (readonly [string, string])[] {
  if (typeof words === 'string') return [[path, words]];
  if (typeof words === 'function')
    return [[path, String(words(path.endsWith('.invitedAs') ? 'Host' : 2, '2', '2'))]];
  if (typeof words !== 'object' || words === null) return [];
  return Object.entries(words).flatMap(([key, value]) => textsOf(value, `${path}.${key}`));
}

describe('words', () => {
  for (const [name, { en, fr }] of Object.entries(DICTIONARIES)) {
    it(`are complete in both languages: ${name}`, () => {
      const english = textsOf(en).filter(([path]) => !path.endsWith('.status'));
      const french = textsOf(fr);
      expect(french.map(([path]) => path).sort()).toEqual(english.map(([path]) => path).sort());
      for (const [path, text] of [...english, ...french]) {
        expect(text.trim(), path).not.toBe('');
        expect(text, path).not.toMatch(/undefined|null|NaN|\[object/);
      }
    });
  }

  it('have a message and a remedy for every error of the catalogue, in French too', () => {
    for (const code of Object.keys(ERRORS) as (keyof typeof ERRORS)[]) {
      expect(PROBLEM_WORDS.fr[code].message, code).not.toBe(ERRORS[code].message);
      expect(PROBLEM_WORDS.fr[code].remedy, code).not.toBe('');
    }
  });

  it('turn a code nobody knows into one that has words', () => {
    expect(problemCode('stage_full')).toBe('stage_full');
    expect(problemCode('toString')).toBe('internal');
    expect(problemCode(undefined)).toBe('internal');
  });
});
