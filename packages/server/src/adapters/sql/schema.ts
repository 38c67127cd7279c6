/**
 * The tables and how they came to be, in the SQL that SQLite and PostgreSQL share: text and bigint only,
 * truth as 0 or 1, times in ms since the Unix epoch. Invariant: a migration that was ever released is
 * never changed; a new one is added behind it.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';

export interface SpaceRow {
  id: string;
  title: string;
  host: string;
  state: string;
  profile: string;
  rendition: string;
  holding_sound: number;
  doors_at_ms: number;
  starts_at_ms: number | null;
  zone: string | null;
  opened_at_ms: number | null;
  live_at_ms: number | null;
  ended_at_ms: number | null;
  replay_ready: number;
  successor: string | null;
  /** JSON. */
  groups: string | null;
  /** JSON. */
  clip: string | null;
  created_at_ms: number;
}

export interface InviteRow {
  id: string;
  token_hash: string;
  space_id: string;
  role: string;
  name: string;
  created_at_ms: number;
  revoked_at_ms: number | null;
}

export interface CertificateRow {
  id: string;
  issued_at_ms: number;
  certificate: string;
  result: string;
}

export interface Tables {
  spaces: SpaceRow;
  invites: InviteRow;
  spent_tokens: { id: string; expires_at_ms: number };
  removals: { id: string; removed_at_ms: number };
  certificates: CertificateRow;
}

const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('spaces')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('host', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('profile', 'text', (column) => column.notNull())
      .addColumn('rendition', 'text', (column) => column.notNull())
      .addColumn('holding_sound', 'bigint', (column) => column.notNull())
      .addColumn('doors_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('starts_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('opened_at_ms', 'bigint')
      .addColumn('live_at_ms', 'bigint')
      .addColumn('ended_at_ms', 'bigint')
      .addColumn('replay_ready', 'bigint', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('spaces_newest')
      .on('spaces')
      .columns(['created_at_ms desc', 'id'])
      .execute();
    await db.schema
      .createTable('invites')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('token_hash', 'text', (column) => column.notNull().unique())
      .addColumn('space_id', 'text', (column) =>
        column.notNull().references('spaces.id').onDelete('cascade'),
      )
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('revoked_at_ms', 'bigint')
      .execute();
    await db.schema
      .createIndex('invites_of_space')
      .on('invites')
      .columns(['space_id', 'created_at_ms', 'id'])
      .execute();
    await db.schema
      .createTable('spent_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('expires_at_ms', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('spent_tokens_expiry')
      .on('spent_tokens')
      .column('expires_at_ms')
      .execute();
    await db.schema
      .createTable('removals')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('removed_at_ms', 'bigint', (column) => column.notNull())
      .execute();
  },
};

/** A space may have no announced start. Without rebuilding the table, which its invitations hang on. */
const startMayBeOpen: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('spaces').addColumn('announced_at_ms', 'bigint').execute();
    await sql`update spaces set announced_at_ms = starts_at_ms`.execute(db);
    await db.schema.alterTable('spaces').dropColumn('starts_at_ms').execute();
    await db.schema.alterTable('spaces').renameColumn('announced_at_ms', 'starts_at_ms').execute();
  },
};

const certificates: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('certificates')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('issued_at_ms', 'bigint', (column) => column.notNull())
      .addColumn('certificate', 'text', (column) => column.notNull())
      .addColumn('result', 'text', (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('certificates_newest')
      .on('certificates')
      .columns(['issued_at_ms desc', 'id'])
      .execute();
  },
};

/** The zone a start was announced in, and who took the audience of a space that was given up. */
const zoneAndSuccessor: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('spaces').addColumn('zone', 'text').execute();
    await db.schema.alterTable('spaces').addColumn('successor', 'text').execute();
  },
};

/** Groups that have seats kept; JSON, null for none. */
const groups: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('spaces').addColumn('groups', 'text').execute();
  },
};

/** The clip a space opens with; JSON, null for none. */
const clip: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('spaces').addColumn('clip', 'text').execute();
  },
};

export const migrations: MigrationProvider = {
  getMigrations: async () => ({
    '0001-spaces-invites-tokens': first,
    '0002-start-may-be-open': startMayBeOpen,
    '0003-certificates': certificates,
    '0004-zone-and-successor': zoneAndSuccessor,
    '0005-groups': groups,
    '0006-clip': clip,
  }),
};
