export { Feed, RING_RECORDS } from './feed.ts';
export { noMeter, type ProgrammeMeter } from './meter.ts';
export { Programme, type ProgrammeOptions } from './programme.ts';
