import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ConfigError } from './config.ts';
import { loadSecrets } from './secrets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parterre-secrets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const path = () => join(folder, 'secrets.json');

it('keys are made once, for this user alone', () => {
  const made = loadSecrets(folder);
  expect(loadSecrets(folder)).toEqual(made);
  expect(new Set(Object.values(made).map((key) => key.toString('hex'))).size).toBe(3);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['secrets.json']);
});

it('[P8] a file from before is given a signing seed, the same to whoever is first, and keeps its keys', () => {
  const keys = [1, 2].map((fill) => Buffer.alloc(32, fill));
  const old = JSON.stringify({
    passKey: keys[0]?.toString('base64url'),
    ownerKey: keys[1]?.toString('base64url'),
  });
  writeFileSync(path(), old, { mode: 0o600 });
  const first = loadSecrets(folder);
  expect([first.passKey, first.ownerKey]).toEqual(keys);
  expect(loadSecrets(folder)).toEqual(first);
  const written = readFileSync(path(), 'utf8');
  writeFileSync(path(), old);
  expect(loadSecrets(folder)).toEqual(first);
  expect(readFileSync(path(), 'utf8')).toBe(written);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['secrets.json']);
});

it.each(['/proc/parterre/data', '/dev/null/data'])(
  'a folder that cannot be is refused in words for the operator: %s',
  (impossible) => {
    expect(() => loadSecrets(impossible)).toThrow(ConfigError);
    expect(() => loadSecrets(impossible)).toThrow(/cannot be used \(.*\)\. .*--data/);
  },
);

it.each(['', 'no JSON', '{}', '{"passKey":"AA","ownerKey":"AA"}'])(
  'a file that is not right is refused and left as it is: %s',
  (text) => {
    writeFileSync(path(), text);
    expect(() => loadSecrets(folder)).toThrow(path());
    expect(readFileSync(path(), 'utf8')).toBe(text);
  },
);
