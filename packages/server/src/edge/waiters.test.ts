/** Those who wait, at the port: the same document from the fast path as from the full server. */
import { once } from 'node:events';
import type { NowServing } from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryEntrants } from '../adapters/memory/index.ts';
import { systemTimers } from '../adapters/system/index.ts';
import { GateAtEdge } from '../gate/index.ts';
import { aSpace, liveRequest, RawClient, type RunningEdge, runEdge } from './edge.fixture.ts';
import type { EdgeOptions } from './edge.ts';

const random = { uniform: () => 0.5, bytes: (count: number) => new Uint8Array(count) };
const ASK = liveRequest('/gate/evening');
const NOBODY = { second: 0, rank: 0 };

function lineOf(waiting: number): NowServing {
  const about = { space: 'evening', atMs: 1, open: true, turnS: 60, perMinute: 90, lottery: null };
  return { ...about, front: NOBODY, waiting, seconds: [[7, 0, waiting]] };
}

/** Tells an edge's keeper how the line stands. */
function tell({ keeper }: GateAtEdge, number: number, document: NowServing): void {
  const line = { open: true, front: NOBODY, lapsed: NOBODY, document };
  const spaces = [{ id: 'evening', limit: 0, spare: 0, line }];
  keeper.granted({ number, joinsPerS: 100, spaces, resumed: [] }, 0, () => 0);
}

let gate: GateAtEdge;
let running: RunningEdge;
const clients: RawClient[] = [];

async function begin(change: Partial<EdgeOptions> = {}): Promise<void> {
  gate = new GateAtEdge({
    key: new Uint8Array(32),
    float: 0,
    random,
    entrants: new MemoryEntrants([]),
    timers: systemTimers,
    nowMs: 0,
    failed: () => {},
  });
  await gate.lotteries.of(aSpace(), 0).look();
  const { keeper, lotteries, office } = gate;
  const spend = async () => 'spent' as const;
  running = await runEdge({ gate: { keeper, lotteries, office, spend }, ...change });
  running.feed.space(aSpace());
  tell(gate, 1, lineOf(5));
}

function client(send: string): RawClient {
  const made = new RawClient(running.port, send);
  clients.push(made);
  return made;
}

const answers = (bytes: Buffer): number =>
  bytes.toString('latin1').split('HTTP/1.1 200').length - 1;
const whole = (count: number) => (bytes: Buffer) =>
  answers(bytes) === count && bytes.toString('latin1').endsWith('}');
const documentIn = (text: string): NowServing =>
  JSON.parse(text.slice(text.lastIndexOf('\r\n\r\n') + 4)) as NowServing;

