/** The store in SQL, whichever database is behind it. */
export type { Tables } from './schema.ts';
export { type FailureOf, SqlStore } from './sql-store.ts';
