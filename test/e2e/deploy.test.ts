/**
 * A deploy: SIGHUP replaces every process but the stage in use, while listeners listen and newcomers come.
 * Nobody hears a gap, nobody is refused.
 */
import { connect } from 'node:net';
import { PROFILES } from '@parterre/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PartName, TestServer, until } from './support/server.ts';
import { Tap } from './support/tap.ts';

const TAPS = 12;

describe('a deploy', () => {
  let server: TestServer;
  let taps: Tap[] = [];

  beforeAll(async () => {
    server = await TestServer.start(['--demo', '--edges', '3']);
    await until(async () => (await server.space('demo'))?.state === 'live', 'the demo is live');
    taps = Array.from({ length: TAPS }, () => new Tap(() => `${server.url}/live/demo`));
    await until(() => taps.every((tap) => tap.lastSeq > 10), 'all listen');
  });

  afterAll(async () => {
    await Promise.all(taps.map((tap) => tap.stop()));
    await server?.stop();
  });

  test('[P1] [P3] is not heard, and no connection is refused or left without an answer', async () => {
    const parts: PartName[] = ['edge-0', 'edge-1', 'edge-2', 'api', 'programme'];
    const before = parts.map((part) => server.pid(part));
    const stage = server.pid('stage');
    const watch = new Watch(taps);
    const newcomers = new Newcomers(server.url);
    await server.deploy();
    const answers = await newcomers.stop();
    const longestMs = watch.stop();
    const after = parts.map((part) => server.pid(part));
    expect(after.filter((pid, index) => pid === before[index])).toEqual([]);
    expect(server.pid('stage')).toBe(stage);
    expect(answers.get('200')).toBeGreaterThan(50);
    expect([...answers.keys()]).toEqual(['200']);
    for (const tap of taps) {
      expect(tap.jumps).toEqual([]);
      expect(tap.contradictions).toEqual([]);
      expect(tap.faults).toEqual([]);
    }
    expect(longestMs).toBeLessThan(PROFILES.near.bufferMs);
  });

  test('[P1] and a second one', async () => {
    await server.deploy();
    const seqs = taps.map((tap) => tap.lastSeq);
    await until(() => taps.every((tap, index) => tap.lastSeq > seqs[index]! + 5), 'it goes on');
    expect(taps.flatMap((tap) => tap.jumps)).toEqual([]);
  });
});

/** The longest time that any listener was without a new chunk, ms. */
class Watch {
  #longestMs = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(taps: readonly Tap[]) {
    const last = taps.map((tap) => ({ seq: tap.lastSeq, atMs: performance.now() }));
    this.#timer = setInterval(() => {
      const nowMs = performance.now();
      taps.forEach((tap, index) => {
        if (tap.lastSeq > last[index]!.seq) last[index] = { seq: tap.lastSeq, atMs: nowMs };
        this.#longestMs = Math.max(this.#longestMs, nowMs - last[index]!.atMs);
      });
    }, 5);
  }

  stop(): number {
    clearInterval(this.#timer);
    return this.#longestMs;
  }
}

/** Ask for a space, each on a connection of their own, one after the other; counts how it went. */
class Newcomers {
  readonly #answers = new Map<string, number>();
  readonly #done: Promise<void>;
  #stopped = false;

  constructor(url: string) {
    this.#done = this.#come(Number(new URL(url).port));
  }

  async stop(): Promise<Map<string, number>> {
    this.#stopped = true;
    await this.#done;
    return this.#answers;
  }

  async #come(port: number): Promise<void> {
    while (!this.#stopped) {
      const how = await ask(port);
      this.#answers.set(how, (this.#answers.get(how) ?? 0) + 1);
    }
  }
}

/** @returns the status, or what went wrong */
function ask(port: number): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /spaces/demo.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    });
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('close', () => resolve(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 'no answer'));
  });
}
