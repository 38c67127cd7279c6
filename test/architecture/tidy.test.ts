/** What a reader should never meet in the tree: left-over work, vague names, long files, large blobs. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from './source.ts';

const tracked = execFileSync('git', ['ls-files'], { cwd: ROOT, encoding: 'utf8' })
  .split('\n')
  .filter((path) => path !== '');
const code = tracked.filter(
  (path) => /\.(ts|tsx|mjs|css)$/.test(path) && !path.includes('/golden/'),
);
const LINES_MAX = 400;
const BLOB_BYTES_MAX = 400_000;

/** Written apart, so that this file does not find itself. */
const LEFT_OVER = new RegExp(
  `\\b(${['TO', 'FIX', 'HA'].map((head, index) => head + ['DO', 'ME', 'CK'][index]).join('|')})\\b|@ts-(ignore|nocheck)|\\bas any[\\s;,)\\]]*$|\\.(only)\\(`,
  'm',
);

describe('tidy', () => {
  test('nothing is left over', () => {
    const found = code.filter((path) => LEFT_OVER.test(read(path)));
    expect(found).toEqual([]);
  });

  test('names say something', () => {
    expect(
      tracked.filter((path) =>
        /(^|\/)(utils?|helpers?|common|misc|manager)(\.tsx?$|\/)/.test(path),
      ),
    ).toEqual([]);
  });

  test(`source files stay under ${LINES_MAX} lines`, () => {
    const long = code.filter(
      (path) =>
        !/\.test\.tsx?$|\.generated\.ts$/.test(path) &&
        read(path).split('\n').length > LINES_MAX + 1,
    );
    expect(long).toEqual([]);
  });

  test('every source file says at its head what it is', () => {
    const silent = code.filter(
      (path) =>
        /\.(ts|tsx|mjs)$/.test(path) &&
        !/\.test\.tsx?$/.test(path) &&
        !/^(#!.*\n)?\s*(\/\*\*|\/\/)/.test(read(path)) &&
        !path.endsWith('index.ts'),
    );
    expect(silent).toEqual([]);
  });

  test('no large file is tracked', () => {
    expect(
      tracked.filter(
        (path) => statSync(join(ROOT, path)).size > BLOB_BYTES_MAX && path !== 'package-lock.json',
      ),
    ).toEqual([]);
  });

  test('the lock file names no download address', () => {
    expect(/"resolved": "http/.test(read('package-lock.json'))).toBe(false);
  });
});

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}
