/**
 * The machine's own time and timers. `monotonicMs` is CLOCK_MONOTONIC (`process.hrtime`), so that two
 * processes of one machine read the same value; it never steps and stands still while the machine sleeps.
 */
import { readFileSync } from 'node:fs';
import type { Clock, Timer, Timers } from '../../ports/clock.ts';

/** Longest delay `setTimeout` honours; longer ones are made of several. */
const DELAY_MS_MAX = 2_147_483_647;

export const systemClock: Clock = {
  monotonicMs() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
  wallMs() {
    return Date.now();
  },
};

class Delay implements Timer {
  private handle: NodeJS.Timeout;

  constructor(delayMs: number, task: () => void) {
    const dueMs = systemClock.monotonicMs() + delayMs;
    const arm = (leftMs: number): NodeJS.Timeout => {
      if (leftMs <= DELAY_MS_MAX) return setTimeout(task, Math.max(0, leftMs));
      return setTimeout(() => {
        this.handle = arm(dueMs - systemClock.monotonicMs());
      }, DELAY_MS_MAX);
    };
    this.handle = arm(delayMs);
  }

  cancel(): void {
    clearTimeout(this.handle);
  }
}

export const systemTimers: Timers = {
  after(delayMs, task) {
    return new Delay(delayMs, task);
  },
  every(intervalMs, task) {
    const handle = setInterval(task, Math.min(intervalMs, DELAY_MS_MAX));
    return { cancel: () => clearInterval(handle) };
  },
};

/**
 * Names the stretch during which `monotonicMs` counts from one origin: the kernel's boot identifier.
 * Empty where the system has none; monotonic times kept on disk are then worth nothing.
 */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
