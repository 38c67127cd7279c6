/**
 * Two projects: `unit` runs beside the source, in parallel; `e2e` starts servers and browsers, one file
 * after the other, so that a two-core machine measures the product and not itself.
 */
import { defineConfig } from 'vitest/config';

const BROWSER = '**/*.browser.test.ts';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['packages/**/*.test.{ts,tsx}', 'test/{architecture,docs}/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**', BROWSER],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: [`packages/${BROWSER}`, 'test/e2e/**/*.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          expect: { poll: { timeout: 30_000 } },
          // Real browsers on a machine that others load as well; what fails twice has failed.
          retry: 1,
        },
      },
    ],
  },
});
