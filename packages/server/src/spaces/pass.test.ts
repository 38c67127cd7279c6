import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Pass,
  personIdOf,
  type ResumeToken,
  signOwnerLink,
  signOwnerSession,
  signPass,
  signResume,
  verifyOwnerLink,
  verifyOwnerSession,
  verifyPass,
  verifyResume,
} from './pass.ts';
import { seal, TOKEN_LENGTH_MAX, unseal } from './seal.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
const NOW_MS = 1_800_000_000_000;

const names = fc.string({ unit: 'grapheme', maxLength: 40 });
const passes: fc.Arbitrary<Pass> = fc.record({
  spaceId: fc.stringMatching(/^[a-z0-9][a-z0-9-]{2,63}$/),
  personId: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
  inviteId: fc.stringMatching(/^[A-Za-z0-9_-]{0,22}$/),
  role: fc.constantFrom('host', 'cohost', 'speaker'),
  name: names.filter((name) => name.isWellFormed() && Buffer.byteLength(name) <= 240),
  expiresAtMs: fc.integer({ min: NOW_MS + 1, max: NOW_MS * 2 }),
});

describe('passes', () => {
  it('opens with what was sealed', () => {
    fc.assert(
      fc.property(passes, (pass) => {
        expect(verifyPass(KEY, signPass(KEY, pass), NOW_MS)).toEqual(pass);
      }),
    );
  });

  it('is over at its expiry, to the millisecond', () => {
    const pass: Pass = {
      spaceId: 'talk',
      personId: 'p',
      inviteId: '',
      role: 'host',
      name: 'Ada',
      expiresAtMs: NOW_MS,
    };
    const token = signPass(KEY, pass);
    expect(verifyPass(KEY, token, NOW_MS - 1)).toEqual(pass);
    expect(verifyPass(KEY, token, NOW_MS)).toBeNull();
  });

  it('refuses every other key', () => {
    fc.assert(
      fc.property(passes, (pass) => {
        expect(verifyPass(OTHER_KEY, signPass(KEY, pass), NOW_MS)).toBeNull();
      }),
    );
  });

  it('refuses any change of any character', () => {
    fc.assert(
      fc.property(passes, fc.nat(), fc.constantFrom(...'AZaz09_-.=+/ é'), (pass, at, letter) => {
        const token = signPass(KEY, pass);
        const index = at % token.length;
        const forged = token.slice(0, index) + letter + token.slice(index + 1);
        fc.pre(forged !== token);
        expect(verifyPass(KEY, forged, NOW_MS)).toBeNull();
      }),
    );
  });

  it('refuses arbitrary text, cut and lengthened tokens', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(verifyPass(KEY, text, NOW_MS)).toBeNull();
      }),
    );
    const token = signPass(KEY, {
      spaceId: 'talk',
      personId: 'p',
      inviteId: '',
      role: 'host',
      name: '',
      expiresAtMs: NOW_MS + 1,
    });
    for (let end = 0; end < token.length; end++) {
      expect(verifyPass(KEY, token.slice(0, end), NOW_MS)).toBeNull();
    }
    for (const tail of ['A', 'AAAA', '=', '==', '\n', '.']) {
      expect(verifyPass(KEY, token + tail, NOW_MS)).toBeNull();
    }
  });

  it('refuses a token made for another purpose', () => {
    const owner = { id: 'id', expiresAtMs: NOW_MS + 1 };
    expect(verifyOwnerSession(KEY, signOwnerLink(KEY, owner), NOW_MS)).toBeNull();
    expect(verifyOwnerLink(KEY, signOwnerSession(KEY, owner), NOW_MS)).toBeNull();
    expect(verifyOwnerLink(KEY, signOwnerLink(KEY, owner), NOW_MS)).toEqual(owner);
    expect(verifyOwnerSession(KEY, signOwnerSession(KEY, owner), NOW_MS)).toEqual(owner);
    const resume: ResumeToken = {
      spaceId: 'talk',
      seatId: 's',
      personId: 'p',
      place: 'stage',
      muted: true,
      expiresAtMs: NOW_MS + 1,
    };
    expect(verifyResume(KEY, signResume(KEY, resume), NOW_MS)).toEqual(resume);
    expect(verifyPass(KEY, signResume(KEY, resume), NOW_MS)).toBeNull();
  });

  it('refuses a well sealed pass with a role or an expiry that does not exist', () => {
    const forge = (role: string, expiry: string) =>
      verifyPass(KEY, seal(KEY, 'pass', ['talk', 'p', '', role, 'Ada', expiry]), NOW_MS);
    expect(forge('host', String(NOW_MS + 1))).not.toBeNull();
    expect(forge('owner', String(NOW_MS + 1))).toBeNull();
    for (const expiry of ['', 'Infinity', '1e99', ' 9999999999999', '-1', '9'.repeat(17)]) {
      expect(forge('host', expiry)).toBeNull();
    }
  });

  it('knows one person by the invitation, not by guessing', () => {
    expect(personIdOf(KEY, 'talk', 'invite-1')).toBe(personIdOf(KEY, 'talk', 'invite-1'));
    expect(personIdOf(KEY, 'talk', 'invite-1')).not.toBe(personIdOf(KEY, 'talk', 'invite-2'));
    expect(personIdOf(KEY, 'talk', '')).not.toBe(personIdOf(KEY, 'talk2', ''));
    expect(personIdOf(KEY, 'talk', '')).not.toBe(personIdOf(OTHER_KEY, 'talk', ''));
  });
});

describe('seals', () => {
  const lists = fc.array(
    fc.string({ maxLength: 20 }).filter((text) => text.isWellFormed()),
    { maxLength: 8 },
  );

  it('gives different texts to different lists of fields', () => {
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(seal(KEY, 'pass', one) === seal(KEY, 'pass', other)).toBe(same);
      }),
    );
    expect(seal(KEY, 'pass', ['ab', 'c'])).not.toBe(seal(KEY, 'pass', ['a', 'bc']));
  });

  it('gives back the fields it was given', () => {
    fc.assert(
      fc.property(lists, (fields) => {
        expect(unseal(KEY, 'pass', seal(KEY, 'pass', fields))).toEqual(fields);
      }),
    );
  });

  it('refuses what does not fit', () => {
    expect(() => seal(KEY, 'pass', ['x'.repeat(TOKEN_LENGTH_MAX)])).toThrow(RangeError);
    expect(() => seal(KEY, 'pass', new Array(9).fill('x'))).toThrow(RangeError);
    expect(unseal(KEY, 'pass', 'A'.repeat(TOKEN_LENGTH_MAX + 1))).toBeNull();
  });
});
