import { SeededRandom } from '@parterre/sim';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seal } from '../spaces/index.ts';
import { SpentSet } from './spent.ts';
import { mayReturn, openTicket, sealReturn, sealTicket, type Ticket } from './ticket.ts';

const KEY = Buffer.alloc(32, 7);
const OTHER_KEY = Buffer.alloc(32, 8);
const NOW_MS = 1_800_000_000_000;
const random = new SeededRandom(4);

const chance = (count: number): string => Buffer.from(random.bytes(count)).toString('base64url');

function aTicket(index: number): Ticket {
  const isEntrant = random.chance(0.5);
  return {
    space: index % 2 === 0 ? 'evening' : 'evening-2',
    second: NOW_MS / 1_000 + (index % 90),
    ...(isEntrant
      ? { rank: null, nonce: chance(random.between(12, 32)) }
      : { rank: random.between(0, 2 ** 32 - 1), nonce: null }),
    id: chance(16),
    client: chance(16),
    expiresAtMs: NOW_MS + 1 + random.between(0, 1_000_000),
  };
}

type Forgery = (
  ticket: Ticket,
  text: string,
  other: string,
) => [space: string, text: string, atMs: number];
const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64url');
const textOf = (...bytes: Uint8Array[]): string => Buffer.concat(bytes).toString('base64url');

const FORGERIES: Readonly<Record<string, Forgery>> = {
  'of another key': (ticket) => [ticket.space, sealTicket(OTHER_KEY, ticket), NOW_MS],
  'with a bit changed': (ticket, text) => {
    const bytes = bytesOf(text);
    bytes[random.between(0, bytes.length - 1)]! ^= 1 << random.between(0, 7);
    return [ticket.space, bytes.toString('base64url'), NOW_MS];
  },
  'spliced of two': (ticket, text, other) => {
    const [a, b] = [bytesOf(text), bytesOf(other)];
    return [
      ticket.space,
      textOf(
        a.subarray(0, random.between(1, a.length - 1)),
        b.subarray(random.between(1, b.length - 1)),
      ),
      NOW_MS,
    ];
  },
  'body and seal of two': (ticket, text, other) => {
    const [a, b] = [bytesOf(text), bytesOf(other)];
    return [ticket.space, textOf(a.subarray(0, -32), b.subarray(-32)), NOW_MS];
  },
  truncated: (ticket, text) => [
    ticket.space,
    text.slice(0, random.between(0, text.length - 1)),
    NOW_MS,
  ],
  oversized: (ticket, text) => [ticket.space, text + 'A'.repeat(random.between(1, 3_000)), NOW_MS],
  expired: (ticket, text) => [ticket.space, text, ticket.expiresAtMs + random.between(0, 1e9)],
  'of another space': (ticket, text) => [
    ticket.space === 'evening' ? 'evening-2' : 'evening',
    text,
    NOW_MS,
  ],
  'made for another purpose': (ticket) => [
    ticket.space,
    seal(KEY, pick(['return', 'work', 'ticket-id']), fieldsOf(ticket)),
    NOW_MS,
  ],
  'with a field moved into the next': (ticket) => {
    const fields = fieldsOf(ticket);
    const at = pick([0, 1, 2, 3, 4, 5].filter((each) => fields[each + 1] !== ''));
    fields.splice(at, 2, fields[at]! + fields[at + 1]!, '');
    return [ticket.space, seal(KEY, 'ticket', fields), NOW_MS];
  },
  'with a field too few or too many': (ticket) => {
    const fields = fieldsOf(ticket);
    if (random.chance(0.5)) fields.splice(random.between(0, fields.length - 1), 1);
    else fields.push(pick(['', chance(16)]));
    return [ticket.space, seal(KEY, 'ticket', fields), NOW_MS];
  },
  'of an entrant who has a rank, or none who has a nonce': (ticket) => {
    const fields = fieldsOf(ticket);
    if (ticket.rank === null) fields[2] = `${random.between(0, 2 ** 32 - 1)}`;
    else fields[5] = chance(random.between(12, 32));
    return [ticket.space, seal(KEY, 'ticket', fields), NOW_MS];
  },
  'of an entrant without a nonce, or none without a rank': (ticket) => {
    const fields = fieldsOf(ticket);
    fields[ticket.rank === null ? 5 : 2] = '';
    return [ticket.space, seal(KEY, 'ticket', fields), NOW_MS];
  },
  'with a nonce, rank, second or id of another form': (ticket) => {
    const fields = fieldsOf(ticket);
    const at = pick([1, 2, 3, 4, 5, 6]);
    fields[at] = pick(['-1', '1.5', ' 7', '٧', '0x10', '4294967296x', chance(40), 'é'.repeat(20)]);
    return [ticket.space, seal(KEY, 'ticket', fields), NOW_MS];
  },
};

function fieldsOf({ space, second, rank, id, client, nonce, expiresAtMs }: Ticket): string[] {
  return [space, `${second}`, `${rank ?? ''}`, id, client, nonce ?? '', `${expiresAtMs}`];
}

function pick<T>(all: readonly T[]): T {
  return all[random.between(0, all.length - 1)]!;
}

const EACH = 12_000;

describe('a ticket', () => {
  test.for(Object.entries(FORGERIES))('[P2] %s is never accepted, of 12,000', ([, forge]) => {
    let accepted = 0;
    let before = sealTicket(KEY, aTicket(0));
    for (let index = 0; index < EACH; index++) {
      const ticket = aTicket(index);
      const text = sealTicket(KEY, ticket);
      const [space, forged, atMs] = forge(ticket, text, before);
      if (openTicket(KEY, space, forged, atMs) !== null) accepted++;
      before = text;
    }
    expect(accepted).toBe(0);
  });

  test('reads as it was written, and random text never does', () => {
    for (let index = 0; index < 1_000; index++) {
      const ticket = aTicket(index);
      expect(openTicket(KEY, ticket.space, sealTicket(KEY, ticket), NOW_MS)).toEqual(ticket);
    }
    fc.assert(
      fc.property(fc.string(), (text) => openTicket(KEY, 'evening', text, NOW_MS) === null),
    );
  });

  test('replayed, is spent once, of 12,000', () => {
    const spent = new SpentSet(120_000, 0);
    let again = 0;
    for (let index = 0; index < EACH; index++) {
      const { id } = aTicket(index);
      const atMs = index * 10;
      expect(spent.spend(id, atMs)).toBe(true);
      if (spent.spend(id, atMs + random.between(0, 119_999))) again++;
    }
    expect(again).toBe(0);
  });
});

describe('the token of who comes back', () => {
  test('is good for its space, its key and its time', () => {
    const token = sealReturn(KEY, 'evening', NOW_MS);
    expect(mayReturn(KEY, 'evening', token, NOW_MS + 3_600_000)).toBe(true);
    expect(mayReturn(KEY, 'evening-2', token, NOW_MS)).toBe(false);
    expect(mayReturn(OTHER_KEY, 'evening', token, NOW_MS)).toBe(false);
    expect(mayReturn(KEY, 'evening', token, NOW_MS + 86_400_000)).toBe(false);
    expect(mayReturn(KEY, 'evening', sealTicket(KEY, { ...aTicket(0) }), NOW_MS)).toBe(false);
  });
});
