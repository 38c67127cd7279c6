import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { systemClock, systemTimers } from './index.ts';

describe('systemClock', () => {
  it('is shared by the processes of one machine', () => {
    const before = systemClock.monotonicMs();
    const program = 'const [s,n]=process.hrtime();console.log(s*1000+n/1e6)';
    const theirs = Number(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' }));
    expect(theirs).toBeGreaterThanOrEqual(before);
    expect(theirs).toBeLessThanOrEqual(systemClock.monotonicMs());
  });
});

describe('systemTimers', () => {
  it('runs a task once, not before its time', async () => {
    const before = systemClock.monotonicMs();
    await new Promise<void>((resolve) => systemTimers.after(20, resolve));
    expect(systemClock.monotonicMs() - before).toBeGreaterThanOrEqual(18);
  });

  it('never runs a cancelled task', async () => {
    let ran = 0;
    const timer = systemTimers.after(1, () => ran++);
    const every = systemTimers.every(1, () => ran++);
    timer.cancel();
    every.cancel();
    timer.cancel();
    await new Promise<void>((resolve) => systemTimers.after(10, resolve));
    expect(ran).toBe(0);
  });

  it('does not fire a delay that setTimeout cannot hold', async () => {
    let ran = false;
    const timer = systemTimers.after(3e9, () => {
      ran = true;
    });
    await new Promise<void>((resolve) => systemTimers.after(10, resolve));
    expect(ran).toBe(false);
    timer.cancel();
  });
});
