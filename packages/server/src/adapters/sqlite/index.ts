/** The store in one SQLite file, by the SQLite that Node carries. */
import { Kysely } from 'kysely';
import type { Store } from '../../ports/store.ts';
import { SqlStore, type Tables } from '../sql/index.ts';
import { NodeSqliteDialect, openDatabase } from './dialect.ts';
import { failureOf } from './failure.ts';

/** @param path of the database file; its folder must exist */
export function openSqliteStore(path: string): Store {
  const dialect = new NodeSqliteDialect(openDatabase(path));
  return new SqlStore(new Kysely<Tables>({ dialect }), failureOf);
}
