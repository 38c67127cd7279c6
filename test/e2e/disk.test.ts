/**
 * The disk is full while a programme is live. It stays on air; what cannot be written waits and is written
 * when there is room; what a crash took meanwhile is a hole in the recording and nothing else is.
 */
import { join } from 'node:path';
import { ERRORS } from '@parterre/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { canMount, SmallDisk } from './support/small-disk.ts';
import { digestsOfRecording, Tap } from './support/tap.ts';

if (!canMount) console.warn('Not run: a full disk needs root, for a small disk to be mounted.');

describe.skipIf(!canMount)('a full disk', () => {
  let disk: SmallDisk;
  let server: TestServer;
  const taps: Tap[] = [];

  beforeAll(async () => {
    disk = new SmallDisk(64);
    server = await TestServer.start([], join(disk.path, 'data'));
  });

  afterEach(() => disk.free());

  afterAll(async () => {
    for (const tap of taps) await tap.stop();
    await server?.stop();
    disk?.close();
  });

  async function live(space: string): Promise<Tap> {
    await server.createSpace({ id: space, title: `The ${space}` });
    await server.start(space);
    const tap = new Tap(() => `${server.url}/live/${space}`);
    taps.push(tap);
    await until(() => tap.lastSeq > 10, 'the programme is heard');
    return tap;
  }

  async function later(tap: Tap, chunks: number): Promise<void> {
    const seq = tap.lastSeq;
    await until(() => tap.lastSeq > seq + chunks, 'the programme goes on');
  }

  /** A figure of the programme at `/metrics`. */
  async function figure(name: string): Promise<number> {
    const text = await (await server.fetch('/metrics')).text();
    const line = new RegExp(`^parterre_programme_${name}(?:\\{.*\\})? ([\\d.e+]+)$`, 'm').exec(
      text,
    );
    return Number(line?.[1] ?? Number.NaN);
  }

  const said = (words: string): boolean => server.lines.some((line) => line.includes(words));

  /** Ends the space. @returns sequences that were heard and that the recording has with other sound, or not */
  async function lost(space: string, tap: Tap): Promise<number[]> {
    const first = Math.min(...tap.chunks.keys());
    const heardUpTo = tap.lastSeq;
    await server.end(space);
    await until(
      async () => (await server.space(space))?.replayReady === true,
      'the recording is finished',
      120_000,
    );
    const answer = await fetch(`${server.url}/spaces/${space}/replay.ogg`);
    const recording = digestsOfRecording(new Uint8Array(await answer.arrayBuffer()));
    const offset = recording.indexOf(tap.chunks.get(first)!);
    expect(offset).toBeGreaterThanOrEqual(0);
    expect(recording.length).toBeGreaterThan(offset + heardUpTo - first);
    return [...tap.chunks]
      .filter(([seq, digest]) => seq <= heardUpTo && recording[offset + seq - first] !== digest)
      .map(([seq]) => seq);
  }

  function untouched(tap: Tap): void {
    expect(tap.jumps).toEqual([]);
    expect(tap.contradictions).toEqual([]);
    expect(tap.faults).toEqual([]);
  }

  test('[P3] [P7] the programme stays on air, says so, and keeps what it could not write', async () => {
    const tap = await live('patience');
    disk.fill();
    await until(() => said('disk refuses the log'), 'the log says it');
    await until(async () => (await figure('records_waiting')) > 5, 'the metrics say it');
    const answer = await server.fetch('/api/spaces', { method: 'POST', body: { title: 'More' } });
    const { error } = (await answer.json()) as { error: object };
    expect(error).toMatchObject({ code: 'disk_full', message: ERRORS.disk_full.message });
    expect(answer.status).toBe(ERRORS.disk_full.status);
    await later(tap, 25);
    disk.free();
    await until(() => said('recording goes on'), 'the recording goes on');
    await until(async () => (await figure('records_waiting')) === 0, 'nothing waits');
    await server.createSpace({ title: 'More' });
    expect(tap.connections).toBe(1);
    expect(await lost('patience', tap)).toEqual([]);
    untouched(tap);
  });

  test('[P3] [P7] a crash on a full disk: on air again, and a hole where nothing could be kept', async () => {
    const tap = await live('crash');
    await later(tap, 10);
    const fullAt = tap.lastSeq;
    disk.fill();
    await later(tap, 25);
    await server.kill('programme');
    await later(tap, 25);
    const freedAt = tap.lastSeq;
    disk.free();
    await later(tap, 25);
    const missing = await lost('crash', tap);
    expect(missing.length).toBeGreaterThan(0);
    expect(Math.min(...missing)).toBeGreaterThanOrEqual(fullAt);
    expect(Math.max(...missing)).toBeLessThanOrEqual(freedAt);
    untouched(tap);
  });
});
