/** Who speaks while one waits, in words: asked for every few seconds while the page is looked at. */
import type { OnAir } from '@parterre/protocol';
import { retryAfterMs } from '../api/space-follower.ts';
import { ask, SpaceProblem } from '../api/space-now.ts';
import type { Language } from '../i18n/language.ts';
import { h, redraw, type View } from '../ui/dom.ts';
import { icon } from '../ui/shapes.ts';
import { LINE_WORDS, type LineWords } from './line-words.ts';

const ASK_MS = 4_000;
const ASK_SPREAD_MS = 3_000;

/** `show(false)` rests. */
export function onAirView(spaceId: string, language: Language): View<boolean> {
  const words = LINE_WORDS[language];
  const element = h('div', { class: 'on-stage' });
  let timer = 0;
  let failures = 0;
  let wanted = false;
  const look = async (): Promise<void> => {
    let waitMs = ASK_MS + Math.random() * ASK_SPREAD_MS;
    try {
      if (!document.hidden)
        draw(element, words, (await ask(`/spaces/${spaceId}/now.json`)) as OnAir);
      failures = 0;
    } catch (problem) {
      const askedMs = problem instanceof SpaceProblem ? problem.retryAfterMs : 0;
      waitMs = Math.max(waitMs, retryAfterMs(failures++, Math.random(), askedMs));
    }
    if (wanted) timer = window.setTimeout(look, waitMs);
  };
  return {
    element,
    show: (on) => {
      if (wanted === on) return;
      wanted = on;
      window.clearTimeout(timer);
      if (on) void look();
    },
    close: () => {
      wanted = false;
      window.clearTimeout(timer);
    },
  };
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
