/** What is not needed to be heard, in a chunk of its own: checks, measurements, files on air, the screen. */
export { decodeFile, PlayingClip } from './air.ts';
export { QualityMeter } from './quality.ts';
export { testConnectivity } from './self-test.ts';
export { recordSoundCheck } from './sound-check.ts';
export { holdAwake } from './wake-lock.ts';
