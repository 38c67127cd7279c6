/** Speakers' sessions: signalling, seats, forwarding, WHIP. */
export { StageServer } from './http.ts';
export { Stage, type StageOptions } from './stage.ts';
export { Whip } from './whip.ts';
