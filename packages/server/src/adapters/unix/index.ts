export { UnixControl } from './control-client.ts';
export { UnixFeed } from './feed-client.ts';
export { UnixInput } from './input-client.ts';
export { type ProgrammeEnd, UnixServer } from './server.ts';
