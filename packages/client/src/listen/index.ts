/** Listening: `listen()` and its types. */
import { Player } from './player.ts';
import type { Listening, ListenOptions } from './types.ts';

export type * from './types.ts';

/** Makes a listener of a space. Nothing is fetched or played before `play()`. */
export function listen(options: ListenOptions): Listening {
  return new Player(options);
}
