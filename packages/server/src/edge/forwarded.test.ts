import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseForwarded } from './forwarded.ts';

describe('Forwarded', () => {
  test.each([
    ['for=192.0.2.43', '192.0.2.43', null, null],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17', null, null],
    ['for=192.0.2.60;proto=https;by=203.0.113.43', '192.0.2.60', 'https', null],
    ['for=192.0.2.43, for=198.51.100.17', '198.51.100.17', null, null],
    [
      'for="192.0.2.43:47011";host="live.example.org:8443"',
      '192.0.2.43',
      null,
      'live.example.org:8443',
    ],
    ['for=1.2.3.4;proto=https, for=unknown', null, null, null],
    ['for=_hidden, for=_SEVKISEK', null, null, null],
    ['for="\\1\\92.0.2.43"', '192.0.2.43', null, null],
    ['proto=gopher', null, null, null],
    [' for=192.0.2.43 ; ; proto=HTTP ,', null, null, null],
    ['', null, null, null],
  ])('%s', (field, address, proto, host) => {
    expect(parseForwarded(field)).toEqual({ address, proto, host });
  });

  test.each([
    'for=[2001:db8::1]',
    'for="192.0.2.43',
    'for=192.0.2.43; for=192.0.2.44',
    'for = 192.0.2.43',
    '192.0.2.43',
    'for=1.2.3.4, for="a\\"',
    `for=${'1'.repeat(3_000)}`,
  ])('is nothing when malformed: %s', (field) => {
    expect(parseForwarded(field)).toBeNull();
  });

  test('whatever comes before, the last element counts', () => {
    const element = fc.constantFrom('for=6.6.6.6', 'for="[::1]";proto=http', 'for=unknown', '');
    fc.assert(
      fc.property(fc.array(element, { maxLength: 10 }), (before) => {
        const field = [...before, 'for=192.0.2.7;proto=https'].join(', ');
        expect(parseForwarded(field)).toMatchObject({ address: '192.0.2.7', proto: 'https' });
      }),
    );
  });

  test('any text is read in bounded time and never throws', () => {
    const piece = fc.oneof(fc.string(), fc.constantFrom('for=', '"', '\\', ';', ',', '[', ' '));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 200 }), (pieces) => {
        parseForwarded(pieces.join(''));
      }),
    );
  });
});
