import { holdingFrames } from '@parterre/media';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EdgeCounters } from './counters.ts';
import {
  aSpace,
  FakeFeed,
  FakeSink,
  liveRequest,
  ManualTime,
  RawClient,
  runEdge,
} from './edge.fixture.ts';
import { LIVE_FORMAT, RADIO_FORMAT } from './formats.ts';
import { TestGate } from './gate.fixture.ts';
import { House } from './house.ts';
import { sessionAt } from './sessions.ts';

const NAME = 'a-player-of-the-test';
const read = (text: string) => sessionAt(Buffer.from(text), 0, text.length);
const named = (text: string) => read(text)!;

/** A house with `places` and some who hold them, each under its own name. */
function aHouse(places: number) {
  const time = new ManualTime();
  const feed = new FakeFeed();
  const gate = new TestGate();
  const house = new House({
    clock: time,
    timers: time,
    formats: { live: LIVE_FORMAT, radio: RADIO_FORMAT },
    holding: holdingFrames,
    counters: new EdgeCounters(),
    gate: gate.keeper,
  });
  house.open(feed);
  feed.space(aSpace());
  feed.ready();
  feed.chunks(0, 50);
  gate.grant(places, 0, (id) => house.used(id));
  /** Comes as the front does it. @returns the connection, or why there is none */
  const come = (session: string | null, pass: string | null = null): FakeSink | string => {
    const name = session === null ? null : named(session);
    if (pass !== null && name !== null) house.sessions.supersede(name);
    const admission = house.admit('live', 'evening', null, null, pass);
    if ('refusal' in admission) return admission.refusal;
    const sink = new FakeSink();
    house.join(sink, admission, pass !== null, null, name);
    return sink;
  };
  const pass = (): string => house.returnToken('evening')!;
  return { house, come, pass };
}

describe('a player that comes back', () => {
  test('[P1] [P2] takes the place of its old connection, in a full house as well', () => {
    const { house, come, pass } = aHouse(2);
    const old = come(`${NAME}.0`) as FakeSink;
    come('another-of-the-test.0');
    expect(come('a-third-of-the-tests.0')).toBe('waiting');
    const again = come(`${NAME}.1`, pass());
    expect(again).toBeInstanceOf(FakeSink);
    expect(old.destroyed).toBe(true);
    expect((again as FakeSink).destroyed).toBe(false);
    expect(house.used('evening')).toBe(2);
    expect(house.counters.drops.superseded).toBe(1);
    expect(house.sessions.size).toBe(2);
  });

  test('is not ended by word of an earlier connection, and a late request of one ends nothing', () => {
    const { house, come, pass } = aHouse(10);
    const now = come(`${NAME}.3`) as FakeSink;
    house.sessions.supersede(named(`${NAME}.2`));
    house.sessions.supersede(named(`${NAME}.3`));
    come(`${NAME}.1`, pass());
    expect(now.destroyed).toBe(false);
    house.sessions.supersede(named(`${NAME}.4`));
    expect(now.destroyed).toBe(true);
  });

  test('is told to the other edges once, where its old connection was not here', () => {
    const { house, come } = aHouse(10);
    come(`${NAME}.0`);
    come(`${NAME}.1`);
    come('another-of-the-test.5');
    expect(house.sessions.takeResumed()).toEqual([named('another-of-the-test.5')]);
    expect(house.sessions.takeResumed()).toEqual([]);
  });

  test('whatever comes and goes, a name is held once, and nothing is kept of who has gone', () => {
    const step = fc.record({
      player: fc.nat({ max: 4 }),
      number: fc.nat({ max: 6 }),
      what: fc.constantFrom('comes', 'goes', 'is superseded' as const),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { house, come } = aHouse(100);
        const sinks = new Map<number, FakeSink[]>();
        for (const { player, number, what } of steps) {
          const text = `player-number-000${player}.${number}`;
          const held = sinks.get(player) ?? [];
          sinks.set(player, held);
          if (what === 'comes') held.push(come(text) as FakeSink);
          else if (what === 'is superseded') house.sessions.supersede(named(text));
          else for (const sink of held) sink.destroy();
          const open = [...sinks.values()].flat().filter(({ destroyed }) => !destroyed).length;
          expect(house.sessions.size).toBeLessThanOrEqual(sinks.size);
          expect(house.used('evening')).toBeGreaterThanOrEqual(open);
        }
        for (const cohort of house.room('evening')!.cohorts) cohort.move(1_000);
        expect(house.sessions.size).toBe(0);
      }),
    );
  });

  test('[P1] by either parser, at the port', async () => {
    const running = await runEdge();
    running.feed.space(aSpace());
    running.feed.chunks(100, 120);
    const ask = (session: string, more = ''): RawClient =>
      new RawClient(
        running.port,
        liveRequest(`/live/evening?return=x&session=${session}`).replace(
          'Accept: */*',
          `Accept: */*${more}`,
        ),
      );
    const heard = (client: RawClient): Promise<unknown> =>
      client.until((bytes) => bytes.includes('moof'));
    const first = ask(`${NAME}.0`);
    await heard(first);
    const second = ask(`${NAME}.1`);
    await Promise.all([heard(second), first.closed]);
    const third = ask(`${NAME}.2`, '\r\nTE: trailers');
    await Promise.all([heard(third), second.closed]);
    expect(running.edge.house.used('evening')).toBe(1);
    third.socket.destroy();
    await running.close();
  });
});

describe('a session’s name', () => {
  test('is a number of the name, the same for all its connections', () => {
    const first = named(`${NAME}.0`);
    expect(named(`${NAME}.12`)).toEqual({ player: first.player, connection: 12 });
    expect(named(`${NAME}.999999999`).connection).toBe(999_999_999);
    expect(Number.isSafeInteger(first.player)).toBe(true);
    expect(sessionAt(Buffer.from(`session=${NAME}.0&x`), 8, 10 + NAME.length)).toEqual(first);
  });

  test.each([
    '',
    '.1',
    'fifteen-letters.1',
    `${'x'.repeat(44)}.1`,
    NAME,
    `${NAME}.`,
    `${NAME}.x`,
    `${NAME}.1.2`,
    `${NAME}.-1`,
    `${NAME}.0123456789`,
    `${NAME}é.1`,
    `${NAME} .1`,
  ])('is not %j', (text) => {
    expect(read(text)).toBeNull();
  });

  test('is another than each of a great many others, however alike', () => {
    const count = 50_000;
    const players = new Set<number>();
    for (let i = 0; i < count; i++)
      players.add(named(`player-${String(i).padStart(10, '0')}.0`).player);
    expect(players.size).toBe(count);
    // Spread over all 53 bits: each has about half of them set.
    for (let bit = 0; bit < 53; bit++) {
      let set = 0;
      for (const player of players) set += Math.floor(player / 2 ** bit) % 2;
      expect(Math.abs(set / count - 0.5)).toBeLessThan(0.02);
    }
  });
});
