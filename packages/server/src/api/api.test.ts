import { ERRORS, type ErrorCode } from '@parterre/protocol';
import type { LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Pass, personIdOf, signPass, verifyPass } from '../spaces/index.ts';
import { type House, NOW_MS, openHouse, ownerCookie, ownerLink, PASS_KEY } from './api.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

/** The answer is the catalogue's. @returns its detail */
function expectError(answer: LightMyRequestResponse, code: ErrorCode): string {
  const body = answer.json() as { error: { code: string; detail?: string } };
  const { message, remedy, status } = ERRORS[code];
  expect({ ...body.error, detail: undefined }).toEqual({
    code,
    message,
    remedy,
    detail: undefined,
  });
  expect(answer.statusCode).toBe(status);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  return body.error.detail ?? '';
}

async function makeSpace(id: string): Promise<void> {
  const body = { title: 'Talk', id, startsAtMs: NOW_MS + 3_600_000 };
  expect((await house.asOwner('POST', '/api/spaces', body)).statusCode).toBe(201);
}

async function invite(spaceId: string, role: string): Promise<{ id: string; token: string }> {
  const answer = await house.asOwner('POST', `/api/spaces/${spaceId}/invites`, { role });
  expect(answer.statusCode).toBe(201);
  const { id, path } = answer.json() as { id: string; path: string };
  return { id, token: path.replace('/invite#', '') };
}

async function passFor(spaceId: string, token: string): Promise<string> {
  const body = { invite: token, name: 'Ada' };
  const answer = await house.ask('POST', `/api/spaces/${spaceId}/pass`, { body });
  return (answer.json() as { pass: string }).pass;
}

describe('sign-in', () => {
  const signIn = (token: string) => house.ask('POST', '/api/session', { body: { token } });
  const isOwner = async (cookie: string) =>
    ((await house.ask('GET', '/api/me', { cookie })).json() as { owner: boolean }).owner;

  it('turns an owner link into a cookie no script can read, once', async () => {
    const link = ownerLink('one');
    const answer = await signIn(link);
    expect(answer.json()).toEqual({ owner: true });
    const [cookie] = answer.cookies;
    expect(cookie).toMatchObject({
      name: 'parterre_owner',
      path: '/',
      httpOnly: true,
      sameSite: 'Strict',
      secure: true,
    });
    expect(await isOwner(cookie?.value ?? '')).toBe(true);
    expectError(await signIn(link), 'owner_link_used');
  });

  it('refuses links that are over, forged, or sessions in disguise', async () => {
    expectError(await signIn(ownerLink('late', NOW_MS)), 'owner_link_used');
    expectError(await signIn(`${ownerLink('x')}A`), 'owner_link_used');
    expectError(await signIn(ownerCookie()), 'owner_link_used');
    expectError(await signIn('x'.repeat(1025)), 'bad_request');
  });

  it('believes no cookie that is over, forged, or a link in disguise', async () => {
    expect(await isOwner(ownerCookie())).toBe(true);
    for (const cookie of ['', 'x', ownerCookie(NOW_MS), ownerLink('two'), `${ownerCookie()}A`]) {
      expect(await isOwner(cookie)).toBe(false);
    }
  });

  it('signs out for good: the same cookie is void afterwards', async () => {
    const answer = await house.asOwner('DELETE', '/api/session');
    expect(answer.statusCode).toBe(204);
    expect(answer.cookies[0]).toMatchObject({ name: 'parterre_owner', value: '' });
    expect(await isOwner(ownerCookie())).toBe(false);
    expectError(await house.asOwner('GET', '/api/spaces'), 'not_signed_in');
    expect((await house.ask('DELETE', '/api/session')).statusCode).toBe(204);
  });

  it('sets a cookie without Secure only where people come over plain HTTP', async () => {
    const plain = await openHouse({ publicUrl: 'http://localhost:8040' });
    const ask = (proto: string) =>
      plain.ask('POST', '/api/session', {
        body: { token: ownerLink(proto) },
        headers: { 'x-forwarded-proto': proto },
      });
    expect((await ask('http')).cookies[0]).not.toHaveProperty('secure');
    expect((await ask('https')).cookies[0]).toHaveProperty('secure', true);
    await plain.close();
  });
});

