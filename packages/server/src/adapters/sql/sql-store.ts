/**
 * The store over Kysely, the same code for SQLite and PostgreSQL; what differs (connection, durability,
 * error codes) is in the adapters beside it. Invariant: each method is one statement or one transaction.
 * Every value is a bound parameter; nothing is ever spliced into SQL.
 */
import { ParterreError } from '@parterre/protocol';
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { Store, StoredCertificate, StoredInvite, StoredSpace } from '../../ports/store.ts';
import { type InviteRow, migrations, type SpaceRow, type Tables } from './schema.ts';

/** What an error of the driver means; `unknown_parent` breaks a foreign key, null is a bug. */
export type FailureOf = (error: unknown) => 'disk_full' | 'part_away' | 'unknown_parent' | null;

type SpaceChange = Partial<Omit<StoredSpace, 'id' | 'createdAtMs'>>;

export class SqlStore implements Store {
  readonly #db: Kysely<Tables>;
  readonly #failureOf: FailureOf;

  /** Owns `db`: `close` destroys it. */
  constructor(db: Kysely<Tables>, failureOf: FailureOf) {
    this.#db = db;
    this.#failureOf = failureOf;
  }

  migrate(): Promise<void> {
    return this.#run(async () => {
      const migrator = new Migrator({ db: this.#db, provider: migrations });
      const { error } = await migrator.migrateToLatest();
      if (error !== undefined) throw error;
    });
  }

