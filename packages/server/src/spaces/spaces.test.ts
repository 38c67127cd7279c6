import { RESERVED_SPACE_IDS, SPACE_ID, type SpaceState } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iceServersOf } from './ice.ts';
import { canFollow, rulingOn, type SpaceAction } from './life.ts';
import { START_AHEAD_MS_MAX, START_PAST_MS_MAX, scheduleAfter, scheduleOf } from './schedule.ts';
import { slugCandidates, slugOf } from './slug.ts';
import { plainText } from './words.ts';

const NOW_MS = 1_800_000_000_000;
const MINUTE_MS = 60_000;
const bytes = (count: number) => new Uint8Array(count).fill(1);

describe('addresses', () => {
  it.each([
    ['Live at Eight: a Talk!', 'live-at-eight-a-talk'],
    ['L’été à la campagne', 'lete-a-la-campagne'],
    ['Straße der Lieder', 'strasse-der-lieder'],
    ['Прямой эфир', 'pryamoi-efir'],
    ['Ζωντανά από την Αθήνα', 'zontana-apo-tin-athina'],
    ['ﬁne １２３', 'fine-123'],
    ['../../etc/passwd', 'etc-passwd'],
  ])('%s becomes %s', (title, slug) => expect(slugOf(title)).toBe(slug));

  it.each(['現場直播', 'مباشر', '🎭🎭🎭', 'a', '--', '', '  '])('%s gets a random one', (title) => {
    expect(slugOf(title)).toBeNull();
    expect([...slugCandidates(title, bytes)]).toEqual(['space-bbbbbbbb']);
  });

  it('fits the rule of identifiers and is never a page, whatever the title', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (title) => {
        for (const id of slugCandidates(title, bytes)) {
          expect(id).toMatch(SPACE_ID);
          expect(RESERVED_SPACE_IDS.has(id)).toBe(false);
        }
      }),
    );
  });

  it('passes over a reserved word, then numbers, then draws', () => {
    const ids = [...slugCandidates('Metrics', bytes)];
    expect(ids[0]).toBe('metrics-2');
    expect(ids.at(-1)).toBe('metrics-bbbbbbbb');
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('cuts a long title at a word', () => {
    const slug = slugOf(`${'word '.repeat(30)}`);
    expect(slug).toBe('word-word-word-word-word-word-word-word-word');
  });
});

describe('the life of a space', () => {
  const states: SpaceState[] = ['scheduled', 'doors', 'live', 'ended'];
  it.each<[SpaceAction, string[]]>([
    ['doors', ['go', 'done', 'wrong_state', 'ended']],
    ['start', ['go', 'go', 'done', 'ended']],
    ['end', ['not_open', 'go', 'go', 'done']],
  ])('%s', (action, rulings) => {
    expect(states.map((state) => rulingOn(state, action))).toEqual(rulings);
  });

  it('[P3] goes forwards only', () => {
    for (const from of states) {
      for (const to of states) expect(canFollow(from, to) && canFollow(to, from)).toBe(false);
      expect(canFollow('ended', from)).toBe(false);
    }
  });
});