describe('spaces', () => {
  it('are made by the owner, with what was asked for and defaults for the rest', async () => {
    const body = { title: ' Live  at Eight ', host: 'Ada', startsAtMs: NOW_MS + 3_600_000 };
    const answer = await house.asOwner('POST', '/api/spaces', body);
    expect(answer.statusCode).toBe(201);
    expect(answer.headers.location).toBe('/api/spaces/live-at-eight');
    expect(answer.json()).toEqual({
      id: 'live-at-eight',
      title: 'Live at Eight',
      host: 'Ada',
      state: 'scheduled',
      profile: 'steady',
      rendition: 'voice',
      holdingSound: true,
      startsAtMs: NOW_MS + 3_600_000,
      doorsAtMs: NOW_MS + 3_000_000,
      liveAtMs: null,
      endedAtMs: null,
      replayReady: false,
      zone: null,
      startDriftMs: null,
      successor: null,
      createdAtMs: NOW_MS,
    });
  });

  it('need no announced start: the doors open at once, and the host starts', async () => {
    for (const [id, start] of [
      ['one', {}],
      ['two', { startsAtMs: null }],
    ] as const) {
      const answer = await house.asOwner('POST', '/api/spaces', { title: 'Talk', id, ...start });
      expect(answer.json()).toMatchObject({ startsAtMs: null, doorsAtMs: NOW_MS });
    }
    const started = await house.asOwner('POST', '/api/spaces/one/start');
    expect(started.json()).toMatchObject({ state: 'live', startsAtMs: null, liveAtMs: NOW_MS });
    const startsAtMs = NOW_MS + 3_600_000;
    const announced = await house.asOwner('PATCH', '/api/spaces/two', { startsAtMs });
    expect(announced.json()).toMatchObject({ startsAtMs });
    const open = await house.asOwner('PATCH', '/api/spaces/two', { startsAtMs: null });
    expect(open.json()).toMatchObject({ startsAtMs: null });
  });

  it.each<[string, object, ErrorCode, RegExp]>([
    ['no title', {}, 'bad_request', /body must have the field "title"/],
    ['an empty title', { title: '' }, 'bad_request', /body\.title/],
    ['an invisible title', { title: '\u200b\u202e' }, 'bad_request', /title/],
    ['a long title', { title: 'x'.repeat(121) }, 'bad_request', /body\.title .*120/],
    ['a title that is no text', { title: 7 }, 'bad_request', /body\.title must be string/],
    ['an unknown field', { title: 'x', state: 'live' }, 'bad_request', /"state"/],
    ['a wrong profile', { title: 'x', profile: 'far' }, 'bad_request', /near, steady/],
    ['an address with capitals', { title: 'x', id: 'Talk' }, 'bad_request', /body\.id/],
    ['an address that climbs', { title: 'x', id: '../../x' }, 'bad_request', /body\.id/],
    ['an address with a line break', { title: 'x', id: 'talk\n' }, 'bad_request', /body\.id/],
    ['the address of a page', { title: 'x', id: 'studio' }, 'bad_request', /studio/],
    ['a start in the past', { title: 'x', startsAtMs: 5 }, 'bad_request', /startsAtMs/],
    ['a start as text', { title: 'x', startsAtMs: '5' }, 'bad_request', /body\.startsAtMs/],
    ['a start beyond numbers', { title: 'x', startsAtMs: 1e300 }, 'bad_request', /startsAtMs/],
    ['doors before no start', { title: 'x', doorsMinutes: 5 }, 'bad_request', /announced start/],
    ['doors a week early', { title: 'x', doorsMinutes: 9_999 }, 'bad_request', /doorsMinutes/],
  ])('are not made with %s', async (_what, body, code, detail) => {
    expect(expectError(await house.asOwner('POST', '/api/spaces', body), code)).toMatch(detail);
    expect(await house.store.spaces(9, 0)).toEqual([]);
  });

  it('keep an address they have', async () => {
    await makeSpace('talk');
    const again = await house.asOwner('POST', '/api/spaces', { title: 'Other', id: 'talk' });
    expectError(again, 'space_exists');
  });

  it('are listed for the owner alone, in pages', async () => {
    for (const id of ['aaa', 'bbb', 'ccc']) await makeSpace(id);
    const page = async (query: string) =>
      (await house.asOwner('GET', `/api/spaces${query}`)).json() as {
        spaces: { id: string }[];
        nextOffset: number | null;
      };
    expect((await page('')).nextOffset).toBeNull();
    const first = await page('?limit=2');
    expect(first.nextOffset).toBe(2);
    const second = await page(`?limit=2&offset=${first.nextOffset}`);
    expect(second.nextOffset).toBeNull();
    expect([...first.spaces, ...second.spaces].map(({ id }) => id)).toEqual(['aaa', 'bbb', 'ccc']);
    for (const query of [
      '?limit=0',
      '?limit=101',
      '?limit=1e1',
      '?offset=-1',
      '?limit=1&limit=2',
      '?order=x',
    ]) {
      expectError(await house.asOwner('GET', `/api/spaces${query}`), 'bad_request');
    }
    expectError(await house.ask('GET', '/api/spaces'), 'not_signed_in');
  });

  it('are seen by everybody, without what is the owner’s', async () => {
    await makeSpace('talk');
    const answer = await house.ask('GET', '/api/spaces/talk');
    expect(answer.json()).toMatchObject({ id: 'talk', title: 'Talk', state: 'scheduled' });
    expect(Object.keys(answer.json() as object)).not.toContain('holdingSound');
    expect(answer.headers['cache-control']).toBe('no-store');
    expectError(await house.ask('GET', '/api/spaces/none'), 'unknown_space');
    expectError(
      await house.ask('GET', `/api/spaces/${encodeURIComponent("x' or 1=1 --")}`),
      'bad_request',
    );
    expectError(await house.ask('GET', `/api/spaces/${'x'.repeat(200)}`), 'uri_too_long');
  });

  it('are changed and removed by the owner', async () => {
    await makeSpace('talk');
    const changed = await house.asOwner('PATCH', '/api/spaces/talk', {
      title: 'Other',
      host: 'Bo',
    });
    expect(changed.json()).toMatchObject({ title: 'Other', host: 'Bo', holdingSound: true });
    expectError(await house.asOwner('PATCH', '/api/spaces/talk', {}), 'bad_request');
    expectError(await house.asOwner('PATCH', '/api/spaces/talk', { id: 'other' }), 'bad_request');
    expectError(await house.asOwner('PATCH', '/api/spaces/none', { title: 'x' }), 'unknown_space');
    expect((await house.asOwner('DELETE', '/api/spaces/talk')).statusCode).toBe(204);
    expectError(await house.asOwner('DELETE', '/api/spaces/talk'), 'unknown_space');
    expectError(await house.ask('GET', '/api/spaces/talk'), 'unknown_space');
    expect(house.programme.spaces.size).toBe(0);
  });

  it('go through their life, and never back', async () => {
    await makeSpace('talk');
    const act = (action: string) => house.asOwner('POST', `/api/spaces/talk/${action}`);
    expectError(await act('end'), 'not_open');
    expect((await act('doors')).json()).toMatchObject({ state: 'doors' });
    expect((await act('start')).json()).toMatchObject({ state: 'live', liveAtMs: NOW_MS });
    expect((await act('start')).statusCode).toBe(200);
    expectError(await act('doors'), 'wrong_state');
    const late = { startsAtMs: NOW_MS + 60_000 };
    expectError(await house.asOwner('PATCH', '/api/spaces/talk', late), 'wrong_state');
    expect((await act('end')).json()).toMatchObject({ state: 'ended', endedAtMs: NOW_MS });
    expectError(await act('start'), 'ended');
    expectError(await house.asOwner('PATCH', '/api/spaces/talk', { title: 'x' }), 'ended');
    expectError(await house.asOwner('POST', '/api/spaces/none/start'), 'unknown_space');
  });

  it('[P5] say that a part is away, and when to come back', async () => {
    await makeSpace('talk');
    house.programme.away = true;
    const answer = await house.asOwner('POST', '/api/spaces/talk/start');
    expectError(answer, 'part_away');
    expect(answer.headers['retry-after']).toBe('2');
    expect((await house.ask('GET', '/api/spaces/talk')).json()).toMatchObject({
      state: 'scheduled',
    });
  });
});

