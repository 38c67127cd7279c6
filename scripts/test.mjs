/**
 * `npm test`: installs what the tests need, runs everything, names what failed, and ends with `N passed, N failed`.
 * What cannot be installed (no root, no apt) is said; the tests that need it are then skipped and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildNative, buildPages, install, pinnedNode, root, runSync, say } from './pinned.mjs';

/** Debian's packages by the program that shows they are there. */
const DEBIAN = {
  '/usr/bin/chromium': 'chromium',
  '/usr/bin/ffmpeg': 'ffmpeg',
  '/usr/bin/firefox-esr': 'firefox-esr',
  '/usr/bin/WebKitWebDriver': 'webkit2gtk-driver',
  '/usr/bin/Xvfb': 'xvfb',
  // Its Opus parser: without it WebKitGTK knows no Opus.
  '/usr/share/doc/gstreamer1.0-plugins-bad': 'gstreamer1.0-plugins-bad',
  '/usr/bin/pulseaudio': 'pulseaudio',
  '/usr/sbin/nginx': 'nginx',
  '/usr/bin/turnserver': 'coturn',
  '/usr/bin/whip-client': 'simple-whip-client',
  '/usr/bin/faketime': 'faketime',
  '/usr/bin/cvlc': 'vlc-bin',
  '/usr/share/doc/vlc-plugin-base': 'vlc-plugin-base',
};

installFromDebian();
install();
buildPages();
buildNative();

const report = join(mkdtempSync(join(tmpdir(), 'parterre-test-')), 'report.json');
process.env.STRAY_ERRORS = join(report, '..', 'stray-errors.json');
let passed = 0;
let skipped = 0;
/** What failed, by name. */
const failed = [];
step('biome', ['check', '--error-on-warnings']);
step('tsc', ['-p', 'tsconfig.json']);
step('tsc', ['-p', 'tsconfig.browser.json']);
step('tsc', ['-p', 'tsconfig.e2e.json']);
step('knip', []);
for (const project of ['unit', 'e2e-pairs', 'e2e']) suite(project);
rmSync(join(report, '..'), { recursive: true, force: true });
for (const name of failed) say(`Failed: ${name}`);
process.stdout.write(`${passed} passed, ${failed.length} failed, ${skipped} skipped\n`);
process.exit(failed.length === 0 ? 0 : 1);

function step(command, args) {
  const line = [command, ...args].join(' ');
  say(`> ${line}`);
  if (runSync(command, args) === 0) passed += 1;
  else failed.push(line);
}

function suite(project) {
  say(`> vitest run --project ${project}`);
  for (const file of [report, process.env.STRAY_ERRORS]) rmSync(file, { force: true });
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const code = runSync(pinnedNode(), [
    vitest,
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    `--reporter=${join(root, 'scripts', 'stray-errors.mjs')}`,
  ]);
  if (!existsSync(report) || !existsSync(process.env.STRAY_ERRORS)) {
    failed.push(`the whole of ${project}`);
    return;
  }
  const result = JSON.parse(readFileSync(report, 'utf8'));
  passed += result.numPassedTests;
  skipped += result.numPendingTests + (result.numTodoTests ?? 0);
  const names = result.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  );
  const stray = JSON.parse(readFileSync(process.env.STRAY_ERRORS, 'utf8'));
  names.push(...stray.map((error) => `${project}, outside of any test: ${error}`));
  if (code !== 0 && names.length === 0) names.push(`${project}, and vitest does not say why`);
  failed.push(...names);
}

function installFromDebian() {
  const missing = Object.entries(DEBIAN)
    .filter(([path]) => !existsSync(path))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  const able = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
  if (!able) {
    say(
      `Not installed: ${missing.join(', ')}. Tests that need them are skipped; as root: apt-get install ${missing.join(' ')}`,
    );
    return;
  }
  say(`Installing from Debian for the tests: ${missing.join(', ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'], env: environment };
  spawnSync('apt-get', ['update', '-qq'], quiet);
  const all = spawnSync(
    'apt-get',
    ['install', '-qq', '-y', '--no-install-recommends', ...missing],
    quiet,
  );
  // One that cannot be had must not keep the others away.
  if (all.status !== 0)
    for (const name of missing)
      spawnSync('apt-get', ['install', '-qq', '-y', '--no-install-recommends', name], quiet);
}
