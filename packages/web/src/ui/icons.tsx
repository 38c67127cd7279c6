/** The few drawings the pages need, in the text's colour and hidden from those who hear the page. */
import { FILLED, OUTLINE, SHAPES } from './shapes.ts';

const MORE_SHAPES = {
  pause: 'M8 6h3v12H8zM13 6h3v12h-3z',
  micOff:
    'M9 5.5A3 3 0 0 1 15 6v5M9 9v2a3 3 0 0 0 4.5 2.6M6 11a6 6 0 0 0 9.5 4.9M12 17v4M9 21h6M4 4l16 16',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  quiet: 'M4 10v4h3l5 4V6l-5 4zM16 10l4 4M20 10l-4 4',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9 16H3zM12 10v4.5M12 17.3v.2',
  note: 'M9 18V5.5l10-2V16M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
} as const;

const ALL = { ...SHAPES, ...MORE_SHAPES };

export function Icon({ name }: { name: keyof typeof ALL }) {
  const paint = FILLED.has(name) ? { fill: 'currentColor' } : OUTLINE;
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" {...paint}>
      <path d={ALL[name]} />
    </svg>
  );
}
