export * from './codec.ts';
export * from './decoder-pool.ts';
export * from './packet.ts';
