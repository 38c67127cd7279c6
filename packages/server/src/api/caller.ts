/**
 * Who asks: the owner by the session cookie, or somebody with a role in one space by a pass (bearer) or
 * an invitation's token (header), or somebody who may rehearse here by a permit (bearer). Invariant: a signed-out session and a withdrawn invitation count for
 * nothing, at once. A right that is missing is `not_signed_in` where nobody is known, else `forbidden`.
 */
import { createHash } from 'node:crypto';
import { ParterreError, type Role } from '@parterre/protocol';
import { ownPermit, type Permit } from '@parterre/rehearsal/permit';
import type { SigningKey } from '@parterre/rehearsal/signing';
import type { FastifyRequest } from 'fastify';
import type { Clock } from '../ports/clock.ts';
import type { Store, StoredInvite } from '../ports/store.ts';
import { type OwnerToken, verifyOwnerSession, verifyPass } from '../spaces/index.ts';
import { isFromThisMachine } from './this-machine.ts';

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
  readonly signing: SigningKey;
  readonly publicUrl: string;
}

/** Who may bring the result of a rehearsal; with a permit, within its bounds. */
export type Witness =
  | { readonly by: 'owner' | 'machine' }
  | { readonly by: 'permit'; readonly permit: Permit };

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

  /**
   * A permit that this server issued, as a bearer token, whether it still counts or not; null when there
   * is none.
   */
  presentedPermit(request: FastifyRequest): Permit | null {
    const { signing, publicUrl } = this.#options;
    const text = bearerOf(request);
    return text === null ? null : ownPermit(signing, new URL(publicUrl).origin, text);
  }

  async permitState(permit: Permit): Promise<'valid' | 'revoked' | 'expired'> {
    const { store, clock } = this.#options;
    if (clock.wallMs() >= permit.expiresAtMs) return 'expired';
    return (await store.tokenSpent(permitToken(permit.id))) ? 'revoked' : 'valid';
  }

  /** The permit somebody rehearses with, or null when there is none that counts. */
  async permit(request: FastifyRequest): Promise<Permit | null> {
    const permit = this.presentedPermit(request);
    return permit !== null && (await this.permitState(permit)) === 'valid' ? permit : null;
  }

  /** @throws ParterreError `permit_invalid` for a bearer token that is no permit, else `not_signed_in` */
  async demandWitness(request: FastifyRequest): Promise<Witness> {
    const permit = await this.permit(request);
    if (permit !== null) return { by: 'permit', permit };
    if (bearerOf(request) !== null) throw new ParterreError('permit_invalid');
    if ((await this.owner(request)) !== null) return { by: 'owner' };
    if (isFromThisMachine(request)) return { by: 'machine' };
    throw new ParterreError('not_signed_in');
  }

  /** @throws ParterreError `unknown_invite` also when it was withdrawn */
  async invite(token: string): Promise<StoredInvite> {
    const invite = await this.#options.store.inviteByTokenHash(hashOfToken(token));
    if (invite === null || invite.revokedAtMs !== null) throw new ParterreError('unknown_invite');
    return invite;
  }

  async #guest(request: FastifyRequest): Promise<Guest | null> {
    const bearer = bearerOf(request);
    if (bearer !== null) return this.#bearerOf(bearer);
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

function bearerOf(request: FastifyRequest): string | null {
  return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? null;
}

/** What is spent in the store when a permit is taken back. */
export function permitToken(id: string): string {
  return `permit ${id}`;
}

/** What the store keeps of an invitation's token: SHA-256, hexadecimal. */
export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
