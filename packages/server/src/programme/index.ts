export { noMeter, type ProgrammeMeter } from './meter.ts';
export type { ProgrammeMixer } from './on-air.ts';
export { Programme } from './programme.ts';