describe('schedules', () => {
  const minutes = fc.integer({ min: 0, max: 1440 });
  const starts = fc.integer({ min: NOW_MS - START_PAST_MS_MAX, max: NOW_MS + START_AHEAD_MS_MAX });

  it('opens the doors no later than it starts, and nothing in the past', () => {
    fc.assert(
      fc.property(starts, minutes, (startsAtMs, doorsMinutes) => {
        const schedule = scheduleOf({ startsAtMs, doorsMinutes }, NOW_MS);
        expect(schedule.doorsAtMs).toBeLessThanOrEqual(schedule.startsAtMs ?? Number.NaN);
        expect(schedule.doorsAtMs).toBeGreaterThanOrEqual(NOW_MS);
      }),
    );
  });

  it('opens the doors at once and announces no start when nothing is said', () => {
    const open = { doorsAtMs: NOW_MS, startsAtMs: null };
    expect(scheduleOf({}, NOW_MS)).toEqual(open);
    expect(scheduleOf({ startsAtMs: null }, NOW_MS)).toEqual(open);
    expect(() => scheduleOf({ doorsMinutes: 5 }, NOW_MS)).toThrow(/doorsMinutes/);
  });

  it('refuses a start too far back or too far ahead', () => {
    for (const startsAtMs of [NOW_MS - START_PAST_MS_MAX - 1, NOW_MS + START_AHEAD_MS_MAX + 1]) {
      expect(() => scheduleOf({ startsAtMs }, NOW_MS)).toThrow(/startsAtMs/);
    }
  });

  const planned = { doorsAtMs: NOW_MS + 50 * MINUTE_MS, startsAtMs: NOW_MS + 60 * MINUTE_MS };

  it('keeps the distance of the doors when the start moves', () => {
    const startsAtMs = NOW_MS + 120 * MINUTE_MS;
    expect(scheduleAfter({ startsAtMs }, { ...planned, state: 'scheduled' }, NOW_MS)).toEqual({
      startsAtMs,
      doorsAtMs: startsAtMs - 10 * MINUTE_MS,
    });
    expect(scheduleAfter({}, { ...planned, state: 'ended' }, NOW_MS)).toEqual(planned);
  });

  it('announces a start, and takes the announcement back, until it has come', () => {
    const { doorsAtMs, startsAtMs } = planned;
    const open = { doorsAtMs: NOW_MS, startsAtMs: null, state: 'doors' as const };
    expect(scheduleAfter({}, open, NOW_MS)).toEqual({ doorsAtMs: NOW_MS, startsAtMs: null });
    expect(scheduleAfter({ startsAtMs }, open, NOW_MS)).toEqual({ doorsAtMs: NOW_MS, startsAtMs });
    const closed = { ...planned, state: 'scheduled' as const };
    const untimed = scheduleAfter({ startsAtMs: null }, closed, NOW_MS);
    expect(untimed).toEqual({ doorsAtMs, startsAtMs: null });
    expect(scheduleAfter({ startsAtMs }, { ...untimed, state: 'scheduled' }, NOW_MS)).toEqual(
      planned,
    );
    expect(() => scheduleAfter({ startsAtMs: null, doorsMinutes: 1 }, closed, NOW_MS)).toThrow(
      /doorsMinutes/,
    );
  });

  it('[P4] changes no time that has come', () => {
    const open = { ...planned, state: 'doors' as const };
    const later = NOW_MS + 90 * MINUTE_MS;
    expect(scheduleAfter({ startsAtMs: later }, open, NOW_MS)).toEqual({
      doorsAtMs: planned.doorsAtMs,
      startsAtMs: later,
    });
    expect(() => scheduleAfter({ doorsMinutes: 1 }, open, NOW_MS)).toThrow(/doorsMinutes/);
    const live = { ...planned, state: 'live' as const };
    expect(() => scheduleAfter({ startsAtMs: later }, live, NOW_MS)).toThrow(/start has come/);
  });
});

describe('titles and names', () => {
  it.each([
    ['  Ada\n Lovelace ', 'Ada Lovelace'],
    ['\u202eevil\u202c', 'evil'],
    ['e\u0301te\u0301', 'été'],
    ['a\u0000b\u001b[31m', 'ab[31m'],
    ['\u200b\u200d', ''],
    [' \u00a0 ', ''],
    ['שלום', 'שלום'],
    ['👩‍🚀', '👩‍🚀'],
  ])('%j is shown as %j', (text, shown) => expect(plainText(text)).toBe(shown));

  it('is done once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(plainText(plainText(text))).toBe(plainText(text));
      }),
    );
  });
});

describe('STUN and TURN servers', () => {
  it('reads the forms of the configuration', () => {
    expect(
      iceServersOf([
        'stun:stun.example.org:3478',
        'turns:ada:p%40ss:w@turn.example.org:443?transport=tcp',
      ]),
    ).toEqual([
      { urls: ['stun:stun.example.org:3478'] },
      { urls: ['turns:turn.example.org:443?transport=tcp'], username: 'ada', credential: 'p@ss:w' },
    ]);
  });

  it.each([
    '',
    'stun:',
    'http://host',
    'turn:host:1',
    'stun:a:b@host',
    'turn:a:b@host:99999999',
    'turn:a:%zz@host',
  ])('refuses %j without repeating it', (word) => {
    const thrown = () => iceServersOf(['stun:good.example.org', word]);
    expect(thrown).toThrow(/entry 2/);
    expect(thrown).not.toThrow(/http|a:b/);
  });
});