  createSpace(space: StoredSpace): Promise<boolean> {
    return this.#run(() =>
      this.#db.transaction().execute(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('spaces')
          .values(rowOfSpace(space))
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return false;
        // Looked up after the insertion, which has waited for whoever was removing this space.
        const removal = await tx
          .selectFrom('removals')
          .select('id')
          .where('id', '=', space.id)
          .executeTakeFirst();
        if (removal === undefined) return true;
        await tx.deleteFrom('spaces').where('id', '=', space.id).execute();
        return false;
      }),
    );
  }

  space(id: string): Promise<StoredSpace | null> {
    return this.#run(async () => {
      const row = await this.#db
        .selectFrom('spaces')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row === undefined ? null : spaceOfRow(row);
    });
  }

  spaces(limit: number, offset: number): Promise<readonly StoredSpace[]> {
    return this.#run(async () => {
      const rows = await this.#db
        .selectFrom('spaces')
        .selectAll()
        .orderBy('created_at_ms', 'desc')
        .orderBy('id')
        .limit(limit)
        .offset(offset)
        .execute();
      return rows.map(spaceOfRow);
    });
  }

  updateSpace(id: string, change: SpaceChange): Promise<StoredSpace | null> {
    const set = columnsOfChange(change);
    if (Object.keys(set).length === 0) return this.space(id);
    return this.#run(async () => {
      const row = await this.#db
        .updateTable('spaces')
        .set(set)
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst();
      return row === undefined ? null : spaceOfRow(row);
    });
  }

  removeSpace(id: string, nowMs: number): Promise<boolean> {
    return this.#run(() =>
      this.#db.transaction().execute(async (tx) => {
        const { numDeletedRows } = await tx
          .deleteFrom('spaces')
          .where('id', '=', id)
          .executeTakeFirst();
        if (numDeletedRows === 0n) return false;
        await tx
          .insertInto('removals')
          .values({ id, removed_at_ms: nowMs })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .execute();
        return true;
      }),
    );
  }

  removals(limit: number): Promise<readonly string[]> {
    return this.#run(async () => {
      const rows = await this.#db
        .selectFrom('removals')
        .select('id')
        .orderBy('removed_at_ms')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => row.id);
    });
  }

  forgetRemoval(id: string): Promise<void> {
    return this.#run(async () => {
      await this.#db.deleteFrom('removals').where('id', '=', id).execute();
    });
  }

  async createInvite(invite: StoredInvite): Promise<boolean> {
    try {
      await this.#db.insertInto('invites').values(rowOfInvite(invite)).execute();
      return true;
    } catch (error) {
      if (this.#failureOf(error) === 'unknown_parent') return false;
      throw this.#explained(error);
    }
  }

  invite(id: string): Promise<StoredInvite | null> {
    return this.#inviteWhere('id', id);
  }

  inviteByTokenHash(tokenHash: string): Promise<StoredInvite | null> {
    return this.#inviteWhere('token_hash', tokenHash);
  }

  invites(spaceId: string, limit: number): Promise<readonly StoredInvite[]> {
    return this.#run(async () => {
      const rows = await this.#db
        .selectFrom('invites')
        .selectAll()
        .where('space_id', '=', spaceId)
        .orderBy('created_at_ms')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map(inviteOfRow);
    });
  }

  revokeInvite(id: string, atMs: number): Promise<boolean> {
    return this.#run(async () => {
      const { numUpdatedRows } = await this.#db
        .updateTable('invites')
        .set({ revoked_at_ms: atMs })
        .where('id', '=', id)
        .where('revoked_at_ms', 'is', null)
        .executeTakeFirst();
      return numUpdatedRows === 1n;
    });
  }

  spendToken(id: string, expiresAtMs: number, nowMs: number): Promise<boolean> {
    if (expiresAtMs <= nowMs) return Promise.resolve(false);
    return this.#run(() =>
      this.#db.transaction().execute(async (tx) => {
        await tx.deleteFrom('spent_tokens').where('expires_at_ms', '<=', nowMs).execute();
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('spent_tokens')
          .values({ id, expires_at_ms: expiresAtMs })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        return numInsertedOrUpdatedRows === 1n;
      }),
    );
  }

  tokenSpent(id: string): Promise<boolean> {
    return this.#run(async () => {
      const row = await this.#db
        .selectFrom('spent_tokens')
        .select('id')
        .where('id', '=', id)
        .executeTakeFirst();
      return row !== undefined;
    });
  }

  addCertificate(certificate: StoredCertificate, keptMax: number): Promise<boolean> {
    const { id, issuedAtMs, certificate: text, result } = certificate;
    return this.#run(() =>
      this.#db.transaction().execute(async (tx) => {
        const { numInsertedOrUpdatedRows } = await tx
          .insertInto('certificates')
          .values({ id, issued_at_ms: issuedAtMs, certificate: text, result })
          .onConflict((conflict) => conflict.column('id').doNothing())
          .executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return false;
        const kept = tx
          .selectFrom('certificates')
          .select('id')
          .orderBy('issued_at_ms', 'desc')
          .orderBy('id')
          .limit(keptMax);
        await tx.deleteFrom('certificates').where('id', 'not in', kept).execute();
        return true;
      }),
    );
  }

  certificate(id: string): Promise<StoredCertificate | null> {
    return this.#run(async () => {
      const row = await this.#db
        .selectFrom('certificates')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return null;
      const { issued_at_ms: issuedAtMs, certificate, result } = row;
      return { id: row.id, issuedAtMs, certificate, result };
    });
  }

  certificates(limit: number): Promise<readonly string[]> {
    return this.#run(async () => {
      const rows = await this.#db
        .selectFrom('certificates')
        .select('certificate')
        .orderBy('issued_at_ms', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute();
      return rows.map((row) => row.certificate);
    });
  }

  close(): Promise<void> {
    return this.#db.destroy();
  }

  #inviteWhere(column: 'id' | 'token_hash', value: string): Promise<StoredInvite | null> {
    return this.#run(async () => {
      const row = await this.#db
        .selectFrom('invites')
        .selectAll()
        .where(column, '=', value)
        .executeTakeFirst();
      return row === undefined ? null : inviteOfRow(row);
    });
  }

  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    const failure = this.#failureOf(error);
    return failure === null || failure === 'unknown_parent' ? error : new ParterreError(failure);
  }
}

