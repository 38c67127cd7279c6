export { DiskClips } from './disk-clips.ts';
export { DiskEntrants } from './disk-entrants.ts';
export { DiskLog } from './disk-log.ts';
export { DiskPlans } from './disk-plans.ts';
export { DiskRecordings } from './disk-recordings.ts';
export { DiskRemovals } from './disk-removals.ts';
