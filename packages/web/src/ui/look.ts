/** What the reader chose of the page's looks: fewer movements, dark or light. */

/** Told on `window` when colours change, to whoever paints on a canvas. */
export const THEME_EVENT = 'parterre-theme';

/** Whether the reader asked for less motion. */
export function prefersStillness(): boolean {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}

const LIGHT = '(prefers-color-scheme: light)';

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === 'dark' || chosen === 'light') return chosen === 'dark';
  return !matchMedia(LIGHT).matches;
}

/** Calls `changed` when the system's colours change. */
export function watchColours(changed: () => void): void {
  matchMedia(LIGHT).addEventListener('change', changed);
}
