/**
 * What who runs a house is told of a crowd: nothing while newcomers have the space's own, else the step that
 * they meet, why, and since when. Pure.
 */
import type { NowServing, OverflowWord } from '@parterre/protocol';
import type { Language } from '../i18n/language.ts';
import { dateText } from '../ui/time.ts';
import type { CrowdWords } from './words.ts';

/** An edge of before this word says none of it. */
export type ToldOverflow = Partial<OverflowWord>;

/** The step and its cause as sentences; null while all is ordinary. */
export function crowdText(
  words: CrowdWords,
  { overflow, overflowBy }: ToldOverflow,
): string | null {
  if (overflow === undefined || overflow === 'none') return null;
  const what = words.what[overflow];
  if (what === undefined) return null;
  const why = overflow === 'line' || overflowBy == null ? undefined : words.why[overflowBy];
  // What nobody hears needs no reassurance.
  const kept = overflow === 'flush' ? undefined : words.kept;
  return [why, what, kept].filter((sentence) => sentence !== undefined).join(' ');
}

/** Whether a newcomer notices it: only that is said aloud to who hears the page. */
export function isNoticed({ overflow = 'none' }: ToldOverflow): boolean {
  return overflow !== 'none' && overflow !== 'flush';
}

/** Since when, and how the line stands, as far as either is known; empty when nothing is. */
export function crowdFacts(
  words: CrowdWords,
  { overflow, overflowSinceMs }: ToldOverflow,
  line: Pick<NowServing, 'waiting' | 'perMinute'> | null,
  nowMs: number,
  language: Language,
): string {
  const facts: string[] = [];
  if (overflowSinceMs != null) facts.push(words.since(dateText(overflowSinceMs, nowMs, language)));
  if (overflow === 'line' && line !== null && line.waiting > 0) {
    facts.push(words.waiting(line.waiting));
    if (line.perMinute !== null && line.perMinute >= 1)
      facts.push(words.pace(Math.round(line.perMinute)));
  }
  return facts.join(' ');
}
