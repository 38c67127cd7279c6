export { Feed, RING_RECORDS } from './feed.ts';
