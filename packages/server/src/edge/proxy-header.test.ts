import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROXY_HEADER_BYTES_MAX, parseProxyHeader } from './proxy-header.ts';

const SIGNATURE = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

function header(commandByte: number, familyByte: number, rest: Uint8Array, length = rest.length) {
  const fixed = Buffer.from([commandByte, familyByte, length >> 8, length & 0xff]);
  return Buffer.concat([SIGNATURE, fixed, rest]);
}

const IPV4 = Buffer.from('c0000207cb007105ea6001bb', 'hex');
const IPV6 = Buffer.concat([
  Buffer.from('20010db8000000000000000000000007', 'hex'),
  Buffer.alloc(16),
  Buffer.from('ea6001bb', 'hex'),
]);

describe('a PROXY header', () => {
  test('names an IPv4 client, and where its own bytes begin', () => {
    const bytes = Buffer.concat([header(0x21, 0x11, IPV4), Buffer.from('GET /')]);
    expect(parseProxyHeader(bytes)).toEqual({ bytes: 28, address: '192.0.2.7' });
  });

  test('names an IPv6 client', () => {
    expect(parseProxyHeader(header(0x21, 0x21, IPV6))).toEqual({
      bytes: 52,
      address: '2001:db8:0:0:0:0:0:7',
    });
  });

  test('that speaks for the balancer itself names nobody', () => {
    expect(parseProxyHeader(header(0x20, 0x00, Buffer.alloc(0)))).toEqual({
      bytes: 16,
      address: null,
    });
    expect(parseProxyHeader(header(0x20, 0x11, IPV4))).toEqual({ bytes: 28, address: null });
    expect(parseProxyHeader(header(0x21, 0x00, Buffer.alloc(4)))).toEqual({
      bytes: 20,
      address: null,
    });
  });

  test('may say more behind the addresses, up to a bound', () => {
    const more = Buffer.concat([IPV4, Buffer.alloc(PROXY_HEADER_BYTES_MAX - 28)]);
    expect(parseProxyHeader(header(0x21, 0x11, more))).toMatchObject({ address: '192.0.2.7' });
    const tooMuch = Buffer.concat([more, Buffer.alloc(1)]);
    expect(parseProxyHeader(header(0x21, 0x11, tooMuch))).toBe('malformed');
  });

  test.each([
    ['version 1', Buffer.from('PROXY TCP4 192.0.2.7 203.0.113.5 60000 443\r\n')],
    ['no header', Buffer.from('GET /live/evening HTTP/1.1\r\n')],
    ['a TLS hello', Buffer.from('16030100c8010000c40303', 'hex')],
    ['another version', header(0x31, 0x11, IPV4)],
    ['another command', header(0x22, 0x11, IPV4)],
    ['another family', header(0x21, 0x41, IPV4)],
    ['another transport', header(0x21, 0x13, IPV4)],
    ['addresses that are cut off', header(0x21, 0x11, IPV4.subarray(1))],
    ['a length beyond the bound', header(0x21, 0x11, IPV4, 65_535)],
  ])('is refused: %s', (_what, bytes) => {
    expect(parseProxyHeader(bytes)).toBe('malformed');
  });

  test('is the same in pieces as at once', () => {
    const arbitrary = fc.record({
      command: fc.constantFrom(0x20, 0x21),
      family: fc.constantFrom(0x00, 0x11, 0x12, 0x21, 0x31),
      rest: fc.uint8Array({ minLength: 216, maxLength: PROXY_HEADER_BYTES_MAX - 16 }),
      after: fc.uint8Array({ maxLength: 20 }),
    });
    fc.assert(
      fc.property(arbitrary, ({ command, family, rest, after }) => {
        const whole = header(command, family, rest);
        for (let end = 0; end < whole.length; end++)
          expect(parseProxyHeader(whole.subarray(0, end))).toBe('incomplete');
        const parsed = parseProxyHeader(Buffer.concat([whole, after]));
        expect(parsed).toMatchObject({ bytes: whole.length });
      }),
      { numRuns: 50 },
    );
  });

  test('of any bytes at all is decided within the bound, without reading beyond them', () => {
    const noise = fc.uint8Array({ maxLength: PROXY_HEADER_BYTES_MAX + 64 });
    const likely = fc
      .tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), noise)
      .map(([fixed, rest]) => Buffer.concat([SIGNATURE, fixed, rest]));
    fc.assert(
      fc.property(fc.oneof(noise, likely), (bytes) => {
        const parsed = parseProxyHeader(bytes);
        if (bytes.length >= PROXY_HEADER_BYTES_MAX) expect(parsed).not.toBe('incomplete');
        if (typeof parsed === 'object') {
          expect(parsed.bytes).toBeLessThanOrEqual(Math.min(bytes.length, PROXY_HEADER_BYTES_MAX));
        }
      }),
    );
  });
});
