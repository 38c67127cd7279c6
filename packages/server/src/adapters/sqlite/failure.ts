/**
 * What SQLite's result codes mean to us (sqlite.org/rescode.html). `errcode` carries the extended code;
 * its low byte is the primary one.
 */
import type { FailureOf } from '../sql/index.ts';

const SQLITE_BUSY = 5;
const SQLITE_IOERR = 10;
const SQLITE_FULL = 13;
const SQLITE_CONSTRAINT_FOREIGNKEY = 787;
/** SQLITE_IOERR_WRITE, _SHMSIZE, _SHMMAP: how a full disk shows when the file cannot grow. */
const IOERR_GROWTH: ReadonlySet<number> = new Set([
  SQLITE_IOERR | (3 << 8),
  SQLITE_IOERR | (19 << 8),
  SQLITE_IOERR | (21 << 8),
]);

export const failureOf: FailureOf = (error) => {
  const code = (error as { errcode?: unknown }).errcode;
  if (typeof code !== 'number') return null;
  if ((code & 0xff) === SQLITE_FULL || IOERR_GROWTH.has(code)) return 'disk_full';
  if (code === SQLITE_CONSTRAINT_FOREIGNKEY) return 'unknown_parent';
  return (code & 0xff) === SQLITE_BUSY ? 'part_away' : null;
};
