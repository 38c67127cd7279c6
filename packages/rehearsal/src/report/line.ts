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
  // A column for each crowd: they are few, and what is told of them is much.
  const rows: readonly (readonly [string, (crowd: CrowdResult) => string])[] = [
    [words.visitors, (crowd) => say.whole(crowd.visitors)],
    [words.inAtOnce, (crowd) => inAtOnce(crowd, say.whole)],
    [words.reachedRow, (crowd) => maybe(crowd.reachedP99Ms, say.ms)],
    [words.gaps, (crowd) => say.whole(crowd.gaps)],
    [words.goodput, (crowd) => say.span(crowd.goodputS)],
    [words.recovery, (crowd) => maybe(crowd.recoveryS, say.seconds)],
    [words.besideBefore, (crowd) => beside(crowd.before)],
    [words.besideDuring, (crowd) => beside(crowd.during)],
  ];
  const head = all.map(({ factor }) => html`<th scope="col">${say.short(factor)}</th>`);
  const body = rows.map(
    ([name, of]) =>
      html`<tr><th scope="row">${name}</th>${all.map((crowd) => html`<td>${of(crowd)}</td>`)}</tr>`,
  );
  return html`<h3>${words.crowdsHead}</h3><div class="scroll"><table><thead><tr><th scope="col">${words.factor}</th>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function inAtOnce(
  of: Pick<CrowdResult, 'listenersMax' | 'serverListenersMax'>,
  say: (value: number) => string,
): string {
  const { listenersMax, serverListenersMax } = of;
  return `${say(listenersMax)} · ${serverListenersMax === null ? '–' : say(serverListenersMax)}`;
}
