/** The rules of a space, pure: who may come in, what a space is called, which states follow which. */
export { type Group, type GroupWish, regrouped } from './groups.ts';
export { iceServersOf } from './ice.ts';
export * from './life.ts';
export * from './pass.ts';
export * from './schedule.ts';
export { keyedDigest, keyedId, peek, seal, unseal } from './seal.ts';
export { groupOfSeatLink, type SeatLink, sealSeatLink } from './seat-link.ts';
export { slugCandidates } from './slug.ts';
export { plainText } from './words.ts';
export { announcedAt } from './zoned.ts';
