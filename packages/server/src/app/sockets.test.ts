import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError } from './config.ts';
import { makeSocketFolder, socketsOf } from './sockets.ts';

let data = '';
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'sockets-'));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

describe('the folder of the sockets', () => {
  it('is for this user alone, also when it was there and open to others', () => {
    const sockets = socketsOf(data);
    const folder = dirname(sockets.api);
    mkdirSync(folder);
    chmodSync(folder, 0o777);
    makeSocketFolder(sockets);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('is refused where somebody laid a link', () => {
    const sockets = socketsOf(data);
    mkdirSync(join(data, 'elsewhere'));
    symlinkSync(join(data, 'elsewhere'), dirname(sockets.api));
    expect(() => makeSocketFolder(sockets)).toThrow(ConfigError);
  });

  it('has paths that fit a socket address, however deep the data lie', () => {
    const { api } = socketsOf(`/${'deep/'.repeat(40)}`);
    expect(Buffer.byteLength(api)).toBeLessThan(104);
  });
});
