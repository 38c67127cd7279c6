export * from './integrated.ts';
export * from './k-weighting.ts';
export * from './leveller.ts';
export * from './limiter.ts';
export * from './true-peak.ts';
