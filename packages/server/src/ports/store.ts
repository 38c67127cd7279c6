/**
 * The relational store: what must be there next year. One contract suite runs on SQLite and PostgreSQL.
 * Every method is atomic; what was acknowledged survives kill -9.
 */
import type { PublicSpace, Role } from '@parterre/protocol';
import type { SpacePlan } from './programme-control.ts';

export interface StoredSpace extends SpacePlan {
  readonly createdAtMs: number;
  readonly state: PublicSpace['state'];
  readonly liveAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly replayReady: boolean;
}

export interface StoredInvite {
  readonly id: string;
  /** SHA-256 of the token; the token itself is never stored. */
  readonly tokenHash: string;
  readonly spaceId: string;
  readonly role: Role;
  readonly name: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface Store {
  /** Brings the schema up to date. */
  migrate(): Promise<void>;
  /** @returns false when the identifier is taken. */
  createSpace(space: StoredSpace): Promise<boolean>;
  space(id: string): Promise<StoredSpace | null>;
  /** Newest first. */
  spaces(limit: number, offset: number): Promise<readonly StoredSpace[]>;
  updateSpace(id: string, change: Partial<Omit<StoredSpace, 'id' | 'createdAtMs'>>): Promise<StoredSpace | null>;
  removeSpace(id: string): Promise<boolean>;
  createInvite(invite: StoredInvite): Promise<void>;
  inviteByTokenHash(tokenHash: string): Promise<StoredInvite | null>;
  invites(spaceId: string): Promise<readonly StoredInvite[]>;
  revokeInvite(id: string, atMs: number): Promise<boolean>;
  /** Records that a one-time token was used. @returns false when it had been used already. */
  spendToken(id: string, expiresAtMs: number, nowMs: number): Promise<boolean>;
  close(): Promise<void>;
}
