import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { issueCertificate } from '../certificate.ts';
import { brokenResult, fullResult, NOW_MS, SEED, SERVER, sampleResult } from '../result.fixture.ts';
import { signingKey } from '../signing.ts';
import { html } from './html.ts';
import { renderReport } from './index.ts';
import { niceTop, timeText } from './plot.ts';
import { REPORT_WORDS } from './words.ts';

const certificate = issueCertificate({
  key: signingKey(SEED),
  result: sampleResult(),
  server: SERVER,
  id: 'c'.repeat(16),
  issuer: 'https://live.example.org',
  broughtBy: 'owner',
  nowMs: NOW_MS,
});
const count = (page: string, pattern: RegExp): number => [...page.matchAll(pattern)].length;
/** What a reader sees: the page without its tags and style. */
const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

/** Every element is closed in order; void ones need not be. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [, close, name = '', own] of page.matchAll(/<(\/)?([a-z0-9]+)[^>]*?(\/)?>/gi)) {
    if (own === '/' || /^(meta|br|doctype)$/i.test(name)) continue;
    if (close === undefined) open.push(name);
    else if (open.pop() !== name) faults.push(name);
  }
  return [...faults, ...open];
}

describe('the report of a rehearsal', () => {
  const page = renderReport(sampleResult(), { certificate });

  it('[P8] is one page that needs nothing else', () => {
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|@import|url\(|\son[a-z]+=/i);
    expect(page).not.toMatch(/(?:src|href)=/);
    expect(unbalanced(page)).toEqual([]);
    expect(page.length).toBeLessThan(200_000);
    expect(page).toContain('prefers-color-scheme: light');
    expect(page).toContain('@media print');
  });

  it('[P2] tells of the line and of every crowd, in both languages, and only where there was one', () => {
    const english = textOf(renderReport(fullResult()));
    expect(english).toMatch(/The line More came than there were places for: 2,000\./);
    expect(english).toContain('18,969 · 603');
    expect(english).toContain('Times the capacity 1 3 10 Visitors 2,000 6,000 20,000');
    expect(english).toMatch(/without a gap 16.6 h 16.6 h 16.6 h Recovered after 0 s 26 s –/);
    expect(english).toMatch(/meanwhile: join p95, api p95 149 ms, –/);
    const french = renderReport(fullResult(), { language: 'fr' });
    expect(textOf(french)).toContain('Des foules de plusieurs tailles');
    for (const each of [english, textOf(french)])
      expect(each).not.toMatch(/undefined|NaN|\[object|null/);
    expect(unbalanced(french)).toEqual([]);
    expect(textOf(page)).not.toContain('The line');
  });

  it('[P8] says what held, with figures, and by whom it is certified', () => {
    const text = textOf(page);
    for (const said of [
      'Rehearsal report: steady',
      'Every promise held',
      '60,000 listeners at once and 1,500 joins a second were verified as held',
      'Gaps: chunks that never came',
      '✓ held',
      '1.06 s · 2.26 s',
      'cccccccccccccccc',
      '15 January 2027',
      'What was scarce: processor time.',
      '4, on the server’s own machine',
    ])
      expect(text).toContain(said);
    expect(text).not.toMatch(/undefined|NaN|\[object|null/);
  });

  it('tells of a promise that was broken, and of what happened when', () => {
    const text = textOf(renderReport(brokenResult()));
    expect(text).toContain('A promise was broken');
    expect(text).toContain('Four listeners heard a gap');
    expect(text).toContain('✗ broken');
    expect(text).toContain('2:00 An edge was killed.');
    expect(text).toContain('There is none for this rehearsal');
  });

  it('has a name, a description and a table for each plot, and headings in order', () => {
    expect(count(page, /<figure /g)).toBe(8);
    expect(
      count(page, /<svg viewBox="0 0 480 190" role="img" aria-labelledby="\w+-name \w+-about">/g),
    ).toBe(8);
    expect(count(page, /<details><summary>/g)).toBe(8);
    expect(count(page, /<h1>/g)).toBe(1);
    expect(page.indexOf('<h3>')).toBeGreaterThan(page.indexOf('<h2>'));
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, names = ''] of page.matchAll(/aria-labelledby="([^"]+)"/g))
      for (const name of names.split(' ')) expect(ids).toContain(name);
    for (const path of page.matchAll(/ d="([^"]*)"/g))
      expect(path[1]).toMatch(/^[MLHVhq0-9\s.,-]*$/);
  });

  it('speaks French, with the same parts', () => {
    const french = renderReport(brokenResult(), { certificate, language: 'fr' });
    expect(french).toContain('<html lang="fr">');
    expect(textOf(french)).toContain('Une promesse a été rompue');
    expect(textOf(french)).toContain('60 000 auditeurs à la fois');
    for (const tag of [/<figure /g, /<h2>/g, /<tr>/g])
      expect(count(french, tag)).toBe(count(renderReport(brokenResult(), { certificate }), tag));
    const keysOf = (words: object): string[] =>
      Object.entries(words).flatMap(([key, value]) =>
        typeof value === 'object' ? keysOf(value as object).map((each) => `${key}.${each}`) : [key],
      );
    expect(keysOf(REPORT_WORDS.fr)).toEqual(keysOf(REPORT_WORDS.en));
  });

  it('[P8] lets nothing that a rehearsal brought along be markup', () => {
    const evil = `"><script>alert(1)</script><img src=x onerror='1'>&\u0000`;
    const held = sampleResult();
    const hostile = renderReport(
      {
        ...held,
        outcome: 'void',
        reason: evil,
        target: { url: evil, space: evil, profile: evil },
        scenario: { ...held.scenario, name: evil, about: evil, text: evil },
        server: {
          ...SERVER,
          build: { version: evil, digest: evil },
          configuration: { [evil]: evil },
        },
        promises: [{ promise: 'P1', measure: evil, limit: 0, measured: 0, held: true }],
        events: [{ atS: 1, what: evil }],
      },
      { certificate: { ...certificate, payload: { ...certificate.payload, issuer: evil } } },
    );
    expect(hostile).not.toMatch(/<script|<img/);
    expect(hostile).not.toContain('\u0000');
    expect(hostile).toContain('&lt;script&gt;');
    expect(unbalanced(hostile)).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(html`<p title="${text}">${text}</p>`.text).toMatch(
          /^<p title="[^<>"]*">[^<>"]*<\/p>$/,
        );
      }),
    );
  });

  it('bears a rehearsal that measured nothing, and one of a day', () => {
    const empty = sampleResult({
      seconds: [],
      events: [],
      promises: [],
      server: null,
      cost: null,
      latencyMs: null,
      joinMs: null,
    });
    expect(count(renderReport(empty), /Nothing was measured\./g)).toBe(8);
    expect(unbalanced(renderReport(empty))).toEqual([]);
    const [second] = sampleResult().seconds;
    const seconds = Array.from({ length: 86_400 }, (_, atS) => ({
      ...second!,
      atS,
      gaps: atS % 2,
    }));
    const day = renderReport(sampleResult({ seconds }));
    expect(day.length).toBeLessThan(250_000);
    expect(day).toContain('23:57:00');
  });
});

it('scales begin at nothing and end at or a little above the highest value', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-9, max: 1e15, noNaN: true }), (highest) => {
      expect(niceTop(highest)).toBeGreaterThanOrEqual(highest * (1 - 1e-9));
      expect(niceTop(highest)).toBeLessThan(highest * 1.7);
    }),
  );
  expect([niceTop(0), niceTop(60_000), niceTop(1_530)]).toEqual([4, 60_000, 1_600]);
  expect([timeText(0), timeText(245), timeText(3_723)]).toEqual(['0:00', '4:05', '1:02:03']);
});
