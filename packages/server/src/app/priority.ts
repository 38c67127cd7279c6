/**
 * On a machine that is full, the clock and the voices come before the crowd: programme and stage ask the
 * system for a higher priority. Root and `CAP_SYS_NICE` get it; where it is refused the system's own
 * fairness stands, which wakes a process that mostly sleeps early.
 */
import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Role } from './messages.ts';

/** Linux with `sched_autogroup_enabled` weighs sessions first, and each process here is one (sched(7)). */
const SESSION_NICENESS = '/proc/self/autogroup';
const NICENESS: Readonly<Partial<Record<Role, number>>> = { programme: -10, stage: -8 };

/** @returns whether the system gave this process the priority of its role */
export function takePriority(role: Role): boolean {
  const niceness = NICENESS[role];
  if (niceness === undefined) return true;
  try {
    setPriority(niceness);
  } catch {
    return false;
  }
  try {
    writeFileSync(SESSION_NICENESS, String(niceness));
  } catch {
    // Without autogroups the niceness of the process is what counts.
  }
  return true;
}