function rowOfSpace(space: StoredSpace): Insertable<SpaceRow> {
  return {
    id: space.id,
    title: space.title,
    host: space.host,
    state: space.state,
    profile: space.profile,
    rendition: space.rendition,
    holding_sound: Number(space.holdingSound),
    doors_at_ms: space.doorsAtMs,
    starts_at_ms: space.startsAtMs,
    zone: space.zone,
    opened_at_ms: space.openedAtMs,
    live_at_ms: space.liveAtMs,
    ended_at_ms: space.endedAtMs,
    replay_ready: Number(space.replayReady),
    successor: space.successor,
    groups: JSON.stringify(space.groups),
    clip: jsonOf(space.clip),
    created_at_ms: space.createdAtMs,
  };
}

function spaceOfRow(row: Selectable<SpaceRow>): StoredSpace {
  return {
    id: row.id,
    title: row.title,
    host: row.host,
    state: row.state as StoredSpace['state'],
    profile: row.profile as StoredSpace['profile'],
    rendition: row.rendition as StoredSpace['rendition'],
    holdingSound: row.holding_sound === 1,
    doorsAtMs: row.doors_at_ms,
    startsAtMs: row.starts_at_ms,
    zone: row.zone,
    openedAtMs: row.opened_at_ms,
    liveAtMs: row.live_at_ms,
    endedAtMs: row.ended_at_ms,
    replayReady: row.replay_ready === 1,
    successor: row.successor,
    groups: row.groups === null ? [] : (JSON.parse(row.groups) as StoredSpace['groups']),
    clip: row.clip === null ? null : (JSON.parse(row.clip) as StoredSpace['clip']),
    createdAtMs: row.created_at_ms,
  };
}

function jsonOf(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

function columnsOfChange(change: SpaceChange): Updateable<SpaceRow> {
  const set: Updateable<SpaceRow> = {};
  if (change.title !== undefined) set.title = change.title;
  if (change.host !== undefined) set.host = change.host;
  if (change.state !== undefined) set.state = change.state;
  if (change.profile !== undefined) set.profile = change.profile;
  if (change.rendition !== undefined) set.rendition = change.rendition;
  if (change.holdingSound !== undefined) set.holding_sound = Number(change.holdingSound);
  if (change.doorsAtMs !== undefined) set.doors_at_ms = change.doorsAtMs;
  if (change.startsAtMs !== undefined) set.starts_at_ms = change.startsAtMs;
  if (change.zone !== undefined) set.zone = change.zone;
  if (change.openedAtMs !== undefined) set.opened_at_ms = change.openedAtMs;
  if (change.liveAtMs !== undefined) set.live_at_ms = change.liveAtMs;
  if (change.endedAtMs !== undefined) set.ended_at_ms = change.endedAtMs;
  if (change.replayReady !== undefined) set.replay_ready = Number(change.replayReady);
  if (change.successor !== undefined) set.successor = change.successor;
  if (change.groups !== undefined) set.groups = JSON.stringify(change.groups);
  if (change.clip !== undefined) set.clip = jsonOf(change.clip);
  return set;
}

function rowOfInvite(invite: StoredInvite): Insertable<InviteRow> {
  return {
    id: invite.id,
    token_hash: invite.tokenHash,
    space_id: invite.spaceId,
    role: invite.role,
    name: invite.name,
    created_at_ms: invite.createdAtMs,
    revoked_at_ms: invite.revokedAtMs,
  };
}

function inviteOfRow(row: Selectable<InviteRow>): StoredInvite {
  return {
    id: row.id,
    tokenHash: row.token_hash,
    spaceId: row.space_id,
    role: row.role as StoredInvite['role'],
    name: row.name,
    createdAtMs: row.created_at_ms,
    revokedAtMs: row.revoked_at_ms,
  };
}
