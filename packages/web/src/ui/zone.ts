/**
 * Time zones as people meet them: the reader's own, the one a start is announced in, and a time on the wall
 * of either. For show: what is promised, the server works out itself. A zone this browser does not know
 * reads as none.
 */
import type { Language } from '../i18n/language.ts';

const MINUTE_MS = 60_000;

export function ownZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** All that this browser knows, its own first. */
export function zoneChoices(): readonly string[] {
  const known = Intl.supportedValuesOf('timeZone');
  return [...new Set([ownZone(), ...known, 'UTC'])];
}

/** `Europe/Paris` as people say it: Paris. */
export function placeOf(zone: string): string {
  return (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ');
}

/** Day and time on the wall in `zone`; null when the reader's wall shows the same, or the zone is not known. */
export function elsewhereText(
  atMs: number,
  zone: string,
  language: Language,
  own: string = ownZone(),
): string | null {
  try {
    if (offsetMs(atMs, zone) === offsetMs(atMs, own)) return null;
    return new Intl.DateTimeFormat(language === 'fr' ? 'fr' : 'en-GB', {
      weekday: 'long',
      day: 'numeric',
      month: 'long',
      hour: 'numeric',
      minute: '2-digit',
      timeZone: zone,
    }).format(atMs);
  } catch {
    return null;
  }
}

/**
 * The moment at which a wall in `zone` shows `wall` (`2026-12-04T20:00`), ms since the Unix epoch; null when
 * it is no such text. Where the clocks are moved it is one of the two that may be meant.
 */
export function momentIn(zone: string, wall: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(wall)) return null;
  const asUtcMs = Date.parse(`${wall}Z`);
  if (!Number.isFinite(asUtcMs)) return null;
  try {
    const nearMs = asUtcMs - offsetMs(asUtcMs, zone);
    return asUtcMs - offsetMs(nearMs, zone);
  } catch {
    return null;
  }
}

/** The zone's wall less UTC at that moment. @throws RangeError for a zone that is not known */
function offsetMs(atMs: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(atMs);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wallMs = Date.UTC(of('year'), of('month') - 1, of('day'), of('hour'), of('minute'));
  return wallMs - Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
}
