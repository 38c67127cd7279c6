/** The README's commands are there and do what they say, by the way that a newcomer takes: npm's scripts. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { ROOT } from '../architecture/source.ts';

const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const data = mkdtempSync(join(tmpdir(), 'parterre-readme-'));
afterAll(() => rmSync(data, { recursive: true, force: true }));

/** Runs what `npm start -- …` runs. @returns what it prints and its exit code */
async function start(...words: readonly string[]): Promise<{ said: string; code: number }> {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const [node, script] = scripts.start.split(' ');
  expect(node).toBe('node');
  const run = promisify(execFile)(process.execPath, [join(ROOT, script), ...words]);
  return run.then(
    ({ stdout }) => ({ said: stdout, code: 0 }),
    ({ stdout, stderr, code }) => ({ said: stdout + stderr, code }),
  );
}

test('every npm script of the README is there', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const named = [...README.matchAll(/npm (?:run )?([a-z]+)/g)].map(([, name]) => name);
  for (const name of new Set(named)) expect(scripts).toHaveProperty(name!);
});

test('every command of the README that ends by itself runs', async () => {
  const commands = [...README.matchAll(/npm start -- ([a-z-]+)( \S+)?/g)];
  expect(commands.map(([, word]) => word)).toEqual(
    expect.arrayContaining(['--help', 'doctor', 'probe', 'owner-link']),
  );
  expect(await start('--help')).toMatchObject({ code: 0, said: expect.stringContaining('serve') });
  expect((await start('version')).said).toMatch(/^parterre \d/);
  const link = await start('owner-link', '--data', data);
  expect(link.said).toMatch(/^http:\/\/localhost:8040\/owner#token=/);
  const doctor = await start('doctor', '--data', data, '--port', '0', '--rtc-port', '0');
  expect(doctor).toMatchObject({ code: 0, said: expect.stringContaining('ok    Runtime') });
  const probe = await start('probe', 'http://127.0.0.1:9/demo', '--seconds', '1');
  expect(probe).toMatchObject({ code: 1, said: expect.stringContaining('NOT WHOLE') });
});
