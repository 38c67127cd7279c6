/**
 * What the file system refuses is an expected outcome here (`disk_full`, the reason in its detail): the
 * programme goes on without the disk, whatever is wrong with it. Anything else is a bug and stays one.
 */
import { ParterreError } from '@parterre/protocol';

/** The error to throw for what was caught. */
export function diskError(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  return code !== undefined && syscall !== undefined ? new ParterreError('disk_full', code) : error;
}
