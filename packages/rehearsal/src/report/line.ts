/** The report's part on a house with more visitors than places; nothing where there was no line. */
import type { CrowdResult, Neighbour } from '@parterre/protocol/rehearsal';
import { html, type Markup, NOTHING } from './html.ts';
import { type Page, table } from './sections.ts';

export function line({ result, words, say }: Page): Markup {
  const { line: of } = result;
  if (of.tickets === 0 && of.crowds.length === 0) return NOTHING;
  const pair = (a: number, b: number): string => `${say.whole(a)} · ${say.whole(b)}`;
  const capacity = of.capacity === null ? '–' : say.whole(of.capacity);
  return html`<section><h2>${words.line}</h2><p>${words.lineAbout(capacity)}</p>${table([
    [words.inAtOnce, inAtOnce(of, say.whole)],
    [words.tickets, pair(of.tickets, of.byTicket)],
    [words.looks, pair(of.polls, of.unanswered)],
    [words.gaveUp, say.whole(of.gaveUp)],
    [words.goodput, say.span(of.goodputS)],
  ])}${crowds(of.crowds, { words, say })}</section>
`;
}

function crowds(all: readonly CrowdResult[], { words, say }: Pick<Page, 'words' | 'say'>): Markup {
  if (all.length === 0) return NOTHING;
  const maybe = (value: number | null, text: (value: number) => string): string =>
    value === null ? '–' : text(value);
  const beside = (of: Neighbour | null): string =>
    of === null ? '–' : `${maybe(of.joinP95Ms, say.ms)}, ${maybe(of.apiP95Ms, say.ms)}`;
  const head = [
    words.factor,
    words.visitors,
    words.inAtOnce,
    words.reachedRow,
    words.gaps,
    words.goodput,
    words.recovery,
    words.besideHead,
  ].map((word) => html`<th scope="col">${word}</th>`);
  const rows = all.map(
    (crowd) =>
      html`<tr><th scope="row">${say.short(crowd.factor)}</th><td>${say.whole(crowd.visitors)}</td><td>${inAtOnce(crowd, say.whole)}</td><td>${maybe(crowd.reachedP99Ms, say.ms)}</td><td>${say.whole(crowd.gaps)}</td><td>${say.span(crowd.goodputS)}</td><td>${maybe(crowd.recoveryS, say.seconds)}</td><td>${beside(crowd.before)} · ${beside(crowd.during)}</td></tr>`,
  );
  return html`<h3>${words.crowdsHead}</h3><div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>`;
}

function inAtOnce(
  of: Pick<CrowdResult, 'listenersMax' | 'serverListenersMax'>,
  say: (value: number) => string,
): string {
  const { listenersMax, serverListenersMax } = of;
  return `${say(listenersMax)} · ${serverListenersMax === null ? '–' : say(serverListenersMax)}`;
}
