/**
 * `parterre lottery`: recomputes a place in the line from before doors [P2]. Needs what every listener can
 * have: the address, the ticket, and best of all the hash that was shown when it was taken.
 */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { NONCE, type NowServing, RANKS } from '@parterre/protocol';
import { systemTimers } from '../adapters/system/index.ts';
import { readTicket } from '../gate/index.ts';
import { ConfigError } from './config.ts';
import { type Drawn, type Entrant, type Place, placeOf } from './lottery-check.ts';

const ANSWER_MS_MAX = 60_000;
/** An edge that was just started reads the entrants first. */
const TRIES_MAX = 10;
const AGAIN_MS = 1_000;
const DIGEST = /^[0-9a-f]{64}$/;

interface Wish extends Entrant {
  readonly origin: string;
  readonly space: string;
  readonly json: boolean;
}

/** What keeps a place from being recomputed. */
class NoPlace extends Error {}

/** @returns 0 when everything agrees, 1 when it does not or is not there. @throws ConfigError for wrong words */
export async function lotteryCommand(args: string[]): Promise<number> {
  const wish = read(args);
  try {
    const place = await recompute(wish);
    const holds = place.checks.every((check) => check.holds);
    process.stdout.write(
      wish.json ? `${JSON.stringify({ holds, ...place })}\n` : wordsOf(place, holds),
    );
    return holds ? 0 : 1;
  } catch (error) {
    if (!(error instanceof NoPlace)) throw error;
    process.stdout.write(
      wish.json
        ? `${JSON.stringify({ holds: false, why: error.message })}\n`
        : `${error.message}\n`,
    );
    return 1;
  }
}

async function recompute(wish: Wish): Promise<Place> {
  const { origin, space } = wish;
  const document = await ask(`${origin}/gate/${space}`, (answer) => answer.json());
  const { lottery, front } = document as NowServing;
  if (lottery == null || !DIGEST.test(lottery.commit))
    throw new NoPlace('Nobody came before the doors of this space: there is no lottery.');
  const { root, seed, closesAtMs } = lottery;
  if (root === null || seed === null) {
    const at = new Date(closesAtMs).toISOString();
    throw new NoPlace(
      `It is not drawn yet: the doors open at ${at}. The hash of the seed is ${lottery.commit}.`,
    );
  }
  if (!DIGEST.test(root) || !DIGEST.test(seed))
    throw new NoPlace('The server shows a root or a seed that is none.');
  const drawn: Drawn = { ...lottery, root, seed };
  const leaves = await ask(`${origin}/gate/${space}/entrants`, (answer) => answer.arrayBuffer());
  return placeOf({ front }, drawn, new Uint8Array(leaves as ArrayBuffer), wish);
}

async function ask(
  url: string,
  body: (answer: Response) => Promise<unknown>,
  tries = 1,
): Promise<unknown> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
    if (answer.ok) return await body(answer);
    if (answer.status === 503 && tries < TRIES_MAX) {
      await new Promise<void>((resolve) => void systemTimers.after(AGAIN_MS, resolve));
      return await ask(url, body, tries + 1);
    }
    throw new NoPlace(`${url} answers with ${answer.status}.`);
  } catch (error) {
    if (error instanceof NoPlace) throw error;
    throw new NoPlace(`${url} cannot be read: ${(error as Error).message}.`);
  }
}

function wordsOf({ checks, second, rank, about, called }: Place, holds: boolean): string {
  const lines = checks.map((check) => `${check.holds ? 'yes' : 'NO '}  ${check.what}`);
  if (!holds) return `DOES NOT AGREE.\n${lines.join('\n')}\n`;
  const share = ((rank / RANKS) * 100).toFixed(2);
  lines.push(
    `Place: second ${second}, rank ${rank} of 2^32, so that ${share} % stand before: about ${about}.`,
    called ? 'It has been called.' : 'It has not been called yet.',
  );
  return `AGREES.\n${lines.join('\n')}\n`;
}

function read(args: string[]): Wish {
  const { values, positionals } = parse(args);
  const [what, address, ...more] = positionals;
  if (what !== 'verify' || address === undefined || more.length > 0)
    throw new ConfigError('Say "lottery verify URL/space --ticket FILE|TEXT".');
  const url = URL.canParse(address) ? new URL(address) : null;
  const space = url?.pathname.slice(1) ?? '';
  if (url === null || space === '')
    throw new ConfigError('The address must be such as https://server/space.');
  if (values.ticket === undefined) throw new ConfigError('Say which: --ticket FILE|TEXT.');
  const { text, commit, own } = kept(values.ticket);
  const ticket = readTicket(text);
  if (ticket === null) throw new ConfigError('This is no ticket of a waiting room.');
  if (ticket.space !== space) throw new ConfigError(`This ticket is of the space ${ticket.space}.`);
  if (ticket.nonce === null)
    throw new ConfigError(
      `This ticket was taken after doors: its place is the second ${ticket.second}, and nothing was drawn.`,
    );
  const nonce = values.nonce ?? own ?? ticket.nonce;
  if (!NONCE.test(nonce)) throw new ConfigError('--nonce is not one.');
  const promised = values.commit ?? commit;
  if (promised !== null && !DIGEST.test(promised))
    throw new ConfigError('The hash that was shown (--commit) must be 64 of 0–9 and a–f.');
  return { origin: url.origin, space, id: ticket.id, nonce, commit: promised, json: values.json };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        ticket: { type: 'string' },
        nonce: { type: 'string' },
        commit: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

interface Kept {
  readonly text: string;
  /** What the page knows by itself; null where it was not kept. */
  readonly commit: string | null;
  readonly own: string | null;
}

/** A ticket as it is, in a file, or as a page keeps it: JSON, with the hash that was shown and its nonce. */
function kept(given: string): Kept {
  const said = existsSync(given) ? readFileSync(given, 'utf8').trim() : given;
  if (!said.startsWith('{')) return { text: said, commit: null, own: null };
  try {
    const all = JSON.parse(said) as Record<string, unknown>;
    const text = (name: string): string | null =>
      typeof all[name] === 'string' ? (all[name] as string) : null;
    return { text: text('ticket') ?? '', commit: text('commit'), own: text('nonce') };
  } catch {
    throw new ConfigError(`${given} holds no ticket.`);
  }
}
