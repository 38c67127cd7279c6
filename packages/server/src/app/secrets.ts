/**
 * The server's own keys: made at the first start, kept in `{data}/secrets.json` readable by the owner
 * alone, never logged, never sent.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ConfigError } from './config.ts';

export interface Secrets {
  /** Signs stage passes and resume tokens (HMAC-SHA-256). */
  readonly passKey: Buffer;
  /** Signs owner links and the owner's session cookie (HMAC-SHA-256). */
  readonly ownerKey: Buffer;
  /** Seed of the Ed25519 key that signs capacity certificates and rehearsal permits. */
  readonly signingSeed: Buffer;
}

const KEY_BYTES = 32;

/**
 * Reads the keys of `dataDir`, making them, and it, when there are none. Safe against two starters at once.
 * @throws ConfigError when the folder or the file cannot be used
 */
export function loadSecrets(dataDir: string): Secrets {
  try {
    makeFolder(dataDir);
    return readOrMake(dataDir);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new ConfigError(
      `The data folder ${dataDir} cannot be used (${message}). Give this user the folder, or choose another with --data.`,
    );
  }
}

/** Step by step: in a file system that makes no folders, such as /proc, Node's own way never ends. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o750 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function readOrMake(dataDir: string): Secrets {
  const path = join(dataDir, 'secrets.json');
  const draft = `${path}.${process.pid}`;
  try {
    return complete(parse(readFileSync(path, 'utf8'), path), path, draft);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const fresh = { passKey: newKey(), ownerKey: newKey(), signingSeed: newKey() };
  writeFileSync(draft, JSON.stringify(fresh), { mode: 0o600, flush: true });
  try {
    linkSync(draft, path); // fails when another process was first: its keys count
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
  return complete(parse(readFileSync(path, 'utf8'), path), path, draft);
}

/**
 * A file from before there were certificates is given a signing seed and keeps its other keys. The seed
 * is made from the owner's key (HKDF, RFC 5869), so that two starters at once write the same file.
 */
function complete(found: FoundKeys, path: string, draft: string): Secrets {
  const { passKey, ownerKey, signingSeed } = found;
  if (signingSeed !== null) return { passKey, ownerKey, signingSeed };
  const made = Buffer.from(hkdfSync('sha256', ownerKey, '', 'parterre signing seed', KEY_BYTES));
  const keys = { passKey, ownerKey, signingSeed: made };
  const texts = Object.entries(keys).map(([name, bytes]) => [name, bytes.toString('base64url')]);
  writeFileSync(draft, JSON.stringify(Object.fromEntries(texts)), { mode: 0o600, flush: true });
  renameSync(draft, path);
  return keys;
}

function newKey(): string {
  return randomBytes(KEY_BYTES).toString('base64url');
}

interface FoundKeys {
  readonly passKey: Buffer;
  readonly ownerKey: Buffer;
  readonly signingSeed: Buffer | null;
}

function parse(text: string, path: string): FoundKeys {
  let value: { passKey?: unknown; ownerKey?: unknown; signingSeed?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch {
    throw new ConfigError(
      `${path} is not JSON. Restore it from a backup, or remove it: every pass and sign-in is then void.`,
    );
  }
  return {
    passKey: key(value.passKey, path),
    ownerKey: key(value.ownerKey, path),
    signingSeed: value.signingSeed === undefined ? null : key(value.signingSeed, path),
  };
}

function key(value: unknown, path: string): Buffer {
  const bytes = typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
  if (bytes.length !== KEY_BYTES)
    throw new ConfigError(`${path} does not hold keys of ${KEY_BYTES} bytes.`);
  return bytes;
}
