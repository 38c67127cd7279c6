import type { Checklist } from '@parterre/protocol/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type House, NOW_MS, openHouse } from './api.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const SPACES = '/api/spaces';

describe('a start announced in a time zone', () => {
  it('[P4] is that time on the wall there, summer and winter, and keeps the zone', async () => {
    const parisian = { title: 'Talk', zone: 'Europe/Paris' };
    for (const [startsAt, utc] of [
      ['2027-06-01T20:00', '2027-06-01T18:00:00Z'],
      ['2027-12-01T20:00', '2027-12-01T19:00:00Z'],
    ] as const) {
      const made = await house.asOwner('POST', SPACES, { ...parisian, startsAt });
      expect(made.json()).toMatchObject({ startsAtMs: Date.parse(utc), zone: 'Europe/Paris' });
    }
    const moved = await house.asOwner('PATCH', `${SPACES}/talk`, {
      startsAt: '2027-06-01T20:00',
      zone: 'America/New_York',
    });
    expect(moved.json()).toMatchObject({
      startsAtMs: Date.parse('2027-06-02T00:00:00Z'),
      zone: 'America/New_York',
    });
    const renamed = await house.asOwner('PATCH', `${SPACES}/talk`, { title: 'Talks' });
    expect(renamed.json()).toMatchObject({ zone: 'America/New_York' });
    const open = await house.asOwner('PATCH', `${SPACES}/talk`, { startsAtMs: null });
    expect(open.json()).toMatchObject({ startsAtMs: null, zone: null });
  });

  it.each([
    ['a zone that does not exist', { startsAt: '2027-06-01T20:00', zone: 'Mars/Base' }, /zone/],
    ['an offset', { startsAt: '2027-06-01T20:00', zone: '+02:00' }, /zone/],
    ['no zone', { startsAt: '2027-06-01T20:00' }, /needs a zone/],
    ['null for a zone', { startsAt: '2027-06-01T20:00', zone: null }, /needs a zone/],
    ['no such day', { startsAt: '2027-02-30T20:00', zone: 'UTC' }, /not a day/],
    ['no such hour', { startsAt: '2027-02-03T25:00', zone: 'UTC' }, /not a day/],
    ['words', { startsAt: 'tomorrow', zone: 'UTC' }, /startsAt/],
    ['two starts', { startsAt: '2027-06-01T20:00', zone: 'UTC', startsAtMs: NOW_MS }, /exclude/],
    ['the hour left out', { startsAt: '2027-03-28T02:30', zone: 'Europe/Paris' }, /not exist/],
    ['the hour there is twice', { startsAt: '2027-10-31T02:30', zone: 'Europe/Paris' }, /twice/],
    ['the past', { startsAt: '2020-06-01T20:00', zone: 'UTC' }, /past/],
  ])('is refused with %s, naming the field, and nothing is made', async (_what, wish, words) => {
    const answer = await house.asOwner('POST', SPACES, { title: 'Talk', ...wish });
    expect(answer.statusCode).toBe(400);
    const { code, detail } = (answer.json() as { error: { code: string; detail: string } }).error;
    expect(code).toBe('bad_request');
    expect(detail).toMatch(words);
    expect(await house.store.space('talk')).toBeNull();
  });
});

