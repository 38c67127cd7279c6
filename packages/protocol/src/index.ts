export { AUDIENCE_ERRORS, type AudienceErrorCode } from './audience-errors.ts';
export * from './errors.ts';
export * from './profile.ts';
export * from './rendition.ts';
export * from './signalling.ts';
export * from './snapshot.ts';
export * from './space.ts';
export * from './units.ts';
export * from './waiting.ts';
