/** Which failures of the disk are an expected outcome (`disk_full`: nothing was changed) and which a bug. */
import { ParterreError } from '@parterre/protocol';

const EXPECTED: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'EROFS',
  'EFBIG',
  'EMFILE',
  'ENFILE',
]);

/** The error to throw for what the file system threw. */
export function diskError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return EXPECTED.has(code) ? new ParterreError('disk_full', code) : error;
}
