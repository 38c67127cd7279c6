export type { ProgrammeOptions } from './entry.ts';
export { Feed, RING_RECORDS } from './feed.ts';
export { noMeter, type ProgrammeMeter } from './meter.ts';
export type { CreateMixer, ProgrammeMixer } from './on-air.ts';
export { Programme } from './programme.ts';
