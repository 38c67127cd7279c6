/**
 * Groups of a space that have seats kept: what becomes of them when the owner writes the list anew. A group
 * keeps its name and its link as long as it is in the list; one that comes again is another one. Pure.
 */
import { GROUP_ID, ParterreError } from '@parterre/protocol';
import { plainText } from './words.ts';

/** For how long after the announced start a group's link is good, ms. */
const LINK_MS = 90 * 86_400_000;
const ID_LENGTH = 12;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

export interface Group {
  readonly id: string;
  /** What the owner calls it. */
  readonly name: string;
  readonly seats: number;
  /** Of its link. */
  readonly linkExpiresAtMs: number;
}

export interface GroupWish {
  readonly id?: string;
  readonly name: string;
  readonly seats: number;
}

/** @throws ParterreError `bad_request` for a group that is not there, or twice in the list, or has no name */
export function regrouped(
  before: readonly Group[],
  wishes: readonly GroupWish[],
  startsAtMs: number | null,
  nowMs: number,
  bytes: (length: number) => Uint8Array,
): readonly Group[] {
  const left = new Map(before.map((group) => [group.id, group]));
  const linkExpiresAtMs = Math.max(nowMs, startsAtMs ?? 0) + LINK_MS;
  return wishes.map(({ id, name: wished, seats }, index) => {
    const name = plainText(wished);
    if (name === '')
      throw new ParterreError('bad_request', `groups.${index}.name must have a visible letter.`);
    if (id === undefined) return { id: newId(bytes), name, seats, linkExpiresAtMs };
    const known = left.get(id);
    if (known === undefined)
      throw new ParterreError('bad_request', `groups.${index}.id is no group of this space.`);
    left.delete(id);
    return { ...known, name, seats };
  });
}

function newId(bytes: (length: number) => Uint8Array): string {
  let id = '';
  for (const byte of bytes(ID_LENGTH)) id += LETTERS[byte % LETTERS.length];
  if (!GROUP_ID.test(id)) throw new RangeError('a group’s name is not one');
  return id;
}
