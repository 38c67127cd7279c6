/** The drawings of the first page, as paths of 24 by 24; `icons.tsx` has the others. */
import { path, svg } from './dom.ts';

export const SHAPES = {
  play: 'M8 5.5v13l10.5-6.5z',
  stop: 'M7 7h10v10H7z',
  mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6',
  speaker: 'M4 10v4h3l5 4V6l-5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  bell: 'M6.5 16.5V11a5.5 5.5 0 0 1 11 0v5.5l1.5 1.5H5zM10 20.5a2 2 0 0 0 4 0',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
} as const;

export const FILLED: ReadonlySet<string> = new Set(['play', 'stop', 'pause']);

export const OUTLINE = {
  fill: 'none',
  stroke: 'currentColor',
  'stroke-width': '1.9',
  'stroke-linecap': 'round',
  'stroke-linejoin': 'round',
} as const;

export function icon(name: keyof typeof SHAPES): SVGElement {
  const paint = FILLED.has(name) ? { fill: 'currentColor' } : OUTLINE;
  return svg({ class: 'icon', ...paint }, path(SHAPES[name]));
}

/** The mark: a stage and its stalls. */
export function mark(): SVGElement {
  const row = (d: string, opacity: string) =>
    path(d, { stroke: 'currentColor', 'stroke-width': '2.8', opacity });
  return svg(
    { viewBox: '0 0 32 32', fill: 'none', 'stroke-linecap': 'round' },
    path('M7 6.5h18', { stroke: 'var(--limelight)', 'stroke-width': '3.4' }),
    row('M10.5 13.5q5.5 2.8 11 0', '1'),
    row('M7 19q9 4.6 18 0', '0.75'),
    row('M3.5 24.6q12.5 6.4 25 0', '0.5'),
  );
}
