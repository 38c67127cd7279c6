/**
 * Kysely's SQLite dialect over `node:sqlite`. Three things differ from its usual driver: a transaction
 * takes the write lock at its beginning, so that it waits for another process's instead of failing in
 * the middle; migrations run inside one, since SQLite's DDL is transactional; and what SQLite has rolled
 * back by itself (as it does when the disk is full) is not rolled back again.
 */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import {
  CompiledQuery,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDialect,
  SqliteDriver,
} from 'kysely';

/** How long a statement waits for another process's lock, ms. */
const BUSY_MS = 5_000;

class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LockingDriver extends SqliteDriver {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    super({ database: shaped(db) });
    this.#db = db;
  }

  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#db.isTransaction) await super.rollbackTransaction(connection);
  }
}

export class NodeSqliteDialect extends SqliteDialect {
  readonly #db: DatabaseSync;

  /** Owns `db`. */
  constructor(db: DatabaseSync) {
    super({ database: shaped(db) });
    this.#db = db;
  }

  override createDriver(): Driver {
    return new LockingDriver(this.#db);
  }

  override createAdapter(): DialectAdapter {
    return new Adapter();
  }
}

/**
 * Opens the file, creating it when there is none. Write-ahead log; every commit is synced before it
 * returns, so that it survives power loss; foreign keys hold.
 */
export function openDatabase(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma trusted_schema = off;');
  return db;
}

/** The shape Kysely asks for. */
function shaped(db: DatabaseSync): SqliteDatabase {
  return {
    close: () => db.close(),
    prepare(sql) {
      const statement = db.prepare(sql);
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
    },
  };
}
