/**
 * Who speaks while one waits, in words: asked for while the page is looked at, and no more often than how
 * the line stands, since a million may wait.
 */
import './people.css';
import type { Place } from '@parterre/client/waiting';
import type { OnAir } from '@parterre/protocol';
import { retryAfterMs } from '../api/space-follower.ts';
import { ask, SpaceProblem } from '../api/space-now.ts';
import type { Language } from '../i18n/language.ts';
import { h, redraw, type View } from '../ui/dom.ts';
import { icon } from '../ui/shapes.ts';
import { LINE_WORDS, type LineWords } from './line-words.ts';

const ASK_MS_MIN = 6_000;
const ASK_MS_MAX = 60_000;
const ASK_MS_UNKNOWN = 15_000;

/** `show(null)` rests. */
export function onAirView(spaceId: string, language: Language): View<Place | null> {
  const words = LINE_WORDS[language];
  const element = h('div', { class: 'on-stage' });
  let timer = 0;
  let failures = 0;
  let place: Place | null = null;
  const look = async (): Promise<void> => {
    let waitMs = askAgainMs(place) * (0.8 + 0.4 * Math.random());
    try {
      if (!document.hidden) draw(element, words, await ask<OnAir>(`/spaces/${spaceId}/now.json`));
      failures = 0;
    } catch (problem) {
      const askedMs = problem instanceof SpaceProblem ? problem.retryAfterMs : 0;
      waitMs = Math.max(waitMs, retryAfterMs(failures++, Math.random(), askedMs));
    }
    if (place !== null) timer = window.setTimeout(look, waitMs);
  };
  const show = (now: Place | null): void => {
    const rested = place === null;
    place = now;
    if (now === null) window.clearTimeout(timer);
    else if (rested) void look();
  };
  return { element, show, close: () => show(null) };
}

function askAgainMs(place: Place | null): number {
  const eta = place?.eta ?? null;
  if (eta === null) return ASK_MS_UNKNOWN;
  return Math.min(ASK_MS_MAX, Math.max(ASK_MS_MIN, eta.leastMs / 10));
}

function draw(element: HTMLElement, words: LineWords, { seats, speaking, holding }: OnAir): void {
  const people = seats.map((name) => {
    const speaks = speaking.includes(name);
    return h(
      'li',
      { class: speaks ? 'person person-speaking' : 'person' },
      icon(speaks ? 'speaker' : 'mic'),
      h('span', {}, name),
      h('span', { class: 'visually-hidden' }, speaks ? words.speaking : words.quietOnStage),
    );
  });
  redraw(
    element,
    h('h2', { class: 'on-stage-title' }, words.onStage),
    seats.length === 0 && holding ? h('p', { class: 'soft small' }, words.nobodyOnStage) : null,
    h('ul', { class: 'people' }, ...people),
  );
}
