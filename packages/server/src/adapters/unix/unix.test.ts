import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParterreError, type PublicSpace } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ProgrammeControl } from '../../ports/programme-control.ts';
import { sampleSpace } from '../../ports/programme-feed.contract.ts';
import type { FeedReader } from '../../ports/programme-feed.ts';
import type { InputObserver, ProgrammeInput } from '../../ports/programme-input.ts';
import { logChunk } from '../../ports/programme-log.sample.ts';
import type { ProgrammeRecord } from '../../ports/programme-log.ts';
import { silentLog, systemRandom, systemTimers } from '../system/index.ts';
import { encodeFrame } from './framing.ts';
import { type ProgrammeEnd, UnixControl, UnixFeed, UnixInput, UnixServer } from './index.ts';

/** The least programme a server can serve; what clients say is kept in `heard`. */
class Programme implements ProgrammeEnd {
  readonly readers = new Set<FeedReader>();
  readonly heard: unknown[] = [];
  readonly observers = new Set<InputObserver>();
  silent = false;
  empty = false;

  /** What a reader is told at its beginning. */
  kept: ProgrammeRecord[] = [];

  attach(reader: FeedReader): { close(): void } {
    for (const record of this.kept) reader.record('evening', 'voice', record);
    this.readers.add(reader);
    return { close: () => this.readers.delete(reader) };
  }

  openInput(): ProgrammeInput {
    let mine: InputObserver | undefined;
    return {
      seats: (spaceId, seats) => this.heard.push(['seats', spaceId, seats]),
      frame: (...frame) => this.heard.push(['frame', ...frame.slice(0, 5), [...frame[5]]]),
      observe: (observer) => {
        mine = observer;
        this.observers.add(observer);
      },
      close: () => {
        if (mine !== undefined) this.observers.delete(mine);
        this.heard.push(['closed']);
      },
    };
  }

  openControl(): ProgrammeControl {
    const answer = async (spaceId: string): Promise<PublicSpace> => {
      if (this.silent) await new Promise(() => {});
      if (spaceId === 'nobody') throw new ParterreError('unknown_space', 'nobody');
      if (spaceId === 'bug') throw new Error('secret');
      this.heard.push(['asked', spaceId]);
      return sampleSpace(spaceId);
    };
    return {
      plan: (plan) => answer(plan.id),
      openDoors: answer,
      start: answer,
      end: answer,
      relaunch: (spaceId, successor) => answer(`${spaceId} ${successor}`),
      attendance: async (spaceId) => {
        await answer(spaceId);
        return [{ role: 'cohost', onAir: false }];
      },
      remove: async (spaceId) => void (await answer(spaceId)),
      observe: (observer) => {
        if (!this.empty) observer(sampleSpace('evening'));
      },
      close: () => {},
    };
  }
}

const opened: (() => unknown)[] = [];
let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pu-'));
  path = join(dir, 'programme.sock');
});
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
  rmSync(dir, { recursive: true, force: true });
});

const client = () => ({ path, timers: systemTimers, random: systemRandom, log: silentLog });
const listen = async (programme: Programme): Promise<UnixServer> => {
  const server = await UnixServer.listen({ path, programme, log: silentLog });
  opened.push(() => server.close());
  return server;
};

describe('UnixServer', () => {
  it('replaces a stale socket file and removes its own', async () => {
    writeFileSync(path, '');
    expect(await UnixServer.answers(path)).toBe(false);
    const server = await listen(new Programme());
    expect(await UnixServer.answers(path)).toBe(true);
    await server.close();
    expect(existsSync(path)).toBe(false);
  });

  it('does not remove the socket file of its successor', async () => {
    const first = await listen(new Programme());
    rmSync(path);
    await listen(new Programme());
    await first.close();
    expect(await UnixServer.answers(path)).toBe(true);
  });

  it.each([
    ['a frame that is too long', Buffer.from([0xff, 0xff, 0xff, 0xff, 1])],
    ['an empty frame', Buffer.from([0, 0, 0, 0, 0, 0])],
    ['something other than a hello', encodeFrame(7, Buffer.from('{}'))],
    ['a hello that is not JSON', encodeFrame(1, Buffer.from('{'))],
    ['a hello of another version', encodeFrame(1, Buffer.from('{"version":0,"port":"feed"}'))],
    ['a hello for no port', encodeFrame(1, Buffer.from('{"version":1,"port":"moon"}'))],
  ])('drops a client that sends %s, and serves the others', async (_what, bytes) => {
    const programme = new Programme();
    await listen(programme);
    const bad = connect(path);
    bad.write(bytes);
    await new Promise((resolve) => bad.on('close', resolve));
    const control = new UnixControl(client());
    opened.push(() => control.close());
    expect(await control.start('evening')).toEqual(sampleSpace('evening'));
  });

  it('[P1] drops a reader that does not read, and goes on for the others', async () => {
    const programme = new Programme();
    const server = await listen(programme);
    const stuck = connect(path);
    const hello = { version: 1, port: 'feed', tailChunks: 0, positions: [] };
    stuck.write(encodeFrame(1, Buffer.from(JSON.stringify(hello))));
    stuck.pause();
    await vi.waitFor(() => expect(programme.readers.size).toBe(1));
    const snapshot = new Uint8Array(100_000);
    for (let seq = 0; seq < 200 && server.clients > 0; seq++) {
      const record = { ...logChunk(seq, 1), snapshot };
      for (const reader of programme.readers) reader.record('evening', 'voice', record);
    }
    await vi.waitFor(() => expect(programme.readers.size).toBe(0));
    stuck.destroy();
  });

  it('[P1] gives a new reader all that is kept of many spaces, however much that is', async () => {
    const programme = new Programme();
    const snapshot = new Uint8Array(100_000);
    programme.kept = Array.from({ length: 160 }, (_, seq) => ({ ...logChunk(seq, 1), snapshot }));
    await listen(programme);
    const seqs: number[] = [];
    const feed = new UnixFeed(client()).follow(
      { space() {}, removed() {}, record: (_space, _rendition, { seq }) => seqs.push(seq) },
      600,
    );
    opened.push(() => feed.close());
    await vi.waitFor(() => expect(programme.readers.size).toBe(1));
    for (const reader of programme.readers) reader.record('evening', 'voice', logChunk(160, 1));
    await vi.waitFor(() => expect(seqs).toEqual(Array.from({ length: 161 }, (_, seq) => seq)));
    expect(programme.readers.size).toBe(1);
  });
});

