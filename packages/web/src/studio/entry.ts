/** Who comes to the studio and by which right: an invitation behind `#`, or the owner's cookie. */
import type { PublicSpace, Role } from '@parterre/protocol';
import { Problem, rest } from '../api/rest.ts';
import { spaceNow } from '../api/space-now.ts';

export interface Entry {
  readonly space: PublicSpace;
  readonly role: Role;
  /** The name the invitation was made for; may be empty. */
  readonly name: string;
  /** Null for the owner. */
  readonly invite: string | null;
}

export type Address =
  | { readonly kind: 'invite'; readonly token: string }
  | { readonly kind: 'studio'; readonly space: string };

/** What the address of the page asks for. */
export function readAddress(pathname: string, hash: string): Address {
  const [, first = '', second = ''] = pathname.split('/');
  if (first === 'invite') return { kind: 'invite', token: hash.replace(/^#/, '') };
  return { kind: 'studio', space: decodeURIComponent(second) };
}

/** @throws Problem when there is no right to enter, or no such space */
export async function enter(address: Address): Promise<Entry> {
  if (address.kind === 'invite') {
    if (address.token === '') throw new Problem('unknown_invite');
    const opened = await rest.openInvite(address.token);
    return { ...opened, invite: address.token };
  }
  const [owner, { space }] = await Promise.all([rest.isOwner(), spaceNow(address.space)]);
  if (!owner) throw new Problem('not_signed_in');
  return { space, role: 'host', name: space.host, invite: null };
}
