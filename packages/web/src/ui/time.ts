/**
 * Times as people read them. Pure: the caller gives the time. Refuses nothing: a negative or broken
 * duration reads as zero.
 */
import type { Language } from '../i18n/language.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Nearer than this to its second is on it, ms. */
const ON_TIME_MS = 100;

const two = (value: number): string => String(value).padStart(2, '0');
const whole = (ms: number): number => (Number.isFinite(ms) && ms > 0 ? ms : 0);

/** `4:05`, `1:02:03`: a position or a length, rounded down. */
export function clockText(ms: number): string {
  const seconds = Math.floor(whole(ms) / SECOND_MS);
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`;
}

/** ISO 8601 duration for `<time datetime>`. */
export function isoDuration(ms: number): string {
  return `PT${Math.floor(whole(ms) / SECOND_MS)}S`;
}

/** What is left, as figures; rounded up, so that zero means now. */
export interface Countdown {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export function countdownOf(leftMs: number): Countdown {
  const ms = Math.ceil(whole(leftMs) / SECOND_MS) * SECOND_MS;
  return {
    days: Math.floor(ms / DAY_MS),
    hours: Math.floor(ms / HOUR_MS) % 24,
    minutes: Math.floor(ms / MINUTE_MS) % 60,
    seconds: Math.floor(ms / SECOND_MS) % 60,
  };
}

/** A length in words, for those who hear the page: "1 hour, 2 minutes". */
export function spokenDuration(ms: number, language: Language): string {
  const { days, hours, minutes, seconds } = countdownOf(ms);
  const figures: [number, string][] = [
    [days, 'day'],
    [hours, 'hour'],
    [minutes, 'minute'],
  ];
  const shown = figures.filter(([value]) => value > 0);
  if (days === 0 && hours === 0 && (seconds > 0 || shown.length === 0))
    shown.push([seconds, 'second']);
  return shown
    .map(([value, unit]) =>
      new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value),
    )
    .join(', ');
}

/** Day and time where the reader is: "Friday 4 December, 20:00". */
export function dateText(atMs: number, nowMs: number, language: Language): string {
  const at = new Date(atMs);
  const sameDay = at.toDateString() === new Date(nowMs).toDateString();
  const locale = language === 'fr' ? 'fr' : 'en-GB';
  return new Intl.DateTimeFormat(
    locale,
    sameDay
      ? { hour: 'numeric', minute: '2-digit', timeZoneName: 'short' }
      : {
          weekday: 'long',
          day: 'numeric',
          month: 'long',
          hour: 'numeric',
          minute: '2-digit',
          timeZoneName: 'short',
        },
  ).format(at);
}

/** How the start kept its time; null when none was announced, or somebody started before it. */
export function driftWord(
  words: { readonly startedOnTime: string; readonly startedLate: (seconds: string) => string },
  driftMs: number | null,
): string | null {
  if (driftMs === null || driftMs < -ON_TIME_MS) return null;
  if (driftMs < ON_TIME_MS) return words.startedOnTime;
  return words.startedLate((driftMs / SECOND_MS).toFixed(driftMs < 10 * SECOND_MS ? 1 : 0));
}
