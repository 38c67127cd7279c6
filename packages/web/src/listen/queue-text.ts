/** What somebody in line is told: their place, how long it takes as a range, and why when that is later. */
import type { ListenState } from '@parterre/client';
import type { ListenWords } from './words.ts';

type Queued = Extract<ListenState, { phase: 'queued' }>;

const MINUTE_MS = 60_000;

export function queueText(words: ListenWords, { ahead, eta }: Queued): string {
  if (ahead === null) return words.queued;
  if (ahead === 0) return words.queueTurn;
  const sentences = [words.queueAhead(ahead)];
  if (eta === null) sentences.push(words.queueUnknown);
  else {
    const least = Math.max(1, Math.floor(eta.leastMs / MINUTE_MS));
    sentences.push(words.queueMinutes(least, Math.ceil(eta.mostMs / MINUTE_MS)));
    if (eta.why !== null) sentences.push(words.queueLater);
  }
  return [...sentences, words.queueStays].join(' ');
}
