/** The few drawings the pages need, in the text's colour and hidden from those who hear the page. */
const SHAPES = {
  play: 'M8 5.5v13l10.5-6.5z',
  stop: 'M7 7h10v10H7z',
  pause: 'M8 6h3v12H8zM13 6h3v12h-3z',
  mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v4M9 21h6',
  micOff:
    'M9 5.5A3 3 0 0 1 15 6v5M9 9v2a3 3 0 0 0 4.5 2.6M6 11a6 6 0 0 0 9.5 4.9M12 17v4M9 21h6M4 4l16 16',
  link: 'M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3a4 4 0 0 0 5.7 5.7l1-1',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z',
  speaker: 'M4 10v4h3l5 4V6l-5 4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11',
  quiet: 'M4 10v4h3l5 4V6l-5 4zM16 10l4 4M20 10l-4 4',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  alert: 'M12 4l9 16H3zM12 10v4.5M12 17.3v.2',
  note: 'M9 18V5.5l10-2V16M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM19 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z',
} as const;

const FILLED: ReadonlySet<string> = new Set(['play', 'stop', 'pause']);

export function Icon({ name }: { name: keyof typeof SHAPES }) {
  const paint = FILLED.has(name)
    ? { fill: 'currentColor' }
    : {
        fill: 'none',
        stroke: 'currentColor',
        'stroke-width': 1.9,
        'stroke-linecap': 'round' as const,
        'stroke-linejoin': 'round' as const,
      };
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" {...paint}>
      <path d={SHAPES[name]} />
    </svg>
  );
}

/** The mark: a stage and its stalls. */
export function Mark() {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke-linecap="round">
      <path d="M7 6.5h18" stroke="var(--limelight)" stroke-width="3.4" />
      <g stroke="currentColor" stroke-width="2.8">
        <path d="M10.5 13.5q5.5 2.8 11 0" />
        <path d="M7 19q9 4.6 18 0" opacity="0.75" />
        <path d="M3.5 24.6q12.5 6.4 25 0" opacity="0.5" />
      </g>
    </svg>
  );
}
