import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteStore } from '../adapters/sqlite/index.ts';
import { storedSpace } from '../ports/store.contract.ts';
import { FakeProgramme, type House, NOW_MS, openHouse } from './api.fixture.ts';
import { DEMO_ID, keepDemo } from './demo.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

const stored = (id: string) => house.store.space(id);

describe('a new space', () => {
  it('is known to the store and to the programme once it is acknowledged', async () => {
    const space = await house.directory.create({ title: 'An Evening' });
    expect(space).toMatchObject({ id: 'an-evening', startsAtMs: null, doorsAtMs: NOW_MS });
    expect(space).toMatchObject((await stored('an-evening'))!);
    expect(house.programme.spaces.has('an-evening')).toBe(true);
  });

  it('takes the next address when the title’s is taken', async () => {
    const ids = [];
    for (let index = 0; index < 3; index++) {
      ids.push((await house.directory.create({ title: 'An Evening' })).id);
    }
    expect(ids).toEqual(['an-evening', 'an-evening-2', 'an-evening-3']);
  });

  it('is taken back when the programme is away', async () => {
    house.programme.away = true;
    await expect(house.directory.create({ title: 'An Evening' })).rejects.toMatchObject({
      code: 'part_away',
    });
    expect(await stored('an-evening')).toBeNull();
    house.programme.away = false;
    house.timers.run();
    await vi.waitFor(async () => expect(await house.store.removals(9)).toEqual([]));
    expect((await house.directory.create({ title: 'An Evening' })).id).toBe('an-evening');
  });

  it('is taken back there too when only the answer was lost', async () => {
    house.programme.deaf = true;
    await expect(house.directory.create({ title: 'An Evening' })).rejects.toMatchObject({
      code: 'part_away',
    });
    house.programme.deaf = false;
    house.timers.run();
    await vi.waitFor(() => expect(house.programme.spaces.size).toBe(0));
    expect(await stored('an-evening')).toBeNull();
  });

  it('is refused with the programme’s own reason', async () => {
    house.programme.full = true;
    await expect(house.directory.create({ title: 'An Evening' })).rejects.toMatchObject({
      code: 'spaces_full',
    });
    expect(await stored('an-evening')).toBeNull();
  });
});

describe('a change', () => {
  beforeEach(() => house.directory.create({ title: 'Talk', id: 'talk', startsAtMs: NOW_MS + 9e6 }));

  it('is in both once it is acknowledged', async () => {
    const change = { title: 'Other', profile: 'near', holdingSound: false } as const;
    expect(await house.directory.change('talk', change)).toMatchObject(change);
    expect(await stored('talk')).toMatchObject(change);
    expect(house.programme.spaces.get('talk')).toMatchObject({ title: 'Other', profile: 'near' });
  });

  it('changes nothing when the programme is away', async () => {
    const before = await stored('talk');
    house.programme.away = true;
    await expect(house.directory.change('talk', { title: 'Other' })).rejects.toThrow();
    expect(await stored('talk')).toEqual(before);
  });

  it('is taken back at the programme when it cannot be stored', async () => {
    vi.spyOn(house.store, 'updateSpace').mockRejectedValue(new Error('disk'));
    await expect(house.directory.change('talk', { title: 'Other' })).rejects.toThrow('disk');
    expect(house.programme.spaces.get('talk')?.title).toBe('Talk');
    vi.restoreAllMocks();
  });

  it('of the title goes through with open doors, whose planned time is not touched', async () => {
    const planned = (await stored('talk'))?.doorsAtMs;
    await house.directory.act('talk', 'doors');
    expect(await house.directory.space('talk')).toMatchObject({ doorsAtMs: NOW_MS });
    const plan = vi.spyOn(house.programme, 'plan');
    await house.directory.change('talk', { title: 'Other' });
    expect(plan.mock.lastCall?.[0]).toMatchObject({ title: 'Other', doorsAtMs: planned });
    expect(await stored('talk')).toMatchObject({ doorsAtMs: planned, openedAtMs: NOW_MS });
  });

  it('of the title goes through when the doors opened after the start, also for a space taken in', async () => {
    const space = house.programme.spaces.get('talk')!;
    const opened = NOW_MS + 9e6 + 60_000;
    house.programme.spaces.set('found', {
      ...space,
      id: 'found',
      state: 'live',
      doorsAtMs: opened,
    });
    house.programme.report();
    await vi.waitFor(async () => expect(await stored('found')).not.toBeNull());
    expect(await house.directory.change('found', { title: 'Other' })).toMatchObject({
      title: 'Other',
      doorsAtMs: opened,
    });
  });

  it('of state goes through with a store that cannot be written, and is stored later', async () => {
    const failing = vi.spyOn(house.store, 'updateSpace').mockRejectedValue(new Error('disk'));
    expect(await house.directory.act('talk', 'start')).toMatchObject({ state: 'live' });
    await vi.waitFor(() => expect(house.timers.pending).toBeGreaterThan(0));
    failing.mockRestore();
    house.timers.run();
    await vi.waitFor(async () => expect(await stored('talk')).toMatchObject({ state: 'live' }));
  });

  it('of state works with a programme that has lost the plan', async () => {
    house.programme.spaces.clear();
    expect(await house.directory.act('talk', 'start')).toMatchObject({ state: 'live' });
    expect(house.programme.calls.slice(-2)).toEqual(['plan talk', 'start talk']);
  });

  it('of state may be asked for again', async () => {
    await house.directory.act('talk', 'start');
    const { calls } = house.programme;
    const asked = calls.length;
    expect(await house.directory.act('talk', 'start')).toMatchObject({ state: 'live' });
    expect(calls).toHaveLength(asked);
  });
});

