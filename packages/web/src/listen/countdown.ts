/** The countdown on the server's clock, and when the doors open: what is shown until a programme is on air. */
import type { PublicSpace, SpaceState } from '@parterre/protocol';
import type { Language } from '../i18n/language.ts';
import { type Child, h, redraw, type View } from '../ui/dom.ts';
import { countdownOf, dateText, spokenDuration } from '../ui/time.ts';
import { FOYER_WORDS } from './foyer-words.ts';

export interface Before {
  readonly space: PublicSpace;
  /** As the programme says it, which may be newer than the space's own. */
  readonly state: SpaceState;
  readonly nowMs: number;
}

/** For so long after the start it is "any moment now", ms. */
const ANY_MOMENT_MS = 15_000;

/** Fetched where a start was announced in a zone: most readers are in it. */
let zones: typeof import('../ui/zone.ts') | null = null;

/** The start as it was announced elsewhere; null where the reader's wall shows the same. */
function announced(space: PublicSpace, language: Language): string | null {
  const { startsAtMs, zone } = space;
  if (startsAtMs === null || zone == null || zone === '') return null;
  if (zones === null) {
    void import('../ui/zone.ts').then(
      (fetched) => {
        zones = fetched;
      },
      () => {},
    );
    return null;
  }
  const elsewhere = zones.elsewhereText(startsAtMs, zone, language);
  return elsewhere && FOYER_WORDS[language].announcedAs(elsewhere, zones.placeOf(zone));
}

export function countdownView(language: Language): View<Before> {
  const element = h('div', { class: 'countdown' });
  const late = h('p', { class: 'countdown-late', role: 'status' });
  const words = FOYER_WORDS[language];
  const show = ({ space, state, nowMs }: Before): void => {
    const { startsAtMs } = space;
    const leftMs = (startsAtMs ?? 0) - nowMs;
    if (startsAtMs === null) redraw(element, ...withoutTime(language, space, state, nowMs));
    else if (leftMs > 0) redraw(element, ...running(language, space, state, nowMs));
    else {
      const text = leftMs > -ANY_MOMENT_MS ? words.startingNow : words.overdue;
      if (late.textContent !== text) late.textContent = text;
      if (late.parentNode !== element) element.replaceChildren(late);
    }
  };
  return { element, show };
}

function running(
  language: Language,
  space: PublicSpace,
  state: SpaceState,
  nowMs: number,
): readonly Child[] {
  const words = FOYER_WORDS[language];
  const startsAtMs = space.startsAtMs ?? 0;
  const leftMs = startsAtMs - nowMs;
  const { days, hours, minutes, seconds } = countdownOf(leftMs);
  const figures: readonly (readonly [number, string])[] = [
    ...(days > 0 ? [[days, words.days(days)] as const] : []),
    ...(days > 0 || hours > 0 ? [[hours, words.hours(hours)] as const] : []),
    [minutes, words.minutes(minutes)],
    ...(days > 0 ? [] : [[seconds, words.seconds(seconds)] as const]),
  ];
  const elsewhere = announced(space, language);
  const doors = state === 'scheduled' && space.doorsAtMs < startsAtMs;
  return [
    soft(words.startsIn),
    h('p', { class: 'visually-hidden', role: 'timer' }, spokenDuration(leftMs, language)),
    h(
      'p',
      { class: 'countdown-figures figures', 'aria-hidden': 'true' },
      ...figures.map(([value, unit]) =>
        h('span', { class: 'countdown-figure' }, h('b', {}, String(value)), h('small', {}, unit)),
      ),
    ),
    soft(words.startsAt(dateText(startsAtMs, nowMs, language))),
    doors ? soft(words.doorsAt(dateText(space.doorsAtMs, nowMs, language))) : null,
    elsewhere === null ? null : soft(elsewhere),
  ];
}

/** Nothing to count down to: the host starts. */
function withoutTime(
  language: Language,
  space: PublicSpace,
  state: SpaceState,
  nowMs: number,
): readonly Child[] {
  const words = FOYER_WORDS[language];
  const doors = words.doorsAt(dateText(space.doorsAtMs, nowMs, language));
  return [
    h('p', { class: 'countdown-open' }, state === 'scheduled' ? doors : words.doorsOpen),
    soft(words.hostStarts),
  ];
}

function soft(text: string): HTMLElement {
  return h('p', { class: 'soft small' }, text);
}
