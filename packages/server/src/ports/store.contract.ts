/** The contract every `Store` holds; each adapter's test calls it with a maker of empty stores. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store, StoredInvite, StoredSpace } from './store.ts';

const NOW_MS = 1_800_000_000_000;

export function storedSpace(id: string, change: Partial<StoredSpace> = {}): StoredSpace {
  return {
    id,
    title: `Title of ${id}`,
    host: 'Ada',
    state: 'scheduled',
    profile: 'steady',
    rendition: 'voice',
    holdingSound: true,
    doorsAtMs: NOW_MS + 600_000,
    startsAtMs: NOW_MS + 1_200_000,
    zone: 'Europe/Paris',
    openedAtMs: null,
    liveAtMs: null,
    endedAtMs: null,
    replayReady: false,
    successor: null,
    groups: [{ id: 'press0000000', name: 'Press', seats: 20, linkExpiresAtMs: NOW_MS * 2 }],
    clip: { hash: 'a'.repeat(64), samples: 48_000, channels: 1, name: 'intro.mp3' },
    createdAtMs: NOW_MS,
    ...change,
  };
}

export function storedInvite(id: string, spaceId: string, createdAtMs = NOW_MS): StoredInvite {
  const tokenHash = `hash of ${id}`;
  return {
    id,
    tokenHash,
    spaceId,
    role: 'speaker',
    name: '',
    createdAtMs,
    revokedAtMs: null,
  };
}

/** @param open an empty store, not yet migrated; opened again, it is the same store */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`${name} as a store`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
      await store.migrate();
    });
    afterEach(() => store.close());

    spaceContract(() => store);
    removalContract(() => store);
    inviteContract(() => store);
    tokenContract(() => store);
    certificateContract(() => store);

    it('migrates again without a change', async () => {
      await store.createSpace(storedSpace('talk'));
      await store.migrate();
      expect(await store.space('talk')).toEqual(storedSpace('talk'));
    });
  });
}

function spaceContract(store: () => Store): void {
  it('gives back the space it was given, field by field', async () => {
    const space = storedSpace('talk', {
      title: `O'Hara; drop table spaces; -- " \\ ' 🎭 Ünïcode`,
      state: 'ended',
      openedAtMs: NOW_MS,
      liveAtMs: NOW_MS + 1,
      endedAtMs: Number.MAX_SAFE_INTEGER,
      replayReady: true,
      holdingSound: false,
    });
    expect(await store().createSpace(space)).toBe(true);
    expect(await store().space('talk')).toEqual(space);
    expect(await store().space('other')).toBeNull();
    expect(await store().space("' or '1'='1")).toBeNull();
  });

  it('keeps that no start is announced, and that one is after all', async () => {
    const space = storedSpace('talk', { startsAtMs: null });
    await store().createSpace(space);
    expect(await store().space('talk')).toEqual(space);
    expect(await store().updateSpace('talk', { startsAtMs: NOW_MS })).toEqual({
      ...space,
      startsAtMs: NOW_MS,
    });
    expect(await store().updateSpace('talk', { startsAtMs: null })).toEqual(space);
  });

  it('keeps the first space of an identifier, also when many ask at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store().createSpace(storedSpace('talk', { title: `Title ${index}` })),
      ),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect((await store().space('talk'))?.title).toBe(`Title ${made.indexOf(true)}`);
  });

  it('lists spaces newest first, in pages that neither repeat nor skip', async () => {
    for (const [id, age] of [
      ['aaa', 3],
      ['bbb', 1],
      ['ccc', 1],
      ['ddd', 2],
    ] as const) {
      await store().createSpace(storedSpace(id, { createdAtMs: NOW_MS - age }));
    }
    const ids = async (limit: number, offset: number) =>
      (await store().spaces(limit, offset)).map((space) => space.id);
    expect(await ids(10, 0)).toEqual(['bbb', 'ccc', 'ddd', 'aaa']);
    expect([...(await ids(2, 0)), ...(await ids(2, 2))]).toEqual(await ids(4, 0));
    expect(await ids(10, 4)).toEqual([]);
  });

  it('changes what is named and nothing else', async () => {
    await store().createSpace(storedSpace('talk'));
    await store().createSpace(storedSpace('other'));
    const change = {
      state: 'live',
      liveAtMs: NOW_MS,
      holdingSound: false,
      zone: null,
      successor: 'other',
    } as const;
    const changed = await store().updateSpace('talk', change);
    expect(changed).toEqual(storedSpace('talk', change));
    expect(await store().space('talk')).toEqual(changed);
    expect(await store().updateSpace('talk', {})).toEqual(changed);
    expect(await store().updateSpace('talk', { liveAtMs: null })).toMatchObject({ liveAtMs: null });
    expect(await store().space('other')).toEqual(storedSpace('other'));
    expect(await store().updateSpace('none', change)).toBeNull();
    expect(await store().updateSpace('none', {})).toBeNull();
  });
}

