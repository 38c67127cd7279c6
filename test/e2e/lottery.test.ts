/**
 * The line from before doors: more people than places enter the lottery, an edge is killed and then
 * everything, the doors are moved and opened; everybody who was promised a part has one, is called in the
 * order that anybody can compute, and finds that out with `parterre lottery verify`.
 */
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import {
  compareOrder,
  drawnOrder,
  entrantBytes,
  type IssuedTicket,
  type LotteryWord,
  MerkleTree,
  type NowServing,
  type Order,
  rankBytes,
  rankOf,
  solveWork,
  type WorkChallenge,
} from '@parterre/protocol';
import { afterAll, expect, test } from 'vitest';
import { TestServer, until } from './support/server.ts';

const MAIN = join(import.meta.dirname, '../../packages/server/src/app/main.ts');
const CAPACITY = 100;
const ENTRANTS = 250;

interface Entrant extends IssuedTicket {
  readonly nonce: string;
}

let server: TestServer;
let space: string;
const entrants: Entrant[] = [];
const inside = new Map<Entrant, Socket>();

afterAll(async () => {
  for (const socket of inside.values()) socket.destroy();
  await server?.stop();
});

/** A house of its own for each try: a second space would take its share of the places. */
async function announce(): Promise<void> {
  await server?.stop();
  server = await TestServer.start(['--edges', '2', '--capacity', String(CAPACITY)]);
  const startsAtMs = Date.now() + 30 * 60_000;
  ({ id: space } = await server.createSpace({ title: 'First night', startsAtMs, doorsMinutes: 1 }));
  await until(async () => (await server.space(space))?.state === 'scheduled', 'it is known');
}

/** An edge is gone, has not read yet who entered, or does not know of it as the other does. */
const NOT_YET = [0, 503, 404];

/** Asks the gate until an edge answers that can. @throws when the answer is none of `statuses` */
async function ask(path: string, statuses: number[], method = 'GET'): Promise<Response> {
  let answer: Response | null = null;
  await until(async () => {
    answer = await fetch(`${server.url}/gate/${space}${path}`, { method }).catch(() => null);
    const status = answer?.status ?? 0;
    if (![...statuses, ...NOT_YET].includes(status))
      throw new Error(`${method} ${path}: ${status} ${await answer?.text()}`);
    return statuses.includes(status);
  }, `the answer to ${path} is ${statuses}`);
  return answer!;
}

const document = async (): Promise<NowServing> =>
  (await (await ask('', [200])).json()) as NowServing;
const lotteryOf = async (): Promise<LotteryWord> => (await document()).lottery!;
/** The document once it says so: the next one may be of the other edge, which knows a moment later. */
async function documentWith(
  holds: (document: NowServing) => boolean,
  what: string,
): Promise<NowServing> {
  let seen!: NowServing;
  await until(async () => {
    seen = await document();
    return holds(seen);
  }, what);
  return seen;
}
const drawn = async (): Promise<LotteryWord> =>
  (await documentWith(({ lottery }) => lottery?.root != null, 'it is drawn')).lottery!;
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const chance = (): string => randomBytes(16).toString('base64url');

/** Asks for a place, and does what work it costs. */
async function take(nonce = chance()): Promise<Entrant> {
  const key = chance();
  let query = `key=${key}&nonce=${nonce}`;
  for (;;) {
    const answer = await ask(`/tickets?${query}`, [201, 428], 'POST');
    const body = (await answer.json()) as IssuedTicket & { challenge: WorkChallenge };
    if (answer.status === 201) return { ...body, nonce };
    const work = solveWork(body.challenge, sha256);
    const challenge = encodeURIComponent(body.challenge.text);
    query = `key=${key}&nonce=${nonce}&challenge=${challenge}&work=${work}`;
  }
}

async function enter(count: number): Promise<void> {
  entrants.push(...(await Promise.all(Array.from({ length: count }, () => take()))));
}

/** Comes with a ticket, or without. @returns the status, and the connection when it is in */
function come(query: string): Promise<[status: number, socket: Socket]> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      socket.write(`GET /live/${space}?${query} HTTP/1.1\r\nHost: a\r\n\r\n`);
    });
    socket.once('data', (bytes) => {
      socket.resume();
      const status = Number(bytes.toString('latin1', 9, 12));
      if (status !== 200) socket.destroy();
      resolve([status, socket]);
    });
    socket.on('error', reject);
  });
}

async function comeIn(entrant: Entrant): Promise<number> {
  const [status, socket] = await come(`ticket=${entrant.ticket}`);
  if (status === 200) inside.set(entrant, socket);
  return status;
}

function verify(...words: string[]): Promise<{ code: number | null; said: string }> {
  const args = [MAIN, 'lottery', 'verify', `${server.url}/${space}`, ...words];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (bytes: Buffer): void => {
    said += bytes.toString();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, said })));
}

function orderOf({ id, nonce }: Entrant, lottery: LotteryWord): Order {
  const [seed, root] = [lottery.seed!, lottery.root!].map((text) => Buffer.from(text, 'hex'));
  return drawnOrder(lottery, rankOf(sha256(rankBytes(seed!, root!, id, nonce))));
}

