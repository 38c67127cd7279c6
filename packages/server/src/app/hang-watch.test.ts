import { expect, test } from 'vitest';
import { HangWatch, PING_EVERY_MS } from './hang-watch.ts';

/** Looks for `forMs` as often as agreed. @returns when it hangs, or null */
function lookFor(watch: HangWatch, fromMs: number, forMs: number): number | null {
  for (let nowMs = fromMs + PING_EVERY_MS; nowMs <= fromMs + forMs; nowMs += PING_EVERY_MS) {
    if (watch.look(nowMs)) return nowMs;
  }
  return null;
}

test('a process that stops answering is found', () => {
  const watch = new HangWatch(0);
  watch.answered(4_000);
  expect(lookFor(watch, 0, 60_000)).toBe(26_000);
});

test('[P1] a supervisor that was held up ends no process whose answers it has not read', () => {
  const watch = new HangWatch(0);
  expect(lookFor(watch, 0, 10_000)).toBeNull();
  expect(watch.look(100_000)).toBe(false);
  watch.answered(100_001);
  expect(lookFor(watch, 100_000, 18_000)).toBeNull();
});
