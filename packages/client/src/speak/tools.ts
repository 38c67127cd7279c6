/** What a speaker uses now and then, in a chunk of its own: the checks and files on air. */
export { decodeFile, PlayingClip } from './air.ts';
export { testConnectivity } from './self-test.ts';
export { recordSoundCheck } from './sound-check.ts';
