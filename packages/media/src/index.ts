/** Pure media code: bytes in, bytes out; nothing here knows of sockets, files or clocks. */
export * from './clip/index.ts';
export * from './fmp4/index.ts';
export * from './hls/index.ts';
export * from './holding/index.ts';
export * from './jitter/index.ts';
export * from './loudness/index.ts';
export * from './mix/index.ts';
export * from './ogg/index.ts';
export * from './opus/index.ts';
export * from './rtp/index.ts';
