/**
 * What somebody in line is told: what is shown, and what of it is said aloud to those who hear the page,
 * which is seldom: at first, at their turn and when that was missed, when it takes longer, and when half of
 * the line is gone. Pure.
 */
import type { Place } from '@parterre/client/waiting';
import type { LineWords } from './line-words.ts';

const MINUTE_MS = 60_000;
/** Nothing is said again within this, but the turn, ms. */
const QUIET_MS = 20_000;

/** How long it takes, in words. */
export function etaText(words: LineWords, { eta }: Place): string {
  if (eta === null) return words.etaUnknown;
  const least = Math.max(1, Math.floor(eta.leastMs / MINUTE_MS));
  return `${words.eta(least, Math.max(least, Math.ceil(eta.mostMs / MINUTE_MS)))}.`;
}

/** What was said last. */
export interface Said {
  readonly text: string;
  readonly ahead: number | null;
  readonly atMs: number;
}

/** @returns what to say now; null for silence */
export function sayOf(
  words: LineWords,
  place: Place,
  said: Said | null,
  nowMs: number,
): Said | null {
  const { ahead, eta, lapsed } = place;
  const text = textOf(words, place);
  const next = { text, ahead, atMs: nowMs };
  const again = lapsed ? { ...next, text: `${words.lapsed} ${text}` } : next;
  if (said === null) return again;
  if (said.text === text) return null;
  // Their turn, or that it was missed.
  if ((ahead === 0) !== (said.ahead === 0)) return again;
  const halved = said.ahead === null || (ahead !== null && ahead <= said.ahead / 2);
  const news = nowMs - said.atMs >= QUIET_MS && (halved || eta?.why != null);
  return news ? next : null;
}

function textOf(words: LineWords, place: Place): string {
  const { ahead, eta, draw, working } = place;
  if (working) return words.working;
  if (ahead === 0) return `${words.turn}.`;
  if (ahead === null) {
    if (draw === null) return words.finding;
    return draw.position === null ? words.inDraw(draw.entrants) : words.drawing;
  }
  const count = ahead === 1 ? words.next : `${ahead} ${words.before(ahead)}.`;
  const why = eta?.why == null ? '' : ` ${words.later}`;
  return `${count} ${etaText(words, place)}${why}`;
}
