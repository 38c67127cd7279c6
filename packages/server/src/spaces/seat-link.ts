/**
 * The link of a group that has seats kept: sealed, for one space and one group, until it expires. It names
 * the group and nobody in it; a group that is removed takes its link along, since its name never comes back.
 */
import { GROUP_ID, SPACE_ID } from '@parterre/protocol';
import { seal, unseal } from './seal.ts';

const TIME = /^[1-9]\d{0,15}$/;

export interface SeatLink {
  readonly space: string;
  readonly group: string;
  readonly expiresAtMs: number;
}

export function sealSeatLink(key: Uint8Array, { space, group, expiresAtMs }: SeatLink): string {
  return seal(key, 'seat', [space, group, `${expiresAtMs}`]);
}

/** @returns the group, or null for anything but a link of this server for this space, in force now */
export function groupOfSeatLink(
  key: Uint8Array,
  space: string,
  text: string,
  wallMs: number,
): string | null {
  const fields = unseal(key, 'seat', text);
  if (fields === null || fields.length !== 3) return null;
  const [of, group, expires] = fields as [string, string, string];
  if (of !== space || !SPACE_ID.test(of) || !GROUP_ID.test(group) || !TIME.test(expires))
    return null;
  return Number(expires) > wallMs ? group : null;
}
