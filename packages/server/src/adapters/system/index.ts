export * from './clock.ts';
export * from './kernel.ts';
export * from './log.ts';
export * from './random.ts';
