export * from './jitter-buffer.ts';
