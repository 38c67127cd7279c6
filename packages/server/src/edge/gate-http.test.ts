/** The waiting room before doors, at the port. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  entrantBytes,
  type IssuedTicket,
  type NowServing,
  solveWork,
  type WorkChallenge,
} from '@parterre/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskEntrants } from '../adapters/disk/index.ts';
import { systemRandom, systemTimers } from '../adapters/system/index.ts';
import { GateAtEdge } from '../gate/index.ts';
import { aSpace, type RunningEdge, runEdge } from './edge.fixture.ts';

const DOORS_MS = 1_900_000_000_000;
const SCHEDULED = aSpace({ state: 'scheduled', doorsAtMs: DOORS_MS, liveAtMs: null });
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const chance = (): string => Buffer.from(systemRandom.bytes(16)).toString('base64url');

let folder: string;
let gate: GateAtEdge;
let running: RunningEdge;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'parterre-gate-'));
  mkdirSync(join(folder, 'spaces', 'evening'), { recursive: true });
  gate = new GateAtEdge({
    key: new Uint8Array(32),
    float: 0,
    random: systemRandom,
    entrants: new DiskEntrants(folder, 'test'),
    timers: systemTimers,
    nowMs: 0,
    failed: () => {},
  });
  await gate.lotteries.of(SCHEDULED, 0).look();
  const { keeper, lotteries, office } = gate;
  const spend = async () => 'spent' as const;
  running = await runEdge({ dataDir: folder, gate: { keeper, lotteries, office, spend } });
  running.feed.space(SCHEDULED);
});
afterEach(async () => {
  await running.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${running.url}/gate/evening${path}`, init);
const take = (query: string): Promise<Response> => ask(`/tickets?${query}`, { method: 'POST' });
const documentNow = async (): Promise<NowServing> => (await (await ask('')).json()) as NowServing;

async function open(): Promise<void> {
  running.feed.space({ ...SCHEDULED, state: 'doors' });
  await gate.lotteries.of(SCHEDULED, 0).close(DOORS_MS);
}

describe('the waiting room before doors', () => {
  it('[P2] tells the promise, takes entrants, and tells root, seed and leaves when it is drawn', async () => {
    const { commit } = (await documentNow()).lottery!;
    const nonce = chance();
    const answer = await take(`key=${chance()}&nonce=${nonce}`);
    expect(answer.status).toBe(201);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const ticket = (await answer.json()) as IssuedTicket;
    expect(ticket).toMatchObject({ rank: null, commit, second: DOORS_MS / 1_000 });
    const before = await documentNow();
    expect(before).toMatchObject({ open: true, waiting: 1 });
    expect(before.lottery).toMatchObject({ commit, entrants: 1, root: null, seed: null });
    expect((await ask('/entrants')).status).toBe(404);
    const early = await fetch(`${running.url}/live/evening?ticket=${ticket.ticket}`);
    expect(early.status).toBe(409);
    await open();
    const whole = await ask('/entrants');
    const leaf = sha256(entrantBytes(ticket.id, nonce));
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(leaf);
    const part = await ask('/entrants', { headers: { range: 'bytes=8-11' } });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 8-11/32']);
    expect(Buffer.from(await part.arrayBuffer())).toEqual(leaf.subarray(8, 12));
    const beyond = await ask('/entrants', { headers: { range: 'bytes=32-' } });
    expect(beyond.status).toBe(416);
    const etag = whole.headers.get('etag')!;
    expect((await ask('/entrants', { headers: { 'if-none-match': etag } })).status).toBe(304);
    running.feed.space({ ...SCHEDULED, state: 'ended', endedAtMs: DOORS_MS });
    const { lottery } = await documentNow();
    expect(lottery).toMatchObject({ commit, entrants: 1, root: leaf.toString('hex') });
    expect(sha256(Buffer.from(lottery!.seed!, 'hex')).toString('hex')).toBe(commit);
    expect((await take(`key=${chance()}`)).status).toBe(410);
  });

  it('refuses what is no request for a part', async () => {
    for (const query of [`key=${chance()}`, `nonce=${chance()}`, `key=x&nonce=${chance()}`, ''])
      expect([query, (await take(query)).status]).toEqual([query, 400]);
    expect((await ask('/tickets')).status).toBe(405);
    expect((await ask('/entrants', { method: 'POST' })).status).toBe(405);
    expect((await ask('/others')).status).toBe(404);
  });

  it('[P2] asks for work while many come, and takes it', async () => {
    let asked: { query: string; answer: Response } | null = null;
    while (asked === null) {
      const tries = Array.from({ length: 50 }, async () => {
        const query = `key=${chance()}&nonce=${chance()}`;
        return { query, answer: await take(query) };
      });
      asked = (await Promise.all(tries)).find(({ answer }) => answer.status !== 201) ?? null;
    }
    const { query, answer } = asked;
    expect(answer.status).toBe(428);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const { error, challenge } = (await answer.json()) as {
      error: { code: string };
      challenge: WorkChallenge;
    };
    expect(error.code).toBe('work_needed');
    const work = solveWork(challenge, sha256);
    expect((await take(`${query}&challenge=${challenge.text}&work=${work}`)).status).toBe(201);
  });
});
