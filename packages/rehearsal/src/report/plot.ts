/**
 * Small line plots as inline SVG: time across, one measure up, nothing else. Each line is told by its
 * colour and by its dashes, and has its figures in a table beneath. Pure.
 */
import { html, type Markup, NOTHING } from './html.ts';

export interface Series {
  readonly label: string;
  /** As many as there are times; null where nothing was measured. */
  readonly values: readonly (number | null)[];
}

export interface Plot {
  readonly id: string;
  readonly title: string;
  /** What one looks at, in a sentence for who does not see it. */
  readonly about: string;
  readonly series: readonly Series[];
  /** Seconds since the beginning, ascending. */
  readonly timesS: readonly number[];
  /** Vertical marks. */
  readonly marks: readonly { readonly atS: number; readonly label: string }[];
  /** A value as people read it, unit included. */
  readonly value: (value: number) => string;
}

export interface PlotWords {
  readonly figures: string;
  readonly noSamples: string;
  readonly time: string;
}

const WIDTH = 480;
const HEIGHT = 190;
const LEFT = 58;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 24;
const STEPS = 4;
/** Rows of the table beneath a plot. */
const ROWS_MAX = 24;

export function renderPlot(plot: Plot, words: PlotWords): Markup {
  const { id, title, about, series, timesS } = plot;
  const legend = series.map(
    ({ label }, index) =>
      html`<li><svg class="key" viewBox="0 0 24 8" aria-hidden="true"><path class="line line-${index}" d="M0 4H24"/></svg>${label}</li>`,
  );
  const empty = timesS.length < 2;
  return html`<figure class="plot" aria-labelledby="${id}-title">
<figcaption id="${id}-title">${title}</figcaption>
<ul class="legend">${legend}</ul>
${empty ? html`<p class="soft">${words.noSamples}</p>` : drawing(plot, about)}
${empty ? NOTHING : figures(plot, words)}
</figure>
`;
}

function drawing(plot: Plot, about: string): Markup {
  const { id, title, series, timesS, marks, value } = plot;
  const endS = timesS.at(-1) ?? 1;
  const top = niceTop(
    Math.max(0, ...series.flatMap(({ values }) => values.map((one) => one ?? 0))),
  );
  const x = (atS: number): number => LEFT + (atS / endS) * (WIDTH - LEFT - RIGHT);
  const y = (of: number): number => HEIGHT - BOTTOM - (of / top) * (HEIGHT - TOP - BOTTOM);
  const across = Array.from({ length: STEPS + 1 }, (_, step) => {
    const of = (top * step) / STEPS;
    return html`<path class="grid" d="M${LEFT} ${fixed(y(of))}H${WIDTH - RIGHT}"/><text x="${LEFT - 6}" y="${fixed(y(of) + 4)}" text-anchor="end">${value(of)}</text>`;
  });
  const along = Array.from({ length: STEPS + 1 }, (_, step) => {
    const atS = (endS * step) / STEPS;
    const anchor = step === 0 ? 'start' : step === STEPS ? 'end' : 'middle';
    return html`<text x="${fixed(x(atS))}" y="${HEIGHT - 6}" text-anchor="${anchor}">${timeText(atS)}</text>`;
  });
  const events = marks
    .filter(({ atS }) => atS <= endS)
    .map(
      ({ atS, label }) =>
        html`<path class="mark" d="M${fixed(x(atS))} ${TOP}V${HEIGHT - BOTTOM}"><title>${timeText(atS)} ${label}</title></path>`,
    );
  // The first is drawn last, and so lies on top.
  const lines = series
    .map(
      ({ values }, index) =>
        html`<path class="line line-${index}" d="${pathOf(values, timesS, x, y)}"/>`,
    )
    .reverse();
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-name ${id}-about"><title id="${id}-name">${title}</title><desc id="${id}-about">${about}</desc>${across}${along}${events}${lines}</svg>`;
}

/** A table of the same values, each row the highest within its part of the time. */
function figures({ title, series, timesS, value }: Plot, words: PlotWords): Markup {
  const each = Math.ceil(timesS.length / ROWS_MAX);
  const rows: Markup[] = [];
  for (let at = 0; at < timesS.length; at += each) {
    const cells = series.map(({ values }) => {
      const found = values.slice(at, at + each).filter((one) => one !== null);
      return html`<td>${found.length === 0 ? '–' : value(Math.max(...found))}</td>`;
    });
    rows.push(html`<tr><th scope="row">${timeText(timesS[at] ?? 0)}</th>${cells}</tr>`);
  }
  const heads = series.map(({ label }) => html`<th scope="col">${label}</th>`);
  return html`<details><summary>${words.figures}</summary><div class="scroll"><table><caption class="hidden">${title}</caption><thead><tr><th scope="col">${words.time}</th>${heads}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function pathOf(
  values: readonly (number | null)[],
  timesS: readonly number[],
  x: (atS: number) => number,
  y: (of: number) => number,
): string {
  let path = '';
  let drawn = false;
  for (const [index, of] of values.entries()) {
    if (of === null) {
      drawn = false;
      continue;
    }
    path += `${drawn ? 'L' : 'M'}${fixed(x(timesS[index] ?? 0))} ${fixed(y(of))}`;
    drawn = true;
  }
  return path;
}

/** A number at or above `highest` that reads well when it is cut in four. */
export function niceTop(highest: number): number {
  if (!(highest > 0)) return STEPS;
  const unit = 10 ** Math.floor(Math.log10(highest));
  const step = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((each) => each * unit >= highest);
  return (step ?? 10) * unit;
}

/** `4:05`, `1:02:03`. */
export function timeText(atS: number): string {
  const whole = Math.round(atS);
  const two = (part: number): string => String(part).padStart(2, '0');
  const minutes = Math.floor(whole / 60);
  return whole < 3_600
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

function fixed(value: number): string {
  return String(Math.round(value * 10) / 10);
}
