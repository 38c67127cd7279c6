import { describe, expect, it } from 'vitest';
import { elsewhereText, momentIn, ownZone, placeOf, zoneChoices } from './zone.ts';

describe('time zones', () => {
  it('finds the moment a wall in a zone shows a time, summer and winter', () => {
    for (const [zone, wall, utc] of [
      ['Europe/Paris', '2027-06-01T20:00', '2027-06-01T18:00:00Z'],
      ['Europe/Paris', '2027-12-01T20:00', '2027-12-01T19:00:00Z'],
      ['Asia/Kolkata', '2027-01-01T00:10', '2026-12-31T18:40:00Z'],
      ['America/St_Johns', '2027-07-01T12:00', '2027-07-01T14:30:00Z'],
      ['UTC', '2027-07-01T12:00', '2027-07-01T12:00:00Z'],
    ] as const) {
      expect(momentIn(zone, wall)).toBe(Date.parse(utc));
    }
    for (const wall of ['', 'tomorrow', '2027-13-01T10:00']) {
      expect(momentIn('UTC', wall)).toBeNull();
    }
    expect(momentIn('Mars/Base', '2027-06-01T20:00')).toBeNull();
  });

  it('says the time elsewhere only where it is another one', () => {
    const at = Date.parse('2027-06-01T18:00:00Z');
    expect(elsewhereText(at, 'Europe/Paris', 'en', 'Europe/Rome')).toBeNull();
    expect(elsewhereText(at, 'Mars/Base', 'en', 'UTC')).toBeNull();
    expect(elsewhereText(at, 'Europe/Paris', 'en', 'UTC')).toMatch(/Tuesday 1 June.*20:00/);
    expect(elsewhereText(at, 'Asia/Tokyo', 'fr', 'UTC')).toMatch(/mercredi 2 juin.*3:00/);
  });

  it('offers the reader’s own zone first, each once, by the names people say', () => {
    const zones = zoneChoices();
    expect(zones[0]).toBe(ownZone());
    expect(new Set(zones).size).toBe(zones.length);
    expect(zones).toContain('UTC');
    expect(placeOf('America/Argentina/Buenos_Aires')).toBe('Buenos Aires');
    expect(placeOf('UTC')).toBe('UTC');
  });
});
