import type { GroupList } from '@parterre/protocol/schemas';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groupOfSeatLink } from '../spaces/index.ts';
import { type House, NOW_MS, openHouse, PASS_KEY } from './api.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
  await house.asOwner('POST', '/api/spaces', { title: 'Talk', startsAtMs: NOW_MS + 3_600_000 });
});
afterEach(() => house.close());

const GROUPS = '/api/spaces/talk/groups';

async function write(groups: readonly object[]): Promise<GroupList['groups']> {
  const answer = await house.asOwner('PUT', GROUPS, { groups });
  expect(answer.statusCode).toBe(200);
  return (answer.json() as GroupList).groups;
}

function groupOfPath(path: string, wallMs = NOW_MS): string | null {
  const url = new URL(path, 'https://live.example.org');
  const space = url.pathname.slice(1);
  return groupOfSeatLink(PASS_KEY, space, url.searchParams.get('seat') ?? '', wallMs);
}

describe('groups that have seats kept', () => {
  it('[P2] are written by the owner, go to the programme, and have a link each', async () => {
    const [press, captions] = await write([
      { name: 'Press', seats: 20 },
      { name: '  People who need captions ', seats: 5 },
    ]);
    expect(press).toMatchObject({ name: 'Press', seats: 20 });
    expect(captions).toMatchObject({ name: 'People who need captions', seats: 5 });
    expect(groupOfPath(press!.path)).toBe(press!.id);
    expect(groupOfPath(press!.path, press!.linkExpiresAtMs)).toBeNull();
    expect(house.programme.spaces.get('talk')).toMatchObject({
      groups: [
        { id: press!.id, seats: 20 },
        { id: captions!.id, seats: 5 },
      ],
    });
    // A group that stays keeps its name and link; one that comes again is another one.
    const kept = { id: press!.id, name: 'The press', seats: 30 };
    expect(await write([kept])).toEqual([{ ...press, ...kept }]);
    const [again] = await write([{ name: 'The press', seats: 30 }]);
    expect(again!.id).not.toBe(press!.id);
    const listed = await house.asOwner('GET', GROUPS);
    expect(listed.json()).toEqual({ groups: [again] });
    expect(await write([])).toEqual([]);
  });

  it('outlive other changes, and are nobody else’s to see', async () => {
    const [press] = await write([{ name: 'Press', seats: 20 }]);
    await house.asOwner('PATCH', '/api/spaces/talk', { title: 'Talks' });
    expect(house.programme.spaces.get('talk')).toMatchObject({
      groups: [{ id: press!.id, seats: 20 }],
    });
    for (const answer of [
      await house.ask('GET', '/api/spaces/talk'),
      await house.asOwner('GET', '/api/spaces'),
    ])
      expect(answer.body).not.toContain(press!.id);
    expect((await house.ask('GET', GROUPS)).statusCode).toBe(401);
    expect((await house.ask('PUT', GROUPS, { body: { groups: [] } })).statusCode).toBe(401);
  });

  it.each([
    ['no seats', [{ name: 'Press', seats: 0 }]],
    ['too many seats', [{ name: 'Press', seats: 1_000_001 }]],
    ['half a seat', [{ name: 'Press', seats: 1.5 }]],
    ['no name', [{ seats: 1 }]],
    ['a name that cannot be seen', [{ name: '\u200b ', seats: 1 }]],
    ['a group of nobody', [{ id: 'aaaaaaaaaaaa', name: 'Press', seats: 1 }]],
    ['too many groups', Array.from({ length: 11 }, () => ({ name: 'Press', seats: 1 }))],
  ])('are refused with %s, and nothing changes', async (_what, groups) => {
    const before = await write([{ name: 'Press', seats: 20 }]);
    const answer = await house.asOwner('PUT', GROUPS, { groups });
    expect(answer.statusCode).toBe(400);
    expect(((await house.asOwner('GET', GROUPS)).json() as GroupList).groups).toEqual(before);
  });

  it('are not changed while the programme is away', async () => {
    const before = await write([{ name: 'Press', seats: 20 }]);
    house.programme.away = true;
    expect((await house.asOwner('PUT', GROUPS, { groups: [] })).statusCode).toBe(503);
    expect(((await house.asOwner('GET', GROUPS)).json() as GroupList).groups).toEqual(before);
  });
});
