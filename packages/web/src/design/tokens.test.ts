import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

type Palette = ReadonlyMap<string, string>;

/** The custom properties of the rule that begins with `selector`. */
function paletteOf(selector: string): Palette {
  const from = CSS.indexOf(`${selector} {`);
  if (from < 0) throw new Error(`tokens.css has no rule ${selector}`);
  const body = CSS.slice(CSS.indexOf('{', from) + 1, CSS.indexOf('}', from));
  return new Map(
    [...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!]),
  );
}

/** Relative luminance (WCAG 2.2, §1.4.3). */
function luminance(hex: string): number {
  const channels = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255);
  const [r, g, b] = channels.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

function contrast(palette: Palette, front: string, back: string): number {
  const [a, b] = [front, back].map((name) => {
    const hex = palette.get(name);
    if (hex === undefined || !/^#[0-9a-f]{6}$/.test(hex)) throw new Error(`${name} is ${hex}`);
    return luminance(hex);
  });
  return (Math.max(a!, b!) + 0.05) / (Math.min(a!, b!) + 0.05);
}

const GROUNDS = ['--ground', '--ground-deep', '--panel'];
const TEXTS = ['--ink', '--ink-soft', '--accent-text', '--live', '--good', '--warn', '--bad'];
const ON_FILL = [
  ['--on-limelight', '--limelight'],
  ['--on-limelight', '--limelight-soft'],
  ['--on-live', '--live'],
] as const;

const DARK = paletteOf(':root');
const LIGHT = paletteOf(':root[data-theme="light"]');

describe('colours', () => {
  for (const [theme, palette] of [
    ['dark', DARK],
    ['light', LIGHT],
  ] as const) {
    it(`hold AA contrast for text, 4.5, in the ${theme} theme`, () => {
      for (const ground of GROUNDS)
        for (const text of TEXTS)
          expect(contrast(palette, text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(
            4.5,
          );
      for (const [front, fill] of ON_FILL)
        expect(contrast(palette, front, fill), `${front} on ${fill}`).toBeGreaterThanOrEqual(4.5);
    });

    it(`hold 3 for the edges of fields and buttons in the ${theme} theme`, () => {
      for (const ground of GROUNDS)
        expect(contrast(palette, '--line-strong', ground), ground).toBeGreaterThanOrEqual(3);
    });
  }

  it('are the same in light whether chosen or preferred', () => {
    expect(paletteOf(':root:not([data-theme="dark"])')).toEqual(LIGHT);
  });

  it('have a light value for every dark colour', () => {
    const colours = [...DARK].filter(([, value]) => value.startsWith('#')).map(([name]) => name);
    expect(colours.filter((name) => !LIGHT.has(name))).toEqual([]);
  });
});
