/** What `npm pack` makes, installed in an empty folder elsewhere, runs: compiled JavaScript, pages inside. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { until } from './support/server.ts';

const SERVER = join(import.meta.dirname, '../../packages/server');
const folder = mkdtempSync(join(tmpdir(), 'parterre-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the package works when installed elsewhere', async () => {
  execFileSync('npm', ['pack', '--pack-destination', folder], { cwd: SERVER, stdio: 'pipe' });
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'package.json'), '{ "private": true }');
  execFileSync(
    'npm',
    ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, tarball)],
    { cwd: elsewhere, stdio: 'pipe' },
  );
  const parterre = join(elsewhere, 'node_modules', '.bin', 'parterre');
  expect(execFileSync(parterre, ['version'], { encoding: 'utf8' })).toMatch(
    /^parterre \d+\.\d+\.\d+, Node /,
  );

  const server = spawn(parterre, [
    'serve',
    '--host',
    '127.0.0.1',
    '--port',
    '0',
    '--rtc-port',
    '0',
    '--demo',
    '--data',
    join(folder, 'data'),
  ]);
  try {
    let said = '';
    server.stdout.on('data', (piece) => {
      said += piece;
    });
    await until(() => /Address\s+(\S+)/.test(said), 'the installed program opens');
    const url = /Address\s+(\S+)/.exec(said)![1]!;
    await until(async () => (await fetch(`${url}/readyz`)).ok, 'it is ready');
    expect(await (await fetch(url)).text()).toContain('<script');
    await until(
      async () =>
        ((await (await fetch(`${url}/spaces/demo.json`)).json()) as { state?: string }).state ===
        'live',
      'the demo is live',
    );
    execFileSync(parterre, ['probe', `${url}/demo`, '--seconds', '5'], { encoding: 'utf8' });
  } finally {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  }
});