describe('invitations', () => {
  beforeEach(() => makeSpace('talk'));
  const open = (token: string) => house.ask('POST', '/api/invites/open', { body: { token } });

  it('say what they are for, and are listed without their token', async () => {
    const made = await house.asOwner('POST', '/api/spaces/talk/invites', {
      role: 'speaker',
      name: ' Ada\u202e ',
    });
    const { id, path, ...rest } = made.json() as { id: string; path: string };
    expect(rest).toEqual({ role: 'speaker', name: 'Ada' });
    const token = path.replace('/invite#', '');
    expect((await open(token)).json()).toMatchObject({
      space: { id: 'talk', title: 'Talk' },
      role: 'speaker',
      name: 'Ada',
    });
    const list = await house.asOwner('GET', '/api/spaces/talk/invites');
    expect(list.json()).toEqual({
      invites: [{ id, role: 'speaker', name: 'Ada', createdAtMs: NOW_MS, revokedAtMs: null }],
    });
    expect(list.body + house.log.lines.join()).not.toContain(token);
  });

  it('count for nothing once withdrawn, passes made from them included', async () => {
    const { id, token } = await invite('talk', 'cohost');
    const pass = await passFor('talk', token);
    const start = (headers: Record<string, string>) =>
      house.ask('POST', '/api/spaces/talk/doors', { headers });
    expect((await start({ authorization: `Bearer ${pass}` })).statusCode).toBe(200);
    expect((await house.asOwner('DELETE', `/api/spaces/talk/invites/${id}`)).statusCode).toBe(204);
    // The stage, which does not ask the api, turns the person away.
    expect(await house.removals.has('talk', personIdOf(PASS_KEY, 'talk', id))).toBe(true);
    expectError(await open(token), 'unknown_invite');
    expectError(await start({ authorization: `Bearer ${pass}` }), 'pass_invalid');
    expectError(await start({ 'x-parterre-invite': token }), 'unknown_invite');
    const body = { invite: token, name: 'Ada' };
    expectError(await house.ask('POST', '/api/spaces/talk/pass', { body }), 'unknown_invite');
  });

  it.each(['host', 'cohost'])('let a %s run the space and invite speakers to it', async (role) => {
    const { token } = await invite('talk', role);
    const bearer = { authorization: `Bearer ${await passFor('talk', token)}` };
    for (const headers of [{ 'x-parterre-invite': token }, bearer]) {
      const ask = (method: string, path: string, body?: object) =>
        house.ask(method, path, { headers, ...(body === undefined ? {} : { body }) });
      const made = await ask('POST', '/api/spaces/talk/invites', { role: 'speaker' });
      expect(made.statusCode).toBe(201);
      const { id } = made.json() as { id: string };
      expect((await ask('GET', '/api/spaces/talk/invites')).statusCode).toBe(200);
      expect((await ask('DELETE', `/api/spaces/talk/invites/${id}`)).statusCode).toBe(204);
      for (const other of ['host', 'cohost']) {
        expectError(await ask('POST', '/api/spaces/talk/invites', { role: other }), 'forbidden');
      }
      const own = await invite('talk', 'cohost');
      expectError(await ask('DELETE', `/api/spaces/talk/invites/${own.id}`), 'forbidden');
      expect((await ask('POST', '/api/spaces/talk/start')).statusCode).toBe(200);
      expectError(await ask('PATCH', '/api/spaces/talk', { title: 'x' }), 'forbidden');
      expectError(await ask('DELETE', '/api/spaces/talk'), 'forbidden');
      expectError(await ask('POST', '/api/spaces', { title: 'x' }), 'forbidden');
    }
  });

  it('give no right in another space, and a speaker none at all', async () => {
    await makeSpace('other');
    const host = await invite('talk', 'host');
    const speaker = await invite('talk', 'speaker');
    const start = (space: string, token: string) =>
      house.ask('POST', `/api/spaces/${space}/start`, { headers: { 'x-parterre-invite': token } });
    expectError(await start('other', host.token), 'forbidden');
    expectError(await start('talk', speaker.token), 'forbidden');
    expectError(await start('talk', 'none'), 'unknown_invite');
    expectError(await house.ask('POST', '/api/spaces/talk/start'), 'not_signed_in');
    expectError(
      await house.asOwner('DELETE', `/api/spaces/other/invites/${host.id}`),
      'unknown_invite',
    );
    expectError(await house.asOwner('DELETE', '/api/spaces/talk/invites/..%2f..'), 'bad_request');
    const body = { invite: host.token, name: 'Ada' };
    expectError(await house.ask('POST', '/api/spaces/other/pass', { body }), 'unknown_invite');
  });

  it('are bounded', async () => {
    const invites = Array.from({ length: 500 }, () => ({ revokedAtMs: null }));
    house.store.invites = async () => invites as never;
    const answer = await house.asOwner('POST', '/api/spaces/talk/invites', { role: 'speaker' });
    expectError(answer, 'invites_full');
  });
});

