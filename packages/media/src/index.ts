/** Pure media code: bytes in, bytes out; nothing here knows of sockets, files or clocks. */
export * from './fmp4/index.ts';
export * from './ogg/index.ts';
export * from './rtp/index.ts';