function removalContract(store: () => Store): void {
  it('removes a space with its invitations and remembers it until told to forget', async () => {
    await store().createSpace(storedSpace('talk'));
    await store().createInvite(storedInvite('one', 'talk'));
    expect(await store().removeSpace('talk', NOW_MS)).toBe(true);
    expect(await store().removeSpace('talk', NOW_MS)).toBe(false);
    expect(await store().space('talk')).toBeNull();
    expect(await store().invite('one')).toBeNull();
    expect(await store().removals(10)).toEqual(['talk']);
    expect(await store().createSpace(storedSpace('talk'))).toBe(false);
    expect(await store().space('talk')).toBeNull();
    await store().forgetRemoval('talk');
    expect(await store().removals(10)).toEqual([]);
    expect(await store().createSpace(storedSpace('talk'))).toBe(true);
  });

  it('remembers no removal of what was never there', async () => {
    expect(await store().removeSpace('none', NOW_MS)).toBe(false);
    expect(await store().removals(10)).toEqual([]);
  });

  it('gives at most as many removals as asked for, oldest first', async () => {
    for (const [index, id] of ['ccc', 'bbb', 'aaa'].entries()) {
      await store().createSpace(storedSpace(id));
      await store().removeSpace(id, NOW_MS + index);
    }
    expect(await store().removals(2)).toEqual(['ccc', 'bbb']);
  });
}

function inviteContract(store: () => Store): void {
  it('finds an invitation by identifier and by the hash of its token', async () => {
    await store().createSpace(storedSpace('talk'));
    const invite = storedInvite('one', 'talk');
    expect(await store().createInvite(invite)).toBe(true);
    expect(await store().invite('one')).toEqual(invite);
    expect(await store().inviteByTokenHash(invite.tokenHash)).toEqual(invite);
    expect(await store().invite('two')).toBeNull();
    expect(await store().inviteByTokenHash('one')).toBeNull();
  });

  it('refuses an invitation to a space that is not there', async () => {
    expect(await store().createInvite(storedInvite('one', 'none'))).toBe(false);
    expect(await store().invite('one')).toBeNull();
  });

  it('lists the invitations of one space, oldest first, at most as many as asked for', async () => {
    await store().createSpace(storedSpace('talk'));
    await store().createSpace(storedSpace('other'));
    await store().createInvite(storedInvite('ccc', 'talk', NOW_MS));
    await store().createInvite(storedInvite('aaa', 'talk', NOW_MS + 1));
    await store().createInvite(storedInvite('bbb', 'other', NOW_MS));
    const ids = async (limit: number) =>
      (await store().invites('talk', limit)).map((invite) => invite.id);
    expect(await ids(10)).toEqual(['ccc', 'aaa']);
    expect(await ids(1)).toEqual(['ccc']);
  });

  it('revokes once, and the first time stands', async () => {
    await store().createSpace(storedSpace('talk'));
    await store().createInvite(storedInvite('one', 'talk'));
    expect(await store().revokeInvite('one', NOW_MS)).toBe(true);
    expect(await store().revokeInvite('one', NOW_MS + 1)).toBe(false);
    expect((await store().invite('one'))?.revokedAtMs).toBe(NOW_MS);
    expect(await store().revokeInvite('none', NOW_MS)).toBe(false);
  });
}

function tokenContract(store: () => Store): void {
  it('spends a token once, also when many try at once', async () => {
    const spent = await Promise.all(
      Array.from({ length: 8 }, () => store().spendToken('link', NOW_MS + 1, NOW_MS)),
    );
    expect(spent.filter(Boolean)).toHaveLength(1);
    expect(await store().tokenSpent('link')).toBe(true);
    expect(await store().tokenSpent('other')).toBe(false);
  });

  it('spends no token that is over, and forgets those that are', async () => {
    expect(await store().spendToken('late', NOW_MS, NOW_MS)).toBe(false);
    expect(await store().spendToken('old', NOW_MS + 1, NOW_MS)).toBe(true);
    expect(await store().spendToken('new', NOW_MS + 10, NOW_MS + 1)).toBe(true);
    expect(await store().tokenSpent('old')).toBe(false);
    expect(await store().tokenSpent('new')).toBe(true);
  });
}

function certificateContract(store: () => Store): void {
  const made = (id: string, issuedAtMs: number) => ({
    id,
    issuedAtMs,
    certificate: `{"name":"certificate of ${id} 🎭"}\n`,
    result: JSON.stringify({ id, seconds: Array(1_000).fill(issuedAtMs) }),
  });
  const add = (id: string, issuedAtMs: number, keptMax = 10) =>
    store().addCertificate(made(id, issuedAtMs), keptMax);

  it('[P8] gives back a certificate and its result as they were given', async () => {
    expect(await add('one', NOW_MS)).toBe(true);
    expect(await store().certificate('one')).toEqual(made('one', NOW_MS));
    expect(await store().certificate('two')).toBeNull();
  });

  it('[P8] replaces no certificate by another of the same identifier', async () => {
    expect(await add('one', NOW_MS)).toBe(true);
    expect(await add('one', NOW_MS + 1)).toBe(false);
    expect(await store().certificate('one')).toEqual(made('one', NOW_MS));
  });

  it('lists certificates newest first and keeps no more than it is told', async () => {
    for (const [id, age] of [
      ['aaa', 2],
      ['bbb', 0],
      ['ccc', 3],
      ['ddd', 1],
    ] as const)
      expect(await add(id, NOW_MS - age, 3)).toBe(true);
    const texts = ['bbb', 'ddd', 'aaa'].map((id) => made(id, NOW_MS).certificate);
    expect(await store().certificates(10)).toEqual(texts);
    expect(await store().certificates(2)).toEqual(texts.slice(0, 2));
    expect(await store().certificate('ccc')).toBeNull();
  });
}
