/** Seats, roles and moderation over real sockets; media are another test's. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MESSAGES_BURST } from './limits.ts';
import { Caller, type House, openHouse, passFor, publicSpace, until } from './stage.fixture.ts';

let house: House;
beforeEach(async () => {
  house = await openHouse(3);
});
afterEach(() => house.close());

async function enter(
  person: string,
  role: 'host' | 'cohost' | 'speaker',
  join: Parameters<Caller['join']>[0] = {},
): Promise<{ caller: Caller; seat: string; resume: string }> {
  const caller = new Caller(house, passFor('talk', person, role));
  await caller.join({ name: person, clientId: `tab-of-${person}`, ...join });
  const { seat, resume } = await caller.next('welcome');
  return { caller, seat, resume };
}

async function refusal(pass: string, join: Parameters<Caller['join']>[0] = {}): Promise<string> {
  const caller = new Caller(house, pass);
  await caller.join(join);
  const { code, final } = await caller.next('error');
  expect(final).toBe(true);
  await until(() => caller.closed, 'the socket is closed');
  return code;
}

describe('a stage', () => {
  it('welcomes a person with a seat, the roster, the space and an offer', async () => {
    const { caller, seat } = await enter('ada', 'host');
    expect((await caller.next('space')).state).toBe('live');
    expect((await caller.next('offer')).sdp).toContain('a=mid:fwd2');
    expect((await caller.next('roster')).seats).toEqual([
      { id: seat, name: 'ada', role: 'host', place: 'green', muted: false, connected: false },
    ]);
    expect((await caller.next('levels')).levels).toEqual({});
  });

  it('refuses what it must, each with its reason', async () => {
    await enter('ada', 'host');
    expect(await refusal('forged')).toBe('pass_invalid');
    expect(await refusal(passFor('other', 'ben', 'speaker'))).toBe('pass_invalid');
    expect(await refusal(passFor('talk', 'eve', 'host'))).toBe('host_seat_taken');
    expect(await refusal(passFor('talk', 'ada', 'host'), { clientId: 'second-tab' })).toBe(
      'already_on_stage',
    );
    await enter('ben', 'speaker');
    await enter('cy', 'speaker');
    expect(await refusal(passFor('talk', 'dan', 'speaker'))).toBe('stage_full');
  });

  it('keeps no place of a space for sockets without a valid pass, however many come', async () => {
    const forged = Array.from({ length: 60 }, () => new Caller(house, 'forged'));
    await enter('ada', 'host');
    for (const caller of forged) await until(() => caller.closed, 'turned away');
  });

  it('keeps nobody out for one person’s many sockets', async () => {
    const greedy = passFor('talk', 'eve', 'speaker');
    const callers = Array.from({ length: 60 }, () => new Caller(house, greedy));
    await until(() => callers.filter((caller) => caller.closed).length >= 52, 'most are refused');
    await enter('ada', 'host');
    expect(callers.filter((caller) => !caller.closed).length).toBeGreaterThan(0);
    for (const { socket } of callers) socket.terminate();
  });

  it('moves a seat to another tab when that is asked for, and tells the first one', async () => {
    const first = await enter('ada', 'host');
    const second = await enter('ada', 'host', { clientId: 'second-tab', takeOver: true });
    expect(second.seat).toBe(first.seat);
    expect((await first.caller.next('error')).code).toBe('already_on_stage');
    await until(() => first.caller.closed, 'the first tab is disconnected');
    expect((await second.caller.next('roster')).seats).toHaveLength(1);
  });

  it('gives the host’s seat to another host when that is asked for, and tells the first one', async () => {
    const first = await enter('ada', 'host');
    const second = await enter('eve', 'host', { takeOver: true });
    expect(second.seat).not.toBe(first.seat);
    expect((await first.caller.next('error')).code).toBe('host_seat_taken');
    await until(() => first.caller.closed, 'the first host is disconnected');
    const { seats } = await second.caller.next('roster');
    expect(seats.map(({ name }) => name)).toEqual(['eve']);
  });

  it('lets moderators alone place, silence and remove', async () => {
    const ada = await enter('ada', 'host');
    const ben = await enter('ben', 'speaker');
    ben.caller.send({ type: 'place', seat: ben.seat, place: 'stage' });
    expect(await ben.caller.next('error')).toMatchObject({ code: 'forbidden', final: false });
    ben.caller.send({ type: 'remove', seat: ada.seat });
    ada.caller.send({ type: 'place', seat: ben.seat, place: 'stage' });
    ada.caller.send({ type: 'silence', seat: ben.seat });
    const { seats } = await ben.caller.next('roster', ({ seats }) =>
      seats.some((seat) => seat.muted),
    );
    expect(seats.find((seat) => seat.id === ben.seat)).toMatchObject({
      place: 'stage',
      muted: true,
    });
    ben.caller.send({ type: 'mute', muted: false });
    ben.caller.send({ type: 'place', seat: ben.seat, place: 'green' });
    await ben.caller.next('roster', ({ seats: now }) =>
      now.some((seat) => seat.id === ben.seat && seat.place === 'green' && !seat.muted),
    );
    ada.caller.send({ type: 'remove', seat: ben.seat });
    await ben.caller.next('error', ({ code }) => code === 'removed');
    await ada.caller.next('roster', ({ seats: now }) => now.length === 1);
    expect(await refusal(passFor('talk', 'ben', 'speaker'))).toBe('removed');
    await house.restart();
    expect(await refusal(passFor('talk', 'ben', 'speaker'))).toBe('removed');
  });

  it('lets nobody in whose invitation was withdrawn, but leaves who is there', async () => {
    await enter('ben', 'speaker');
    await house.removals.add('talk', 'ben');
    await house.removals.add('talk', 'cy');
    await enter('ben', 'speaker');
    expect(await refusal(passFor('talk', 'cy', 'speaker'))).toBe('removed');
  });

  it('[P3] keeps the seat of a person whose socket is lost', async () => {
    const ada = await enter('ada', 'host');
    const ben = await enter('ben', 'speaker');
    ada.caller.send({ type: 'place', seat: ben.seat, place: 'stage' });
    await ben.caller.next('roster', ({ seats }) => seats.some(({ place }) => place === 'stage'));
    ben.caller.socket.terminate();
    const again = await enter('ben', 'speaker', { resume: ben.resume });
    expect(again.seat).toBe(ben.seat);
    const { seats } = await again.caller.next('roster');
    expect(seats.find((seat) => seat.id === ben.seat)?.place).toBe('stage');
  });

  it('[P3] takes people back on their seats after it was killed', async () => {
    const ada = await enter('ada', 'host');
    ada.caller.send({ type: 'place', seat: ada.seat, place: 'stage' });
    ada.caller.send({ type: 'mute', muted: true });
    await ada.caller.next('roster', ({ seats }) => seats[0]?.muted === true);
    const { resume } = await ada.caller.next('welcome');
    await house.restart();
    const again = await enter('ada', 'host', { resume });
    expect(again.seat).toBe(ada.seat);
    const { seats } = await again.caller.next('roster');
    expect(seats[0]).toMatchObject({ place: 'stage', muted: true });
  });

  it('gives nobody the seat of another person by their token', async () => {
    const ada = await enter('ada', 'host');
    const ben = await enter('ben', 'speaker', { resume: ada.resume });
    expect(ben.seat).not.toBe(ada.seat);
  });

  it('tells everybody when the space changes and when it ends', async () => {
    const ada = await enter('ada', 'host');
    house.programme.observer?.space(publicSpace('talk', { state: 'ended', endedAtMs: 1 }));
    expect((await ada.caller.next('error')).code).toBe('ended');
    expect((await ada.caller.next('space')).state).toBe('ended');
    await until(() => ada.caller.closed, 'the socket is closed');
    expect(await refusal(passFor('talk', 'ben', 'speaker'))).toBe('ended');
    expect(house.programme.rosters.get('talk')).toEqual([]);
  });

  it('passes the levels of the programme on', async () => {
    const ada = await enter('ada', 'host');
    house.programme.observer?.levels('talk', {}, 0.5);
    expect((await ada.caller.next('levels', ({ programme }) => programme > 0)).programme).toBe(0.5);
  });

  it('ends sockets that say too much, too often, or nothing that can be understood', async () => {
    const many = await enter('ada', 'host');
    for (let count = 0; count < MESSAGES_BURST * 2; count += 1) {
      if (many.caller.socket.readyState === 1) many.caller.send({ type: 'ping', t: count });
    }
    await many.caller.next('error', ({ code }) => code === 'too_many_requests');
    const big = await enter('ben', 'speaker');
    big.caller.socket.send('x'.repeat(70_000));
    await until(() => big.caller.closed, 'the socket is closed');
    const odd = await enter('cy', 'speaker');
    odd.caller.socket.send('{"type":"dance"}');
    await odd.caller.next('error', ({ code }) => code === 'bad_request');
  });

  it('answers a hostile description with sdp_invalid and goes on', async () => {
    const ada = await enter('ada', 'host');
    const { offerId } = await ada.caller.next('offer');
    ada.caller.send({ type: 'answer', offerId, sdp: 'v=0\r\nm=audio' });
    expect(await ada.caller.next('error')).toMatchObject({ code: 'sdp_invalid', final: false });
    ada.caller.send({ type: 'candidate', offerId, candidate: 'candidate:\u0000', mid: 'mic' });
    ada.caller.send({ type: 'reconnect' });
    await ada.caller.next('offer', (offer) => offer.offerId > offerId);
  });

  it('refuses pages of other sites and paths it does not know', async () => {
    const foreign = new Caller(
      house,
      passFor('talk', 'a', 'speaker'),
      'talk',
      'https://evil.example',
    );
    await until(() => foreign.closed, 'the foreign page is refused');
    expect(foreign.heard).toEqual([]);
    const lost = new Caller(house, 'x', 'NO');
    await until(() => lost.closed, 'the unknown path is refused');
  });
});
