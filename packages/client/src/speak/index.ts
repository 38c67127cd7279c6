/** Speaking: `speak()`, its types, and the error its calls throw. */
import { Speaker } from './speaker.ts';
import type { Speaking, SpeakOptions } from './types.ts';

export { SpeakError } from './failure.ts';
export type * from './types.ts';

/** Makes a speaker for a stage. Nothing is asked or sent before `openMicrophone()` or `join()`. */
export function speak(options: SpeakOptions): Speaking {
  return new Speaker(options);
}
