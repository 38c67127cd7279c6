/**
 * The server's own keys: made at the first start, kept in `{data}/secrets.json` readable by the owner
 * alone, never logged, never sent.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Secrets {
  /** Signs stage passes and resume tokens (HMAC-SHA-256). */
  readonly passKey: Buffer;
  /** Signs owner links and the owner's session cookie (HMAC-SHA-256). */
  readonly ownerKey: Buffer;
}

const KEY_BYTES = 32;

/** Reads the keys of `dataDir`, making them when there are none. Safe against two starters at once. */
export function loadSecrets(dataDir: string): Secrets {
  mkdirSync(dataDir, { recursive: true, mode: 0o750 });
  const path = join(dataDir, 'secrets.json');
  try {
    return parse(readFileSync(path, 'utf8'), path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const fresh = { passKey: newKey(), ownerKey: newKey() };
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(fresh), { mode: 0o600, flush: true });
  try {
    linkSync(draft, path); // fails when another process was first: its keys count
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return parse(readFileSync(path, 'utf8'), path);
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

function parse(text: string, path: string): Secrets {
  let value: { passKey?: unknown; ownerKey?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    throw new Error(
      `${path} is not JSON. Restore it from a backup, or remove it: every pass and sign-in is then void.`,
    );
  }
  return { passKey: key(value.passKey, path), ownerKey: key(value.ownerKey, path) };
}

function key(value: unknown, path: string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES)
    throw new Error(`${path} does not hold two keys of ${KEY_BYTES} bytes.`);
  return bytes;
}
