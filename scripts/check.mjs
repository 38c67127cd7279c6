/** `npm run check`: the fast part: format and lint, types, dead code, then architecture and unit tests. */
import { buildNative, install, runSync, say } from './pinned.mjs';

install();
buildNative();
const steps = [
  ['biome', ['check', '--error-on-warnings']],
  ['tsc', ['-p', 'tsconfig.json']],
  ['tsc', ['-p', 'tsconfig.browser.json']],
  ['tsc', ['-p', 'tsconfig.e2e.json']],
  ['knip', []],
  ['vitest', ['run', '--project', 'unit']],
];
for (const [command, args] of steps) {
  say(`> ${command} ${args.join(' ')}`);
  const code = runSync(command, args);
  if (code !== 0) process.exit(code);
}
