/**
 * A place in line as it is shown: how many are before, how long it takes and why, how the draw went and how
 * to check it, and the wish to be told.
 */
import './line.css';
import type { Draw, Place } from '@parterre/client/waiting';
import type { Language } from '../i18n/language.ts';
import { type Child, h, redraw, type View } from '../ui/dom.ts';
import { icon } from '../ui/shapes.ts';
import { etaText, type Said, sayOf } from './line-text.ts';
import { LINE_WORDS, type LineWords } from './line-words.ts';
import { askToTell, canTell, tells } from './turn-call.ts';

export function lineView(spaceId: string, language: Language): View<Place> {
  const words = LINE_WORDS[language];
  const shown = h('div', { class: 'line' });
  const spoken = h('p', { class: 'visually-hidden', role: 'status' });
  const element = h('div', { class: 'line-frame' }, shown, spoken);
  const check = h('details');
  let said: Said | null = null;
  const show = (place: Place): void => {
    if (place.draw !== null) fillCheck(check, words, place.draw, spaceId);
    const bell = canTell() ? tellButton(words, () => show(place)) : null;
    const told = tells() ? soft(words.told) : null;
    const waits = place.ahead !== 0 && !place.working;
    redraw(
      shown,
      ...figures(words, place),
      ...drawn(words, place, check),
      waits ? (bell ?? told) : null,
    );
    const say = sayOf(words, place, said, Date.now());
    if (say === null) return;
    said = say;
    spoken.textContent = say.text;
  };
  return { element, show };
}

function figures(words: LineWords, place: Place): readonly Child[] {
  const { ahead, eta, draw, working, lapsed } = place;
  const anew = lapsed ? h('p', { class: 'line-anew' }, words.lapsed) : null;
  if (working) return [h('p', { class: 'line-word' }, words.working)];
  if (ahead === 0) return [h('p', { class: 'line-turn' }, words.turn)];
  if (ahead === null) {
    if (draw === null) return [anew, h('p', { class: 'line-word' }, words.finding)];
    return [];
  }
  return [
    anew,
    h(
      'p',
      { class: 'line-figure figures' },
      h('b', {}, String(ahead)),
      h('small', {}, words.before(ahead)),
    ),
    h('p', { class: 'line-eta' }, etaText(words, place)),
    eta?.why == null ? null : soft(words.later),
  ];
}

/** What was drawn, and what lets anybody check it. */
function drawn(words: LineWords, { draw, ahead }: Place, check: Element): readonly Child[] {
  if (draw === null || ahead === 0) return [];
  const { entrants, position, kept } = draw;
  if (position === null)
    return [h('p', { class: 'line-word' }, words.inDraw(entrants)), soft(words.lot)];
  return [
    soft(words.drawn(position, entrants)),
    kept === false ? h('p', { class: 'line-anew', role: 'alert' }, words.drawBroken) : null,
    check,
  ];
}

/** Stays the same element, so that it stays open. */
function fillCheck(check: Element, words: LineWords, draw: Draw, spaceId: string): void {
  redraw(
    check,
    h('summary', {}, words.drawCheck),
    h('p', {}, h('a', { href: `/gate/${spaceId}`, target: '_blank' }, words.drawProof)),
    soft(words.drawHint),
    h('code', {}, commandOf(spaceId, draw)),
  );
}

/** What recomputes the place, as it is typed. */
function commandOf(spaceId: string, { ticket, nonce }: Draw): string {
  const url = `${location.origin}/${spaceId}`;
  return `parterre lottery verify ${url} --ticket ${ticket} --nonce ${nonce}`;
}

function tellButton(words: LineWords, answered: () => void): HTMLElement {
  const onclick = () => void askToTell().then(answered);
  return h('button', { type: 'button', class: 'button', onclick }, icon('bell'), words.tellMe);
}

function soft(text: string): HTMLElement {
  return h('p', { class: 'soft small' }, text);
}