describe('UnixInput', () => {
  const seat = { id: 's1', name: 'Ada', role: 'host', onAir: true, muted: false } as const;

  it('carries rosters and voices there, levels and spaces back', async () => {
    const programme = new Programme();
    await listen(programme);
    const input = new UnixInput(client());
    opened.push(() => input.close());
    const seen: unknown[] = [];
    input.observe({
      space: (space) => seen.push(['space', space.id]),
      removed: (spaceId) => seen.push(['removed', spaceId]),
      levels: (...levels) => seen.push(['levels', ...levels]),
    });
    input.seats('evening', [seat]);
    await vi.waitFor(() => expect(programme.heard).toContainEqual(['seats', 'evening', [seat]]));
    input.frame('evening', 's1', 0xfffffffe, 0xffff, 0x80000001, Uint8Array.of(1, 2, 3));
    await vi.waitFor(() =>
      expect(programme.heard).toContainEqual([
        'frame',
        'evening',
        's1',
        0xfffffffe,
        0xffff,
        0x80000001,
        [1, 2, 3],
      ]),
    );
    for (const observer of programme.observers) {
      observer.space(sampleSpace('evening'));
      observer.levels('evening', { s1: 0.5 }, 0.25);
      observer.removed('evening');
    }
    await vi.waitFor(() =>
      expect(seen).toEqual([
        ['space', 'evening'],
        ['levels', 'evening', { s1: 0.5 }, 0.25],
        ['removed', 'evening'],
      ]),
    );
  });

  it('says the rosters again after a reconnection', async () => {
    const first = new Programme();
    const server = await listen(first);
    const input = new UnixInput(client());
    opened.push(() => input.close());
    input.seats('evening', [seat]);
    await vi.waitFor(() => expect(first.heard).toHaveLength(1));
    await server.close();
    await vi.waitFor(() => expect(first.heard.at(-1)).toEqual(['closed']));
    const second = new Programme();
    await listen(second);
    await vi.waitFor(() => expect(second.heard).toEqual([['seats', 'evening', [seat]]]));
  });
});

describe('UnixControl', () => {
  it('carries answers and errors back, and keeps bugs to itself', async () => {
    await listen(new Programme());
    const control = new UnixControl(client());
    opened.push(() => control.close());
    const seen: string[] = [];
    control.observe((space) => seen.push(space.id));
    expect(await control.end('evening')).toEqual(sampleSpace('evening'));
    expect(await control.remove('evening')).toBeUndefined();
    await expect(control.start('nobody')).rejects.toMatchObject({
      code: 'unknown_space',
      detail: 'nobody',
    });
    await expect(control.start('bug')).rejects.toMatchObject({
      code: 'internal',
      detail: undefined,
    });
    await vi.waitFor(() => expect(seen).toEqual(['evening']));
  });

  it('tells what was removed, also while the connection was away', async () => {
    const first = new Programme();
    const server = await listen(first);
    const control = new UnixControl(client());
    opened.push(() => control.close());
    const removed: string[] = [];
    let told = 0;
    control.observe(
      () => void told++,
      (spaceId) => removed.push(spaceId),
    );
    await vi.waitFor(() => expect(told).toBe(1));
    await server.close();
    const second = new Programme();
    second.empty = true;
    await listen(second);
    await vi.waitFor(() => expect(removed).toEqual(['evening']));
  });

  it('asks again after a reconnection', async () => {
    const stuck = new Programme();
    stuck.silent = true;
    const server = await listen(stuck);
    const control = new UnixControl(client());
    opened.push(() => control.close());
    const answer = control.start('evening');
    await vi.waitFor(() => expect(server.clients).toBe(1));
    await server.close();
    await listen(new Programme());
    expect(await answer).toEqual(sampleSpace('evening'));
  });

  it('says part_away when there is no answer in time', async () => {
    const timers = {
      ...systemTimers,
      after: (_ms: number, task: () => void) => systemTimers.after(1, task),
    };
    const control = new UnixControl({ ...client(), timers });
    opened.push(() => control.close());
    await expect(control.start('evening')).rejects.toMatchObject({ code: 'part_away' });
  });

  it('says part_away to what is pending when it is closed', async () => {
    const control = new UnixControl(client());
    const answer = control.start('evening');
    control.close();
    await expect(answer).rejects.toMatchObject({ code: 'part_away' });
  });
});