test('[P2] before doors everybody has a part in the lottery, whatever is killed and however often doors are moved', async () => {
  entrants.length = 0;
  await announce();
  const { commit } = await lotteryOf();
  expect(commit).toMatch(/^[0-9a-f]{64}$/);
  await enter(160);
  await server.kill('edge-0');
  await enter(50);
  await server.killEverything();
  await server.launch();
  await until(async () => (await server.space(space)) !== null, 'it is known again');
  await enter(30);
  await server.call('PATCH', `/api/spaces/${space}`, { startsAtMs: Date.now() + 40 * 60_000 });
  await enter(10);
  const { lottery } = await documentWith(
    (seen) => seen.waiting === ENTRANTS && seen.lottery?.entrants === ENTRANTS,
    'all are counted',
  );
  expect(lottery).toMatchObject({ commit, root: null, seed: null });
  for (const entrant of entrants) expect([entrant.rank, entrant.commit]).toEqual([null, commit]);
  const isTooEarly = async (): Promise<boolean> => {
    const [status] = await come(`ticket=${entrants[0]!.ticket}`);
    expect([409, 503]).toContain(status);
    return status === 409;
  };
  await until(isTooEarly, 'the ticket is too early');
  await ask('/entrants', [404]);
  const early = await verify('--ticket', entrants[0]!.ticket);
  expect(early).toMatchObject({ code: 1, said: expect.stringContaining('not drawn yet') });
});

test('[P2] at doors it is drawn as was promised, and all who entered are in it', async () => {
  const { commit } = await lotteryOf();
  await server.call('POST', `/api/spaces/${space}/doors`, {});
  const lottery = await drawn();
  expect(lottery).toMatchObject({ commit, entrants: ENTRANTS });
  expect(sha256(Buffer.from(lottery.seed!, 'hex')).toString('hex')).toBe(commit);
  const file = await ask('/entrants', [200]);
  const leaves = Buffer.from(await file.arrayBuffer());
  expect(leaves.length).toBe(ENTRANTS * 32);
  const tree = new MerkleTree(sha256);
  for (let at = 0; at < leaves.length; at += 32) tree.add(leaves.subarray(at, at + 32));
  expect(Buffer.from(tree.root()).toString('hex')).toBe(lottery.root);
  for (const { id, nonce } of entrants)
    expect(leaves.includes(sha256(entrantBytes(id, nonce)))).toBe(true);
});

test('[P2] calls in the order that anybody can compute, and nobody passes', async () => {
  const lottery = await drawn();
  const inOrder = [...entrants].sort((a, b) =>
    compareOrder(orderOf(a, lottery), orderOf(b, lottery)),
  );
  const late = await take();
  expect(late.rank).not.toBeNull();
  expect(late.second).toBeGreaterThan(drawnOrder(lottery, 0).second);
  expect((await come(''))[0]).toBe(503);
  /** Whoever is called comes; then it is known who was. */
  const settle = async (places: number): Promise<void> => {
    await until(async () => {
      const { front } = await document();
      for (const entrant of inOrder) {
        if (inside.has(entrant)) continue;
        const isCalled = compareOrder(orderOf(entrant, lottery), front) <= 0;
        const status = await comeIn(entrant);
        if (status === 200 && !isCalled)
          expect(compareOrder(orderOf(entrant, lottery), (await document()).front)).toBeLessThan(1);
        else if (!isCalled) break;
      }
      return inside.size >= places;
    }, `${places} are in`);
  };
  await settle(CAPACITY - 25);
  expect(inside.size).toBeLessThanOrEqual(CAPACITY);
  const { front } = await document();
  const called = inOrder.filter((one) => compareOrder(orderOf(one, lottery), front) <= 0);
  expect(inOrder.slice(0, called.length)).toEqual(called);
  expect(called.length).toBeLessThan(CAPACITY + 30);
  const last = inOrder.at(-1)!;
  expect(await comeIn(last)).toBe(503);
  expect((await come(`ticket=${late.ticket}`))[0]).toBe(503);
  const before = inside.size;
  for (const socket of [...inside.values()].slice(0, 20)) socket.destroy();
  await settle(before + 10);
  // A place or two are free again before it is looked whether a ticket was used.
  for (const socket of [...inside.values()].slice(20, 25)) socket.destroy();
  const [used] = inOrder;
  await until(async () => (await come(`ticket=${used!.ticket}`))[0] === 403, 'it was used');
});

test('[P2] `lottery verify` finds every place, in and out, and what does not agree', async () => {
  const lottery = await drawn();
  const [first] = inside.keys();
  const out = entrants.find((entrant) => !inside.has(entrant))!;
  for (const entrant of [first!, out]) {
    const file = join(server.data, `ticket-${entrant.id}.json`);
    writeFileSync(file, JSON.stringify(entrant));
    const { code, said } = await verify('--ticket', file);
    expect(said).toContain(`rank ${orderOf(entrant, lottery).rank} of 2^32`);
    expect(said).toMatch(/^AGREES/);
    expect(code).toBe(0);
  }
  const foreign = await verify('--ticket', out.ticket, '--nonce', chance());
  expect(foreign).toMatchObject({ code: 1, said: expect.stringMatching(/NO {3}This entrant/) });
  const other = await verify('--ticket', out.ticket, '--commit', 'ab'.repeat(32));
  expect(other).toMatchObject({ code: 1, said: expect.stringMatching(/NO {3}The hash/) });
  expect(await verify('--ticket', 'AAAA')).toMatchObject({ code: 2 });
});

test('is known when the space is over, after everything was started anew', async () => {
  const lottery = await drawn();
  await server.start(space);
  await server.end(space);
  await server.killEverything();
  await server.launch();
  await until(async () => (await server.space(space))?.state === 'ended', 'it has ended');
  expect(await drawn()).toEqual(lottery);
  const { code } = await verify('--ticket', entrants[7]!.ticket);
  expect(code).toBe(0);
  await ask(`/tickets?key=${chance()}`, [410], 'POST');
});
