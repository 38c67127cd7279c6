export { DiskLog, type DiskLogOptions } from './disk-log.ts';
export { DiskPlans, type DiskPlansOptions } from './disk-plans.ts';
export { DiskRecordings } from './disk-recordings.ts';