describe('after a crash', () => {
  it('[P3] stores what the programme did by itself meanwhile', async () => {
    const { programme } = house;
    await house.directory.create({ title: 'Talk', id: 'talk' });
    const space = programme.spaces.get('talk');
    if (space === undefined) throw new Error('the programme knows the space');
    const change = { state: 'ended', liveAtMs: 5, endedAtMs: 6, replayReady: true } as const;
    programme.spaces.set('talk', { ...space, ...change });
    programme.report();
    await vi.waitFor(async () => expect(await stored('talk')).toMatchObject(change));
  });

  it('sends plans again that the programme does not know, but none that is over', async () => {
    const store = openSqliteStore(':memory:');
    await store.migrate();
    await store.createSpace(storedSpace('talk'));
    await store.createSpace(storedSpace('over', { state: 'ended' }));
    const programme = new FakeProgramme();
    programme.away = true;
    const other = await openHouse({}, { store, programme });
    await vi.waitFor(() => expect(other.timers.pending).toBeGreaterThan(0));
    programme.away = false;
    other.timers.run();
    await vi.waitFor(() => expect([...programme.spaces.keys()]).toEqual(['talk']));
    await other.close();
  });

  it('[P7] takes in a space that only the programme knows, and never deletes it', async () => {
    const {
      holdingSound: _1,
      createdAtMs: _2,
      openedAtMs: _3,
      groups: _4,
      clip: _5,
      ...space
    } = storedSpace('found');
    house.programme.spaces.set('found', space);
    house.programme.report();
    await vi.waitFor(async () => expect(await stored('found')).toMatchObject(space));
    expect(house.programme.calls).not.toContain('remove found');
  });

  it('shows no replay that retention has removed, and none that was lost with the programme’s disk', async () => {
    const { programme } = house;
    for (const id of ['expired', 'lost']) {
      await house.directory.create({ title: 'Talk', id });
      const space = programme.spaces.get(id)!;
      programme.spaces.set(id, { ...space, state: 'ended', endedAtMs: 6, replayReady: true });
    }
    programme.report();
    const replay = async (id: string) => (await stored(id))?.replayReady;
    await vi.waitFor(async () => expect(await replay('lost')).toBe(true));
    programme.spaces.set('expired', { ...programme.spaces.get('expired')!, replayReady: false });
    programme.report();
    programme.lose('lost');
    await vi.waitFor(async () => expect(await replay('expired')).toBe(false));
    await vi.waitFor(async () => expect(await replay('lost')).toBe(false));
    expect((await stored('lost'))?.state).toBe('ended');
  });

  it('removes there what was removed here while the programme was away', async () => {
    await house.directory.create({ title: 'Talk', id: 'talk' });
    house.programme.away = true;
    await house.directory.remove('talk');
    expect(await stored('talk')).toBeNull();
    expect(house.programme.spaces.has('talk')).toBe(true);
    house.programme.away = false;
    house.programme.report(); // the reconnection comes before the retry
    house.timers.run();
    await vi.waitFor(() => expect(house.programme.spaces.size).toBe(0));
    await vi.waitFor(async () => expect(await house.store.removals(9)).toEqual([]));
    expect(await stored('talk')).toBeNull();
  });
});

describe('the demo space', () => {
  const keep = (serverStartedAtMs = NOW_MS - 5_000) => keepDemo({ ...house, serverStartedAtMs });
  const live = () =>
    vi.waitFor(async () => expect(await stored(DEMO_ID)).toMatchObject({ state: 'live' }));

  it('is made and started', async () => {
    const timer = keep();
    await live();
    expect(await stored(DEMO_ID)).toMatchObject({ profile: 'near', startsAtMs: null });
    timer.cancel();
  });

  it('that has ended stays so, also for an api that is replaced, until the server starts again', async () => {
    const before = keep();
    await live();
    await house.directory.act(DEMO_ID, 'end');
    const asked = house.programme.calls.length;
    const looked = vi.spyOn(house.store, 'space');
    house.timers.run();
    before.cancel();
    const replaced = keep();
    await vi.waitFor(() => expect(looked.mock.settledResults.length).toBeGreaterThan(1));
    expect(await stored(DEMO_ID)).toMatchObject({ state: 'ended' });
    expect(house.programme.calls).toHaveLength(asked);
    replaced.cancel();
    house.clock.nowMs += 60_000;
    const anew = keep(house.clock.nowMs);
    await live();
    anew.cancel();
  });

  it('waits for a programme that is away', async () => {
    house.programme.away = true;
    const timer = keep();
    await vi.waitFor(() => expect(house.log.lines.join()).toContain('demo'));
    house.programme.away = false;
    await vi.waitFor(async () => {
      house.timers.run();
      expect(await stored(DEMO_ID)).toMatchObject({ state: 'live' });
    });
    timer.cancel();
  });
});
