/**
 * An announced start as people write it: a date and a time on the wall clock of a named time zone. Pure but
 * for the runtime's zone rules. Refused with `bad_request`, naming the field: a zone that does not exist, a
 * day that does not, and a time that the zone leaves out or has twice because its clocks are moved.
 */
import { ParterreError } from '@parterre/protocol';

interface Announcement {
  readonly startsAtMs?: number | null;
  /** `2026-12-04T20:00` on the wall in `zone`. */
  readonly startsAt?: string;
  readonly zone?: string | null;
}

/** The same with the moment in place of the wall time; what was left out stays left out. */
export function announcedAt({ startsAtMs, startsAt, zone }: Announcement): {
  readonly startsAtMs?: number | null;
  readonly zone?: string | null;
} {
  const named = zone == null ? zone : zoneOf(zone);
  if (startsAt === undefined) {
    return {
      ...(startsAtMs === undefined ? {} : { startsAtMs }),
      // Without a start there is nothing to be told in a zone.
      ...(startsAtMs === null ? { zone: null } : named === undefined ? {} : { zone: named }),
    };
  }
  if (startsAtMs !== undefined) {
    throw new ParterreError('bad_request', 'startsAt and startsAtMs exclude each other.');
  }
  if (named == null) throw new ParterreError('bad_request', 'startsAt needs a zone.');
  return { startsAtMs: momentOf(startsAt, named), zone: named };
}

/** The zone's own spelling of its name. Offsets such as +02:00 are no zones: they do not know summer. */
function zoneOf(name: string): string {
  try {
    if (/^[A-Za-z]/.test(name))
      return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    // Said below.
  }
  throw new ParterreError('bad_request', 'zone is not the name of a time zone, as Europe/Paris.');
}

function momentOf(startsAt: string, zone: string): number {
  const wall = wallOf(startsAt);
  const [first, last] = (['earlier', 'later'] as const).map((disambiguation) =>
    wall.toZonedDateTime(zone, { disambiguation }),
  ) as [Temporal.ZonedDateTime, Temporal.ZonedDateTime];
  if (first.equals(last)) return first.epochMilliseconds;
  const why = first.toPlainDateTime().equals(wall) ? 'comes twice' : 'does not exist';
  throw new ParterreError(
    'bad_request',
    `startsAt ${why} in ${zone}, whose clocks are moved then; choose another time, or startsAtMs.`,
  );
}

function wallOf(startsAt: string): Temporal.PlainDateTime {
  try {
    return Temporal.PlainDateTime.from(startsAt, { overflow: 'reject' });
  } catch {
    throw new ParterreError('bad_request', 'startsAt is not a day and time of the calendar.');
  }
}
