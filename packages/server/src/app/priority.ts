/**
 * On a machine that is full, the clock and the voices come before the crowd: programme and stage ask the
 * system for a higher priority. Root and `CAP_SYS_NICE` get it; where it is refused the system's own
 * fairness stands, which wakes a process that mostly sleeps early.
 */
import { setPriority } from 'node:os';
import type { Role } from './messages.ts';

const NICENESS: Readonly<Partial<Record<Role, number>>> = { programme: -10, stage: -8 };

/** @returns whether the system gave this process the priority of its role */
export function takePriority(role: Role): boolean {
  const niceness = NICENESS[role];
  if (niceness === undefined) return true;
  try {
    setPriority(niceness);
    return true;
  } catch {
    return false;
  }
}
