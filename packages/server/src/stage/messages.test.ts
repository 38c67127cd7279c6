import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMessage } from './messages.ts';

describe('parseMessage', () => {
  it('reads each message a page sends, and drops what it does not know', () => {
    for (const message of [
      { type: 'join', name: 'Ada', clientId: 'c-1', takeOver: false },
      { type: 'join', name: 'Ada', clientId: 'c-1', resume: 'abc', takeOver: true },
      { type: 'answer', offerId: 1, sdp: 'v=0' },
      { type: 'candidate', offerId: 1, candidate: 'candidate:1', mid: 'mic' },
      { type: 'reconnect' },
      { type: 'mute', muted: true },
      { type: 'place', seat: 's', place: 'green' },
      { type: 'silence', seat: 's' },
      { type: 'remove', seat: 's' },
      { type: 'leave' },
      { type: 'ping', t: 1.5 },
    ]) {
      expect(parseMessage(JSON.stringify({ ...message, more: 1 }))).toEqual(message);
    }
  });

  it('refuses anything else without a throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((json) => `{"type":${json}}`),
        ),
        (text) => {
          expect(parseMessage(text)).toBeNull();
        },
      ),
    );
    const types = fc.constantFrom('join', 'answer', 'candidate', 'mute', 'place', 'remove', 'ping');
    const keys = fc.constantFrom(
      'name',
      'clientId',
      'offerId',
      'sdp',
      'muted',
      'seat',
      'place',
      't',
    );
    fc.assert(
      fc.property(types, fc.dictionary(keys, fc.anything()), (type, fields) => {
        parseMessage(JSON.stringify({ ...fields, type }));
      }),
    );
    for (const hostile of [
      { type: 'join', name: 'x'.repeat(500), clientId: 'c' },
      { type: 'join', name: 'x', clientId: '../..' },
      { type: 'answer', offerId: -1, sdp: '' },
      { type: 'answer', offerId: 1.5, sdp: '' },
      { type: 'place', seat: 's', place: 'roof' },
    ]) {
      expect(parseMessage(JSON.stringify(hostile))).toBeNull();
    }
  });
});
