/**
 * The machine's wall clock is set an hour forward and two hours back while a programme is live, for every
 * process of the server at once (libfaketime). The programme's own clock does not care: every sequence
 * comes once, its capture times go on evenly, nobody who listens is touched, and the end is the end.
 */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FragmentReader } from '@parterre/media/fmp4';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';
import { Tap } from './support/tap.ts';

const HOUR_MS = 3_600_000;
const library = findLibrary();
if (library === null) console.warn('Not run: the wall clock needs libfaketime (Debian: faketime).');

describe.skipIf(library === null)('the wall clock steps', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parterre-clock-'));
  const file = join(folder, 'offset');
  let server: TestServer;
  let tap: Tap;

  /** The server's wall clock runs this far from the machine's from now on. */
  function shift(seconds: number): void {
    writeFileSync(`${file}.next`, `${seconds < 0 ? '' : '+'}${seconds}`);
    renameSync(`${file}.next`, file);
  }

  beforeAll(async () => {
    shift(0);
    server = await TestServer.start([], undefined, {
      LD_PRELOAD: library!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    });
    await server.createSpace({ id: 'evening', title: 'An evening' });
    await server.start('evening');
    tap = new Tap(() => `${server.url}/live/evening`);
    await until(() => tap.lastSeq > 10, 'the programme is heard');
  });

  afterAll(async () => {
    await tap?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** How far the server's wall clock is from this one's. */
  async function offsetMs(): Promise<number> {
    const answer = await fetch(`${server.url}/spaces/evening.json`);
    return ((await answer.json()) as { nowMs: number }).nowMs - Date.now();
  }

  /** The server has taken the new time, and a while has passed with it. */
  async function live(awayMs: number): Promise<void> {
    await until(async () => Math.abs((await offsetMs()) - awayMs) < HOUR_MS / 4, 'the clock steps');
    const seq = tap.lastSeq;
    await until(() => tap.lastSeq > seq + 15, 'the programme goes on');
    expect((await server.space('evening'))?.state).toBe('live');
  }

  test('[P3] an hour forward, two back, and home again: nobody who listens is touched', async () => {
    const capture = new CaptureTimes(`${server.url}/live/evening`);
    await until(() => capture.times.size > 5, 'capture times come');
    for (const seconds of [3_600, -3_600, 0]) {
      shift(seconds);
      await live(seconds * 1_000);
      const late = new Tap(() => `${server.url}/live/evening`);
      await until(() => late.lastSeq > 0, 'somebody who comes now is let in');
      await late.stop();
    }
    const times = await capture.stop();
    const seqs = [...times.keys()];
    expect(seqs.slice(1).filter((seq, index) => seq !== seqs[index]! + 1)).toEqual([]);
    const steps = seqs.slice(1).map((seq) => times.get(seq)! - times.get(seq - 1)!);
    expect(steps.filter((ms) => Math.abs(ms - 200) > 1)).toEqual([]);
    expect(tap.connections).toBe(1);
    expect(tap.jumps).toEqual([]);
    expect(tap.contradictions).toEqual([]);
    expect(tap.faults).toEqual([]);
  });

  test('[P3] [P7] a crash while the clock is wrong: the same timeline, and a whole recording', async () => {
    shift(-3_600);
    await live(-HOUR_MS);
    const seq = tap.lastSeq;
    await server.kill('programme');
    await until(() => tap.lastSeq > seq + 10, 'the programme goes on');
    shift(3_600);
    await live(HOUR_MS);
    await server.end('evening');
    await until(
      async () => (await server.space('evening'))?.replayReady === true,
      'the recording is finished',
    );
    expect(tap.jumps).toEqual([]);
    expect(tap.contradictions).toEqual([]);
    const recording = await fetch(`${server.url}/spaces/evening/replay.json`);
    const { durationMs } = (await recording.json()) as { durationMs: number };
    expect(durationMs).toBeGreaterThan((tap.lastSeq - 15) * 200);
    expect(durationMs).toBeLessThan(10 * 60_000);
  });
});

/** Follows the lane on a connection of its own and keeps when each chunk was captured. */
class CaptureTimes {
  readonly times = new Map<number, number>();
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#done = this.#follow(url).catch(() => {});
  }

  async stop(): Promise<ReadonlyMap<number, number>> {
    this.#stop.abort();
    await this.#done;
    return this.times;
  }

  async #follow(url: string): Promise<void> {
    const answer = await fetch(url, { signal: this.#stop.signal });
    const reader = new FragmentReader();
    for await (const bytes of answer.body!)
      for (const part of reader.push(bytes))
        if (part.kind === 'fragment') this.times.set(part.seq, part.capturedAtMs);
  }
}

/** Debian keeps the library in a folder named for the machine's kind. */
function findLibrary(): string | null {
  if (process.platform !== 'linux') return null;
  for (const folder of readdirSync('/usr/lib')) {
    const path = join('/usr/lib', folder, 'faketime/libfaketime.so.1');
    if (existsSync(path)) return path;
  }
  return null;
}