describe('the checklist', () => {
  const look = async (): Promise<Checklist> =>
    (await house.asOwner('GET', `${SPACES}/talk/checklist`)).json() as Checklist;
  const verdicts = ({ points }: Checklist) =>
    Object.fromEntries(points.map(({ id, verdict, found }) => [id, `${verdict} ${found}`]));

  it('[P4] says of each point what it found, and follows what changes', async () => {
    await house.asOwner('POST', SPACES, { title: 'Talk', id: 'talk' });
    expect(verdicts(await look())).toEqual({
      certificate: 'bad none',
      disk: 'good ok',
      clock: 'good synchronised',
      people: 'bad nobody',
      backup: 'bad nobody',
      clip: 'good none',
    });
    await house.asOwner('POST', `${SPACES}/talk/invites`, { role: 'cohost' });
    house.programme.attendants = [{ role: 'host', onAir: false }];
    expect(verdicts(await look())).toMatchObject({ people: 'good here', backup: 'good named' });
    house.programme.attendants = [{ role: 'cohost', onAir: true }];
    expect(verdicts(await look())).toMatchObject({ backup: 'good here' });
    expect((await look()).ready).toBe(false);
  });

  it('tells a full disk, a wrong clock and one that cannot be told', async () => {
    const clocks = [false, null];
    const machine = { diskHours: () => 3, clockSynchronised: async () => clocks.shift() ?? null };
    await house.close();
    house = await openHouse({ machine });
    await house.asOwner('POST', SPACES, { title: 'Talk', id: 'talk' });
    const found = await look();
    expect(verdicts(found)).toMatchObject({ disk: 'bad low', clock: 'bad not_synchronised' });
    expect(found.points.find(({ id }) => id === 'disk')!.figure).toBe(3);
    expect(verdicts(await look())).toMatchObject({ clock: 'unknown not_known' });
  });

  it('is for who runs the space alone', async () => {
    await house.asOwner('POST', SPACES, { title: 'Talk', id: 'talk' });
    expect((await house.ask('GET', `${SPACES}/talk/checklist`)).statusCode).toBe(401);
    expect((await house.asOwner('GET', `${SPACES}/none/checklist`)).statusCode).toBe(404);
    for (const [role, status] of [
      ['cohost', 200],
      ['speaker', 403],
    ] as const) {
      const made = await house.asOwner('POST', `${SPACES}/talk/invites`, { role });
      const token = (made.json() as { path: string }).path.replace('/invite#', '');
      const headers = { 'x-parterre-invite': token };
      const answer = await house.ask('GET', `${SPACES}/talk/checklist`, { headers });
      expect(answer.statusCode).toBe(status);
    }
  });
});

describe('a space that is given up', () => {
  const relaunch = (body: object = {}) => house.asOwner('POST', `${SPACES}/talk/relaunch`, body);
  beforeEach(async () => {
    const talk = { title: 'Talk', id: 'talk', host: 'Ada', rendition: 'music' };
    await house.asOwner('POST', SPACES, talk);
    await house.asOwner('POST', `${SPACES}/talk/doors`);
  });

  it('[P3] has a successor like it made, which is told to everybody', async () => {
    const made = await relaunch();
    expect(made.statusCode).toBe(200);
    expect(made.json()).toMatchObject({ title: 'Talk', host: 'Ada', rendition: 'music' });
    const { id } = made.json() as { id: string };
    expect(id).toBe('talk-2');
    const given = await house.ask('GET', `${SPACES}/talk`);
    expect(given.json()).toMatchObject({ state: 'ended', successor: id });
    expect((await house.store.space('talk'))!.successor).toBe(id);
    expect((await relaunch()).json()).toMatchObject({ id });
    expect(house.programme.calls.filter((call) => call.startsWith('relaunch'))).toHaveLength(1);
  });

  it('may name one that is there, and no other', async () => {
    await house.asOwner('POST', SPACES, { title: 'Second', id: 'second' });
    expect((await relaunch({ successor: 'nobody' })).statusCode).toBe(404);
    expect((await relaunch({ successor: 'second' })).json()).toMatchObject({ id: 'second' });
  });

  it('leaves none behind when the programme refuses', async () => {
    house.programme.relaunch = () => Promise.reject(new Error('bug'));
    expect((await relaunch()).statusCode).toBe(500);
    expect(await house.store.space('talk-2')).toBeNull();
  });

  it('is the owner’s to give up', async () => {
    expect((await house.ask('POST', `${SPACES}/talk/relaunch`, { body: {} })).statusCode).toBe(401);
  });
});
