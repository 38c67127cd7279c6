/** Solves one challenge beside the page: `WorkChallenge` in, the number out. */
import type { WorkChallenge } from '@parterre/protocol';
import { BITS_MAX, solutionIn } from './work.ts';

addEventListener('message', ({ data }: MessageEvent<WorkChallenge>) => {
  postMessage(solutionIn(data, 0, 2 ** (BITS_MAX + 4)));
});
