import type { PermitPayload } from '@parterre/protocol/certificate';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical.ts';
import {
  type Ask,
  askOf,
  boundsOf,
  objectionToPermit,
  ownPermit,
  readPermit,
  signPermit,
  watchPermit,
} from './permit.ts';
import { NOW_MS, SEED } from './result.fixture.ts';
import { signingKey } from './signing.ts';

const AUDIENCE = 'https://live.example.org';
const key = signingKey(SEED);
const payload: PermitPayload = {
  v: 1,
  id: 'p'.repeat(16),
  audience: AUDIENCE,
  key: key.fingerprint,
  issuedAtMs: NOW_MS,
  expiresAtMs: NOW_MS + 3_600_000,
  listeners: 5_000,
  joinsPerS: 200,
  seconds: 600,
  disturb: false,
};
const text = signPermit(key, payload);
const permit = readPermit(text)!;

describe('the rehearsal permit', () => {
  it('[P8] is read back with its bounds', () => {
    expect(permit).toEqual({ ...payload, text });
    expect(readPermit(`  ${text}\n`)).toEqual(permit);
    expect(boundsOf(permit)).toEqual({
      listeners: 5_000,
      joinsPerS: 200,
      seconds: 600,
      disturb: false,
    });
    expect(ownPermit(key, AUDIENCE, text)).toEqual(permit);
  });

  it('[P8] counts at the one server it is for, and until it expires', () => {
    expect(objectionToPermit(permit, `${AUDIENCE}/talk`, NOW_MS)).toBeNull();
    expect(objectionToPermit(permit, 'https://live.example.org.evil.example', NOW_MS)).toMatch(
      /is for https:\/\/live.example.org/,
    );
    expect(objectionToPermit(permit, 'http://live.example.org', NOW_MS)).toMatch(/not for/);
    expect(objectionToPermit(permit, 'no address', NOW_MS)).toMatch(/not for/);
    expect(objectionToPermit(permit, AUDIENCE, payload.expiresAtMs)).toMatch(/expired/);
    expect(ownPermit(key, 'https://other.example.org', text)).toBeNull();
    expect(ownPermit(signingKey(Buffer.alloc(32, 9)), AUDIENCE, text)).toBeNull();
  });

  it('[P8] is not believed when anything in it was changed', () => {
    const wider = canonicalJson({ ...payload, listeners: 5_001 });
    const [, signature = ''] = text.split('.');
    expect(
      ownPermit(key, AUDIENCE, `${Buffer.from(wider).toString('base64url')}.${signature}`),
    ).toBe(null);
    const spaced = Buffer.from(JSON.stringify(payload, null, 1)).toString('base64url');
    expect(readPermit(`${spaced}.${signature}`)).toBeNull();
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (at, put) => {
        const changed = text.slice(0, at) + put + text.slice(at + 1);
        fc.pre(changed.trim() !== text);
        expect(ownPermit(key, AUDIENCE, changed)).toBeNull();
      }),
      { numRuns: 2_000 },
    );
    for (const wrong of ['', '.', 'a.b.c', text.slice(1), `${text}A`, `${text}.`])
      expect(ownPermit(key, AUDIENCE, wrong)).toBeNull();
  });
});

/** A server that answers as told, and a clock and timer under the test's hand. */
function watched() {
  const reasons: string[] = [];
  const asked: string[] = [];
  let state: string | Error = 'valid';
  let nowMs = 0;
  let tick: (() => void) | null = null;
  const ask: Ask = async (url, { headers }) => {
    asked.push(`${url} ${headers.authorization}`);
    if (state instanceof Error) throw state;
    return Response.json({ id: permit.id, state, expiresAtMs: permit.expiresAtMs });
  };
  const watch = watchPermit({
    permit,
    ask,
    nowMs: () => nowMs,
    stop: (reason) => reasons.push(reason),
    timers: {
      every(_intervalMs, task) {
        tick = task;
        return {
          cancel: () => {
            tick = null;
          },
        };
      },
    },
  });
  return {
    asked,
    reasons,
    watch,
    answer: (next: string | Error) => {
      state = next;
    },
    /** A second passes, and whatever was asked is answered. */
    async second() {
      nowMs += 1_000;
      tick?.();
      for (let turn = 0; turn < 20; turn += 1) await null;
    },
    watching: () => tick !== null,
  };
}

describe('the watch over a permit', () => {
  it('[P8] asks each second, and stops at once when the owner takes it back', async () => {
    const house = watched();
    await house.second();
    await house.second();
    expect(house.asked).toEqual(
      Array(2).fill(`${AUDIENCE}/api/rehearsals/permits/${permit.id} Bearer ${text}`),
    );
    expect(house.reasons).toEqual([]);
    house.answer('revoked');
    await house.second();
    expect(house.reasons).toEqual(['The owner has taken the permit back.']);
    expect(house.watching()).toBe(false);
  });

  it('[P8] bears a lost answer, and stops when the server says nothing for ten seconds', async () => {
    const house = watched();
    house.answer(new Error('lost'));
    for (let count = 0; count < 9; count += 1) await house.second();
    house.answer('valid');
    await house.second();
    house.answer(new Error('lost'));
    for (let count = 0; count < 10; count += 1) await house.second();
    expect(house.reasons).toEqual([]);
    await house.second();
    expect(house.reasons).toEqual(['The server has not confirmed the permit for ten seconds.']);
  });

  it('says nothing once it is closed', async () => {
    const house = watched();
    house.answer('revoked');
    house.watch.close();
    await house.second();
    expect(house.reasons).toEqual([]);
  });

  it.each<[string, () => Response, Awaited<ReturnType<typeof askOf>>]>([
    ['valid', () => Response.json({ id: permit.id, state: 'valid' }), 'valid'],
    ['restarting', () => Response.json({}, { status: 503 }), 'silent'],
    ['too many', () => Response.json({}, { status: 429 }), 'silent'],
    ['no Parterre', () => new Response('<html>'), 'silent'],
    [
      'foreign',
      () => Response.json({}, { status: 401 }),
      { refused: 'The server does not know this permit.' },
    ],
    [
      'of another permit',
      () => Response.json({ id: 'q'.repeat(16), state: 'valid' }),
      { refused: 'The server does not know this permit.' },
    ],
    [
      'expired',
      () => Response.json({ id: permit.id, state: 'expired' }),
      { refused: 'The permit has expired.' },
    ],
  ])('hears a server’s word: %s', async (_what, answer, word) => {
    expect(await askOf(permit, async () => answer())).toEqual(word);
  });
});
