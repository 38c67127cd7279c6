/**
 * How somebody who looks elsewhere learns that it is their turn: a gong from the element that their first
 * press unlocked, the page's title, and a notification where they wished for one.
 */

import { playIn, silence } from './element.ts';

/** Android's browsers have the permission but give notifications to service workers alone. */
const HAS = typeof Notification === 'function' && !/Android/.test(navigator.userAgent);

/** It can be asked for. */
export function canTell(): boolean {
  return HAS && Notification.permission === 'default';
}

/** It was wished for. */
export function tells(): boolean {
  return HAS && Notification.permission === 'granted';
}

export async function askToTell(): Promise<void> {
  await Notification.requestPermission().catch(() => {});
}

/** Stays until it is pressed or the page is looked at. */
export function tell(title: string, body: string): void {
  if (!tells() || !document.hidden) return;
  try {
    const notification = new Notification(title, { body, tag: 'parterre turn' });
    const over = (): void => notification.close();
    notification.onclick = () => {
      window.focus();
      over();
    };
    document.addEventListener('visibilitychange', over, { once: true });
  } catch {
    // The title and the sound say it too.
  }
}

/** Two strokes of a small gong: partials as multiples of the stroke's pitch. */
const PARTIALS = [1, 2.76, 5.4] as const;
const STROKES = [
  [0, 392],
  [0.34, 523],
] as const;
const GONG_S = 1.1;
const LOUDNESS = 0.28;

function strike(atS: number): number {
  let sum = 0;
  for (const [fromS, pitchHz] of STROKES) {
    const t = atS - fromS;
    if (t < 0) continue;
    for (const [order, partial] of PARTIALS.entries())
      sum +=
        (Math.sin(2 * Math.PI * pitchHz * partial * t) * Math.exp(-t * (4 + order * 5))) /
        (order + 1);
  }
  return Math.max(-1, Math.min(1, sum / 2)) * Math.min(1, atS * 200) * LOUDNESS;
}

/** Resolves when the gong is over, or was not allowed. */
export async function strikeGong(element: HTMLAudioElement): Promise<void> {
  await silence();
  playIn(element, GONG_S, strike).catch(() => {});
  await silence();
}
