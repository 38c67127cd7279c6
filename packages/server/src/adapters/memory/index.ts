export { MemoryClips } from './memory-clips.ts';
export { MemoryEntrants } from './memory-entrants.ts';
export { MemoryLog } from './memory-log.ts';
export { MemoryPlans, MemoryRecordings } from './memory-plans.ts';
export { MemoryRemovals } from './memory-removals.ts';
