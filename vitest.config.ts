/**
 * Three projects. `unit` runs beside the source, in parallel. `e2e` starts servers and browsers, one file
 * after the other, so that a two-core machine measures the product and not itself. `e2e-pairs` are the files
 * among them that measure neither sound nor time and mostly wait: two at once. By hand: `--project 'e2e*'`.
 */
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const BROWSER = '**/*.browser.test.ts';
const BUILT = ['**/node_modules/**', '**/dist/**'];
const PAIRS = [
  'packages/client/e2e/speak.browser.test.ts',
  'packages/server/src/stage/stage.browser.test.ts',
  'packages/web/src/pages.browser.test.ts',
  'test/e2e/clock.test.ts',
  'test/e2e/desk.test.ts',
  'test/e2e/disk.test.ts',
  'test/e2e/full.test.ts',
  'test/e2e/lanes.test.ts',
  'test/e2e/package.test.ts',
  'test/e2e/proxy.test.ts',
  'test/e2e/tls.test.ts',
  'test/e2e/trouble-input.test.ts',
  'test/e2e/trouble-pages.test.ts',
  'test/e2e/trouble-start.test.ts',
  'test/e2e/turn.test.ts',
];
const END_TO_END = {
  // Real browsers, sound and time on a machine that others load as well; what fails twice has failed.
  retry: 1,
  testTimeout: 180_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 30_000 } },
};

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          // Vitest leaves one core to itself, of two.
          maxWorkers: availableParallelism(),
          include: ['packages/**/*.test.{ts,tsx}', 'test/{architecture,docs}/**/*.test.ts'],
          exclude: [...BUILT, BROWSER],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: [`packages/${BROWSER}`, 'test/e2e/**/*.test.ts'],
          exclude: [...BUILT, ...PAIRS],
          fileParallelism: false,
          ...END_TO_END,
        },
      },
      {
        test: {
          name: 'e2e-pairs',
          include: PAIRS,
          exclude: BUILT,
          maxWorkers: 2,
          ...END_TO_END,
        },
      },
    ],
  },
});
