/** Speakers' sessions: signalling, seats, forwarding, WHIP. */
export { Demo, type DemoVoice, packetsOf } from './demo.ts';
export { StageServer } from './http.ts';
export { Stage, type StageOptions } from './stage.ts';
export { Whip } from './whip.ts';
