/** The store in PostgreSQL (12 or later), by the `pg` driver. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Store } from '../../ports/store.ts';
import { type FailureOf, SqlStore, type Tables } from '../sql/index.ts';

const CONNECTIONS_MAX = 4;
const CONNECT_MS_MAX = 5_000;
const STATEMENT_MS_MAX = 10_000;
/** `bigint` in `pg_type.dat`. All of ours are times and flags, far below 2^53. */
const INT8_OID = 20;

/**
 * @param url `postgres://user:password@host:port/database`
 * @param onIdleError told when a connection that nobody uses breaks; the pool replaces it by itself
 */
export function openPostgresStore(url: string, onIdleError: (error: Error) => void): Store {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    query_timeout: 2 * STATEMENT_MS_MAX,
    keepAlive: true,
    types: {
      getTypeParser: (oid: number, format?: string) =>
        oid === INT8_OID && format !== 'binary'
          ? Number
          : pg.types.getTypeParser(oid, format as 'text'),
    } as pg.CustomTypesConfig,
  });
  pool.on('error', onIdleError);
  return new SqlStore(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), failureOf);
}

/** SQLSTATE (PostgreSQL's manual, appendix A) and system codes of a server that is not there. */
const AWAY =
  /^(08...|57P0[123]|57014|53300|ECONN\w+|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)$/;

const failureOf: FailureOf = (error) => {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === '53100') return 'disk_full';
  if (code === '23503') return 'unknown_parent';
  if (typeof code === 'string') return AWAY.test(code) ? 'part_away' : null;
  return typeof message === 'string' && /timeout|terminated|Connection ended/i.test(message)
    ? 'part_away'
    : null;
};