describe('those who wait', () => {
  beforeEach(() => begin());
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await running.close();
  });

  it('[P2] are told how the line stands without the full server, again and again on one connection', async () => {
    const waiter = client(ASK);
    await waiter.until(whole(1));
    expect(waiter.text).toMatch(/\r\nconnection: keep-alive\r\n/);
    tell(gate, 2, lineOf(4));
    waiter.socket.write(ASK);
    await waiter.until(whole(2));
    expect(documentIn(waiter.text)).toEqual(lineOf(4));
    expect(running.edge.counters.fastAnswers).toBe(2);
  });

  it('are told the same by the full server, fields and bytes', async () => {
    const fast = client(ASK);
    await fast.until(whole(1));
    const slow = client(liveRequest('/gate/evening?x'));
    await slow.until(whole(1));
    expect(running.edge.counters.fastAnswers).toBe(1);
    expect(slow.body.equals(fast.body)).toBe(true);
    const fields = (text: string): string[] =>
      text
        .slice(0, text.indexOf('\r\n\r\n'))
        .split('\r\n')
        .map((line) => line.toLowerCase())
        .filter((line) => !/^(date|keep-alive|referrer-policy):/.test(line))
        .sort();
    expect(fields(fast.text)).toEqual(fields(slow.text));
  });

  it('may ask for anything else on the same connection', async () => {
    const waiter = client(ASK);
    await waiter.until(whole(1));
    waiter.socket.write(liveRequest('/spaces/evening.json'));
    await waiter.until(whole(2));
    expect(waiter.text).toContain('"title":"An evening"');
    waiter.socket.write(ASK);
    await waiter.until(whole(3));
    expect(running.edge.counters.fastAnswers).toBe(1);
  });

  it('[P2] are refused and told their place on one connection', async () => {
    const waiter = client(liveRequest('/live/evening'));
    await waiter.until((bytes) => bytes.includes('"waiting"'));
    expect(waiter.text).toMatch(/^HTTP\/1\.1 503 [\s\S]*\r\nconnection: keep-alive\r\n/);
    waiter.socket.write(ASK);
    await waiter.until(whole(1));
    expect(running.edge.counters.fastAnswers).toBe(2);
  });

  it('who is refused and says so is closed', async () => {
    const waiter = client(
      liveRequest('/live/evening').replace('Accept', 'Connection: close\r\nAccept'),
    );
    await waiter.closed;
    expect(waiter.text).toMatch(/"waiting"[\s\S]*\}$/);
  });

  it('are closed when they say so', async () => {
    const waiter = client(ASK.replace('Accept', 'Connection: close\r\nAccept'));
    await waiter.closed;
    expect(whole(1)(waiter.bytes)).toBe(true);
    expect(running.edge.counters.fastAnswers).toBe(0);
  });

  it('are told of a space that is not there by the full server', async () => {
    const waiter = client(liveRequest('/gate/morning'));
    await waiter.until((bytes) => bytes.includes('unknown_space'));
    expect(waiter.text).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('two questions in one packet have two answers', async () => {
    const waiter = client(ASK + ASK);
    await waiter.until(whole(2));
  });
});

describe('those who wait, bounded', () => {
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy();
    await running.close();
  });

  it('[P1] take no places from listeners: with many connections theirs are not kept', async () => {
    await begin({ connectionsMax: 4 });
    const kept = client(ASK);
    await kept.until(whole(1));
    const last = client(ASK);
    await last.closed;
    expect(whole(1)(last.bytes)).toBe(true);
    expect(last.text).toMatch(/\r\nconnection: close\r\n/);
    expect(running.edge.connections).toBe(1);
  });

  it('are let go when they are silent, which is no fault of theirs', async () => {
    let nowMs = 0;
    const timers: (() => void)[] = [];
    await begin({
      clock: { monotonicMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs },
      timers: {
        after: (_, task) => {
          setImmediate(task);
          return { cancel() {} };
        },
        every: (_, task) => {
          timers.push(task);
          return { cancel() {} };
        },
      },
    });
    const waiter = client(ASK);
    await waiter.until(whole(1));
    nowMs = 4_000;
    for (const tick of timers) tick();
    expect(running.edge.connections).toBe(1);
    nowMs = 6_000;
    for (const tick of timers) tick();
    await waiter.closed;
    expect(running.edge.counters.refusals.idle).toBe(0);
  });

  it('hold nothing up when the edge closes', async () => {
    await begin();
    const waiter = client(ASK);
    await waiter.until(whole(1));
    void running.edge.close();
    await waiter.closed;
    await vi.waitFor(() => expect(running.edge.connections).toBe(0));
  });

  it('who does not read is told once', async () => {
    await begin();
    tell(gate, 2, { ...lineOf(1), seconds: Array.from({ length: 400_000 }, () => [7, 0, 1]) });
    const waiter = client(ASK);
    waiter.socket.pause();
    await once(waiter.socket, 'connect');
    await vi.waitFor(() => expect(running.edge.counters.fastAnswers).toBe(1));
    waiter.socket.write(ASK);
    waiter.socket.resume();
    await waiter.closed;
    expect(running.edge.counters.fastAnswers).toBe(1);
    expect(whole(1)(waiter.bytes)).toBe(true);
  });
});
