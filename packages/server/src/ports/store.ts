/**
 * The relational store: what must be there next year. One contract suite runs on SQLite and PostgreSQL.
 * Every method is atomic; what was acknowledged survives kill -9 and power loss.
 * Expected failures: `disk_full` (nothing was changed), `part_away` (the database does not answer).
 */
import type { PublicSpace, Role } from '@parterre/protocol';
import type { Clip } from './clips.ts';
import type { SpacePlan } from './programme-control.ts';
import type { GroupSeats } from './programme-feed.ts';

/** A group that has seats kept, and until when its link is good. */
export interface StoredGroup extends GroupSeats {
  readonly name: string;
  readonly linkExpiresAtMs: number;
}

/** The clip a space opens with, and the name of the file it was made from. */
export interface StoredClip extends Clip {
  readonly name: string;
}

export interface StoredSpace extends SpacePlan {
  readonly zone: string | null;
  readonly groups: readonly StoredGroup[];
  readonly clip: StoredClip | null;
  readonly createdAtMs: number;
  readonly state: PublicSpace['state'];
  /** When the doors really opened; `doorsAtMs` stays what was planned. */
  readonly openedAtMs: number | null;
  readonly liveAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly replayReady: boolean;
  /** The space that took the audience over. */
  readonly successor: string | null;
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

/** A capacity certificate as it was signed, and the rehearsal it speaks of. */
export interface StoredCertificate {
  readonly id: string;
  readonly issuedAtMs: number;
  /** Exactly the text that was handed out. */
  readonly certificate: string;
  /** The rehearsal's result as JSON, its timeline thinned. */
  readonly result: string;
}

export interface Store {
  /** Brings the schema up to date. */
  migrate(): Promise<void>;
  /** @returns false when the identifier is taken. */
  createSpace(space: StoredSpace): Promise<boolean>;
  space(id: string): Promise<StoredSpace | null>;
  /** Newest first. */
  spaces(limit: number, offset: number): Promise<readonly StoredSpace[]>;
  updateSpace(
    id: string,
    change: Partial<Omit<StoredSpace, 'id' | 'createdAtMs'>>,
  ): Promise<StoredSpace | null>;
  /**
   * Removes the space and its invitations and remembers the removal, in one step, until `forgetRemoval`:
   * the identifier stays taken so long. @returns false when there is no such space.
   */
  removeSpace(id: string, nowMs: number): Promise<boolean>;
  /** Identifiers of removed spaces whose removal is still remembered; at most `limit`. */
  removals(limit: number): Promise<readonly string[]>;
  forgetRemoval(id: string): Promise<void>;
  /** @returns false when the space is not there. */
  createInvite(invite: StoredInvite): Promise<boolean>;
  invite(id: string): Promise<StoredInvite | null>;
  inviteByTokenHash(tokenHash: string): Promise<StoredInvite | null>;
  /** Oldest first; at most `limit`. */
  invites(spaceId: string, limit: number): Promise<readonly StoredInvite[]>;
  /** @returns false when there is none, or it was revoked before: the first time stands. */
  revokeInvite(id: string, atMs: number): Promise<boolean>;
  /** Records that a one-time token was used. @returns false when it had been used already or is over. */
  spendToken(id: string, expiresAtMs: number, nowMs: number): Promise<boolean>;
  tokenSpent(id: string): Promise<boolean>;
  /**
   * Keeps a certificate and forgets the oldest beyond `keptMax`, in one step.
   * @returns false when the identifier is taken
   */
  addCertificate(certificate: StoredCertificate, keptMax: number): Promise<boolean>;
  certificate(id: string): Promise<StoredCertificate | null>;
  /** Texts of certificates, newest first; at most `limit`. */
  certificates(limit: number): Promise<readonly string[]>;
  close(): Promise<void>;
}
