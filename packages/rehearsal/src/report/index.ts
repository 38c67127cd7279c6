/**
 * The report of a rehearsal as one HTML file: nothing is loaded from anywhere, no script is needed,
 * every plot has its figures beneath. Pure: the same result gives the same text. Whatever stands in the
 * result is text, never markup.
 */
import type { Certificate } from '@parterre/protocol/certificate';
import type { RehearsalResult } from '@parterre/protocol/rehearsal';
import { thinnedSeconds } from '../thinning.ts';
import { figuresIn } from './figures.ts';
import { html, NOTHING, trusted } from './html.ts';
import { line } from './line.ts';
import { plots } from './plots.ts';
import {
  certified,
  costs,
  events,
  mixers,
  type Page,
  percentiles,
  promises,
  setting,
  terms,
  tiles,
} from './sections.ts';
import { STYLE } from './style.ts';
import { REPORT_WORDS, type ReportLanguage } from './words.ts';

/** Points of a line; more would not be seen. */
const SAMPLES_MAX = 480;

export interface ReportOptions {
  readonly certificate?: Certificate | null;
  readonly language?: ReportLanguage;
}

const MARK = trusted(
  '<svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2.8" stroke-linecap="round"><path d="M7 6.5h18" stroke="var(--s0)" stroke-width="3.4"/><path d="M10.5 13.5q5.5 2.8 11 0"/><path d="M7 19q9 4.6 18 0" opacity=".75"/><path d="M3.5 24.6q12.5 6.4 25 0" opacity=".5"/></svg>',
);

/** @returns a whole HTML document */
export function renderReport(result: RehearsalResult, options: ReportOptions = {}): string {
  const { certificate = null, language = 'en' } = options;
  const words = REPORT_WORDS[language];
  const say = figuresIn(language);
  const seconds = thinnedSeconds(result.seconds, SAMPLES_MAX);
  const page: Page = { result, certificate, words, say };
  const title = words.title(result.scenario.name);
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="dark light">
<title>${title}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<div class="brand">${MARK}<span>Parterre</span></div>
<h1>${title}</h1>
<p class="soft">${words.of(result.target.url, result.target.space)}, ${say.time(result.beganAtMs)}</p>
<p class="verdict ${result.outcome}">${words.outcome[result.outcome]}</p>
${result.outcome === 'held' ? NOTHING : html`<p>${result.reason}</p>`}
${tiles(page)}${promises(page)}<section><h2>${words.course}</h2><div class="plots">${plots(page, seconds)}</div></section>
${line(page)}${percentiles(page)}${mixers(page)}${costs(page)}${events(page)}${setting(page)}${certified(page)}${terms(page)}</main>
</body>
</html>
`.text;
}
