/** Against the test vectors of RFC 5769, and anything at all. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressBytes } from './address.ts';
import {
  isBindingRequest,
  isBindingSuccess,
  isProved,
  readBindingRequest,
  sealed,
  withMappedAddress,
  withTieBreaker,
} from './stun.ts';

const PWD = 'VOkJxbRl1RmTxUk/WvJxBt';
/** RFC 5769 §2.1. */
const REQUEST = Buffer.from(
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
  'hex',
);
/** RFC 5769 §2.2 and §2.3. */
const RESPONSE_4 = Buffer.from(
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96',
  'hex',
);
const RESPONSE_6 = Buffer.from(
  '010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c',
  'hex',
);
const TIE_BREAKER_AT = 52;
const INTEGRITY_AT = 76;

/** The vector as Chromium sends it through a relay by TCP. */
function tieless(): Buffer {
  const packet = Buffer.from(REQUEST);
  packet.fill(0, TIE_BREAKER_AT, TIE_BREAKER_AT + 8);
  Buffer.from(sealed(packet.subarray(0, INTEGRITY_AT), PWD)).copy(packet);
  return packet;
}

/** The last MESSAGE-INTEGRITY and FINGERPRINT stand where they do in every packet of ICE. */
const integrityAt = (packet: Buffer): number => packet.length - 32;

describe('STUN', () => {
  it('reads and proves the request of RFC 5769', () => {
    const request = readBindingRequest(REQUEST)!;
    expect(request).toEqual({
      ufrag: 'evtj',
      tieless: false,
      tieBreakerAt: TIE_BREAKER_AT,
      priorityAt: 44,
      integrityAt: INTEGRITY_AT,
    });
    expect(isProved(REQUEST, request.integrityAt, PWD)).toBe(true);
    expect(isProved(REQUEST, request.integrityAt, `${PWD}.`)).toBe(false);
    expect(isBindingRequest(RESPONSE_4)).toBe(false);
    expect(isBindingSuccess(RESPONSE_4)).toBe(true);
    expect(isProved(RESPONSE_4, integrityAt(RESPONSE_4), PWD)).toBe(true);
  });

  it('gives a request without a tie-breaker one, and proves it anew', () => {
    const packet = tieless();
    const request = readBindingRequest(packet)!;
    expect(request.tieless).toBe(true);
    const written = withTieBreaker(packet, request, PWD);
    const read = readBindingRequest(written)!;
    expect(read).toEqual({ ...request, tieless: false });
    expect(isProved(written, read.integrityAt, PWD)).toBe(true);
    expect(written.readBigUInt64BE(read.tieBreakerAt)).toBe(1n);
    expect(written.readUInt32BE(read.priorityAt)).toBe(1);
    expect(packet).toEqual(tieless());
  });

  it('seals as RFC 5769 does', () => {
    expect(sealed(Buffer.from(REQUEST.subarray(0, INTEGRITY_AT)), PWD)).toEqual(REQUEST);
  });

  it.each([
    ['192.0.2.1', RESPONSE_4, 8],
    ['2001:db8:1234:5678:11:2233:4455:6677', RESPONSE_6, 20],
  ])('tells the address %s as RFC 5769 does', (address, response, length) => {
    const told = withMappedAddress(response, addressBytes(address)!, 32_853, PWD);
    const attribute = response.subarray(36, 36 + 4 + length);
    expect(told.subarray(20, 24 + length)).toEqual(attribute);
    expect(told.subarray(8, 20)).toEqual(response.subarray(8, 20));
    expect(isProved(told, integrityAt(told), PWD)).toBe(true);
  });

  it('drops what is cut, stretched or not whole', () => {
    for (let length = 0; length < REQUEST.length; length += 1)
      expect(readBindingRequest(REQUEST.subarray(0, length))).toBeNull();
    expect(readBindingRequest(Buffer.concat([REQUEST, Buffer.alloc(4)]))).toBeNull();
    expect(readBindingRequest(RESPONSE_4)).toBeNull();
  });

  it('reads anything at all, and never proves what was changed', () => {
    const edits = fc.array(fc.tuple(fc.nat(REQUEST.length - 1), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    });
    const packets = fc.oneof(
      edits.map((changes) => {
        const packet = Buffer.from(REQUEST);
        for (const [at, by] of changes) packet[at]! ^= by;
        return packet;
      }),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => {
        const head = Buffer.from('000100002112a442', 'hex');
        const packet = Buffer.concat([head, Buffer.alloc(12), bytes]);
        packet.writeUInt16BE(bytes.length, 2);
        return packet;
      }),
      fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)),
    );
    fc.assert(
      fc.property(packets, (packet) => {
        const request = readBindingRequest(packet);
        if (request === null) return;
        const same = packet.subarray(0, 100).equals(REQUEST.subarray(0, 100));
        expect(isProved(packet, request.integrityAt, PWD)).toBe(same);
        const written = withTieBreaker(packet, request, PWD);
        expect(readBindingRequest(written)?.ufrag).toBe(request.ufrag);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('addresses as bytes', () => {
  it.each([
    ['192.0.2.1', [192, 0, 2, 1]],
    ['::1', [...Array(15).fill(0), 1]],
    ['fe80::1%eth0', [0xfe, 0x80, ...Array(13).fill(0), 1]],
    ['::ffff:192.0.2.1', [...Array(10).fill(0), 255, 255, 192, 0, 2, 1]],
    ['2001:db8::', [0x20, 1, 0xd, 0xb8, ...Array(12).fill(0)]],
    ['::', Array(16).fill(0)],
  ])('%s', (text, bytes) => {
    expect([...addressBytes(text)!]).toEqual(bytes);
  });

  it('knows no names', () => {
    expect(addressBytes('example.org')).toBeNull();
    expect(addressBytes('')).toBeNull();
  });

  it('takes every address there is', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(addressBytes(text)).toHaveLength(16);
      }),
    );
  });
});
