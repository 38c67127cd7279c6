import { describe, expect, it } from 'vitest';
import { createRequest } from './create-space.tsx';

describe('the form for a new space', () => {
  it('asks for what one field says and leaves the rest to the server', () => {
    const form = new FormData();
    form.set('title', '  An evening ');
    form.set('startsAt', '');
    form.set('zone', 'Europe/Paris');
    form.set('doorsMinutes', '10');
    expect(createRequest(form)).toEqual({
      title: 'An evening',
      profile: 'near',
      rendition: 'voice',
      holdingSound: false,
    });
  });

  it('carries time, host and sound when they are given', () => {
    const form = new FormData();
    for (const [name, value] of Object.entries({
      title: 'A',
      host: 'Ada',
      startsAt: '2026-12-04T20:00',
      zone: 'Europe/Paris',
      doorsMinutes: '15',
      profile: 'steady',
      rendition: 'music',
      holdingSound: 'on',
    }))
      form.set(name, value);
    expect(createRequest(form)).toEqual({
      title: 'A',
      host: 'Ada',
      startsAt: '2026-12-04T20:00',
      zone: 'Europe/Paris',
      doorsMinutes: 15,
      profile: 'steady',
      rendition: 'music',
      holdingSound: true,
    });
  });
});
