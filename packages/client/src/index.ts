/**
 * The client SDK of Parterre: `listen()` to a space, `speak()` on its stage. No framework; the only
 * code it brings along is the protocol's constants and the fragment reader. The WebAssembly decoder is
 * a chunk of its own, fetched only where Media Source Extensions have no Opus.
 */
export type * from './listen/types.ts';
export type * from './speak/types.ts';

import type { Listening, ListenOptions } from './listen/types.ts';
import type { Speaking, SpeakOptions } from './speak/types.ts';

/** Makes a listener of a space. Nothing is fetched or played before `play()`. */
export declare function listen(options: ListenOptions): Listening;
/** Makes a speaker for a stage. Nothing is asked or sent before `openMicrophone()` or `join()`. */
export declare function speak(options: SpeakOptions): Speaking;