describe('passes', () => {
  beforeEach(() => makeSpace('talk'));
  const request = (body: object, cookie?: string) =>
    house.ask('POST', '/api/spaces/talk/pass', {
      body,
      ...(cookie === undefined ? {} : { cookie }),
    });
  const passOf = (answer: LightMyRequestResponse): Pass | null =>
    verifyPass(PASS_KEY, (answer.json() as { pass: string }).pass, NOW_MS);

  it('make the owner the host', async () => {
    const answer = await request({ name: 'Ada' }, ownerCookie());
    expect(answer.json()).toMatchObject({
      role: 'host',
      stagePath: '/stage/talk',
      whipPath: '/whip/talk',
      expiresAtMs: NOW_MS + 12 * 3_600_000,
      iceServers: [{ urls: ['stun:stun.example.org'] }],
    });
    expect(passOf(answer)).toMatchObject({
      spaceId: 'talk',
      role: 'host',
      name: 'Ada',
      inviteId: '',
    });
  });

  it('know a person again by the invitation, whatever the name', async () => {
    const one = await invite('talk', 'speaker');
    const two = await invite('talk', 'speaker');
    const first = passOf(await request({ name: 'Ada', invite: one.token }));
    const tab = passOf(await request({ name: 'Someone', invite: one.token }));
    const other = passOf(await request({ name: 'Ada', invite: two.token }));
    expect(first).toMatchObject({ role: 'speaker', inviteId: one.id });
    expect(tab?.personId).toBe(first?.personId);
    expect(other?.personId).not.toBe(first?.personId);
  });

  it('are refused without a right, without a name, and after the end', async () => {
    expectError(await request({ name: 'Ada' }), 'not_signed_in');
    expectError(await request({ name: 'Ada', invite: 'none' }), 'unknown_invite');
    expectError(await request({ invite: 'none' }), 'bad_request');
    expectError(await request({ name: ' \u200b ' }, ownerCookie()), 'bad_request');
    await house.asOwner('POST', '/api/spaces/talk/start');
    await house.asOwner('POST', '/api/spaces/talk/end');
    expectError(await request({ name: 'Ada' }, ownerCookie()), 'ended');
  });

  it('are not believed when forged or over', async () => {
    const pass = { spaceId: 'talk', personId: 'p', inviteId: '', role: 'host', name: '' } as const;
    const start = (token: string) =>
      house.ask('POST', '/api/spaces/talk/start', {
        headers: { authorization: `Bearer ${token}` },
      });
    const forged = signPass(Buffer.alloc(32, 9), { ...pass, expiresAtMs: NOW_MS + 1 });
    const late = signPass(PASS_KEY, { ...pass, expiresAtMs: NOW_MS });
    for (const token of [forged, late, 'x']) expectError(await start(token), 'pass_invalid');
  });
});
