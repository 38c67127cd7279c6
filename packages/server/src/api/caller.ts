/**
 * Who asks: the owner by the session cookie, or somebody with a role in one space by a pass (bearer) or
 * an invitation's token (header). Invariant: a signed-out session and a withdrawn invitation count for
 * nothing, at once. A right that is missing is `not_signed_in` where nobody is known, else `forbidden`.
 */
import { createHash } from 'node:crypto';
import { ParterreError, type Role } from '@parterre/protocol';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../ports/clock.ts';
import type { Store, StoredInvite } from '../ports/store.ts';
import { type OwnerToken, verifyOwnerSession, verifyPass } from '../spaces/index.ts';

export const OWNER_COOKIE = 'parterre_owner';
export const INVITE_HEADER = 'x-parterre-invite';

export interface Guest {
  readonly spaceId: string;
  readonly role: Role;
}

export interface CallersOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly passKey: Uint8Array;
  readonly ownerKey: Uint8Array;
}

export class Callers {
  readonly #options: CallersOptions;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  /** The owner's session, or null. */
  async owner(request: FastifyRequest): Promise<OwnerToken | null> {
    const cookie = request.cookies[OWNER_COOKIE];
    if (cookie === undefined) return null;
    const { store, clock, ownerKey } = this.#options;
    const session = verifyOwnerSession(ownerKey, cookie, clock.wallMs());
    return session === null || (await store.tokenSpent(session.id)) ? null : session;
  }

  /** @throws ParterreError `not_signed_in`, or `forbidden` for a guest */
  async demandOwner(request: FastifyRequest): Promise<void> {
    if ((await this.owner(request)) !== null) return;
    throw new ParterreError((await this.#guest(request)) === null ? 'not_signed_in' : 'forbidden');
  }

  /**
   * The owner, or who runs this space: its host or a co-host.
   * @returns the guest, or null for the owner
   * @throws ParterreError `not_signed_in`, `forbidden`, `pass_invalid`, `unknown_invite`
   */
  async demandHost(request: FastifyRequest, spaceId: string): Promise<Guest | null> {
    if ((await this.owner(request)) !== null) return null;
    const guest = await this.#guest(request);
    if (guest === null) throw new ParterreError('not_signed_in');
    if (guest.spaceId !== spaceId || guest.role === 'speaker') throw new ParterreError('forbidden');
    return guest;
  }

  /** @throws ParterreError `unknown_invite` also when it was withdrawn */
  async invite(token: string): Promise<StoredInvite> {
    const invite = await this.#options.store.inviteByTokenHash(hashOfToken(token));
    if (invite === null || invite.revokedAtMs !== null) throw new ParterreError('unknown_invite');
    return invite;
  }

  async #guest(request: FastifyRequest): Promise<Guest | null> {
    const bearer = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '');
    if (bearer !== null) return this.#bearerOf(bearer[1] ?? '');
    const token = request.headers[INVITE_HEADER];
    return typeof token === 'string' ? this.invite(token) : null;
  }

  async #bearerOf(token: string): Promise<Guest> {
    const { store, clock, passKey } = this.#options;
    const pass = verifyPass(passKey, token, clock.wallMs());
    if (pass === null) throw new ParterreError('pass_invalid');
    if (pass.inviteId !== '') {
      const invite = await store.invite(pass.inviteId);
      if (invite === null || invite.revokedAtMs !== null) throw new ParterreError('pass_invalid');
    }
    return pass;
  }
}

/** What the store keeps of an invitation's token: SHA-256, hexadecimal. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
