/**
 * The client SDK of Parterre: `listen()` to a space, `speak()` on its stage. No framework; the only
 * code it brings along is the protocol's constants and the fragment reader. The WebAssembly decoder is
 * a chunk of its own, fetched only where Media Source Extensions have no Opus.
 */
export * from './listen/index.ts';
export * from './speak/index.ts';
