/** Numbers as people read them, in their language. Pure; broken numbers read as a dash. */
import type { ReportLanguage } from './words.ts';

export interface Figures {
  readonly whole: (value: number) => string;
  /** Three significant digits. */
  readonly short: (value: number) => string;
  readonly ms: (value: number) => string;
  readonly seconds: (value: number) => string;
  /** Seconds that many spent together: as seconds, minutes or hours. */
  readonly span: (value: number) => string;
  readonly bytes: (value: number) => string;
  readonly percent: (value: number) => string;
  /** In UTC, to the minute. */
  readonly time: (atMs: number) => string;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T', 'P'];
/** Beyond it a `Date` is none. */
const TIME_MS_MAX = 8.64e15;

export function figuresIn(language: ReportLanguage): Figures {
  const byte = language === 'fr' ? 'o' : 'B';
  const locale = language === 'fr' ? 'fr' : 'en-GB';
  const number = (digits: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, digits);
  const wholes = number({ maximumFractionDigits: 0 });
  const shorts = number({ maximumSignificantDigits: 3 });
  const percents = number({ style: 'percent', maximumSignificantDigits: 2 });
  const times = new Intl.DateTimeFormat(locale, {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'UTC',
  });
  const sound = (value: number, say: (value: number) => string): string =>
    Number.isFinite(value) ? say(value) : '–';
  const short = (value: number): string =>
    sound(value, (of) => (Math.abs(of) >= 1_000 ? wholes.format(of) : shorts.format(of)));
  return {
    whole: (value) => sound(value, (of) => wholes.format(of)),
    short,
    ms: (value) => (value >= 1_000 ? `${short(value / 1_000)}\u00a0s` : `${short(value)}\u00a0ms`),
    seconds: (value) =>
      value < 1 && value > 0 ? `${short(value * 1_000)}\u00a0ms` : `${short(value)}\u00a0s`,
    span: (value) => {
      if (!(value >= 120)) return `${short(value)}\u00a0s`;
      return value < 7_200 ? `${short(value / 60)}\u00a0min` : `${short(value / 3_600)}\u00a0h`;
    },
    bytes: (value) => {
      const power =
        value < 1 ? 0 : Math.min(PREFIXES.length - 1, Math.floor(Math.log10(value) / 3));
      return `${short(value / 1_000 ** power)}\u00a0${PREFIXES[power]}${byte}`;
    },
    percent: (value) => sound(value, (of) => percents.format(of)),
    time: (atMs) => sound(atMs, (of) => (of <= TIME_MS_MAX ? `${times.format(of)} UTC` : '–')),
  };
}
