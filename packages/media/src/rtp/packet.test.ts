import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AudioLevel,
  audioLevelElement,
  isRtcp,
  parseRtp,
  type RtpPacket,
  readAudioLevel,
  readElements,
  serializeRtp,
  writeElements,
} from './index.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint16 = fc.integer({ min: 0, max: 0xffff });

const arbitraryExtension = fc.record({
  profile: uint16,
  data: fc
    .array(fc.uint8Array({ minLength: 4, maxLength: 4 }), { maxLength: 5 })
    .map((words) => Uint8Array.from(words.flatMap((word) => [...word]))),
});

const arbitraryRtp: fc.Arbitrary<RtpPacket> = fc.record({
  payloadType: fc.integer({ min: 0, max: 127 }),
  marker: fc.boolean(),
  sequence: uint16,
  timestamp: uint32,
  ssrc: uint32,
  csrcs: fc.array(uint32, { maxLength: 15 }),
  extension: fc.option(arbitraryExtension),
  payload: fc.uint8Array({ maxLength: 200 }),
  padding: fc.integer({ min: 0, max: 255 }),
});

const hex = (text: string) => Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16));

describe('RTP packet', () => {
  it('reads a packet as Chromium sends it', () => {
    const packet = parseRtp(
      hex('90 ef 12 34 00 01 e2 40 de ad be ef be de 00 01 10 a3 00 00 fc ff fe'),
    );
    expect(packet).toMatchObject({
      payloadType: 111,
      marker: true,
      sequence: 0x1234,
      timestamp: 123_456,
      ssrc: 0xdead_beef,
      payload: hex('fc ff fe'),
    });
    expect(readAudioLevel(packet?.extension ?? null, 1)).toEqual({ voice: true, levelDbov: -35 });
    expect(readAudioLevel(packet?.extension ?? null, 2)).toBeNull();
  });

  it('comes back from its bytes as it went in', () => {
    fc.assert(
      fc.property(arbitraryRtp, (packet) => {
        expect(parseRtp(serializeRtp(packet))).toEqual(packet);
      }),
    );
  });

  it('is the same bytes when read and written again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        if (bytes.length > 0) bytes[0] = 0x80 | (bytes[0]! & 0x1f);
        const packet = parseRtp(bytes);
        if (packet !== null) expect(serializeRtp(packet)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses every cut of its header and never throws', () => {
    fc.assert(
      fc.property(arbitraryRtp, fc.nat(), (packet, place) => {
        const bytes = serializeRtp({ ...packet, padding: 0 });
        const headerBytes = bytes.length - packet.payload.length;
        expect(parseRtp(bytes.subarray(0, place % headerBytes))).toBeNull();
      }),
    );
  });

  it.each([
    ['another version', '40 6f 00 01 00 00 00 00 00 00 00 01'],
    ['more padding than bytes', 'a0 6f 00 01 00 00 00 00 00 00 00 01 05'],
    ['padding of nothing', 'a0 6f 00 01 00 00 00 00 00 00 00 01 00'],
    ['an extension beyond the end', '90 6f 00 01 00 00 00 00 00 00 00 01 be de 00 02 00 00 00 00'],
  ])('refuses %s', (_, text) => {
    expect(parseRtp(hex(text))).toBeNull();
  });

  it('refuses to write what has no room', () => {
    const packet = parseRtp(new Uint8Array(12).fill(0x80, 0, 1))!;
    expect(() => serializeRtp({ ...packet, csrcs: new Array(16).fill(1) })).toThrow(
      'at most 15 csrcs',
    );
    expect(() => serializeRtp({ ...packet, padding: 256 })).toThrow('at most 255 bytes of padding');
    const extension = { profile: 0xbede, data: new Uint8Array(3) };
    expect(() => serializeRtp({ ...packet, extension })).toThrow('whole words, got 3 bytes');
  });

  it('is told from RTCP on the same port', () => {
    expect(isRtcp(hex('80 c8'))).toBe(true);
    expect(isRtcp(hex('80 ef'))).toBe(false);
    expect(isRtcp(new Uint8Array())).toBe(false);
  });
});

describe('header extension', () => {
  const elements = (idMax: number, lengthMin: number, lengthMax: number) =>
    fc.array(
      fc.record({
        id: fc.integer({ min: 1, max: idMax }),
        data: fc.uint8Array({ minLength: lengthMin, maxLength: lengthMax }),
      }),
      { maxLength: 8 },
    );

  it('comes back in the one-byte form', () => {
    fc.assert(
      fc.property(elements(14, 1, 16), (list) => {
        const extension = writeElements(list);
        expect(extension.profile).toBe(0xbede);
        expect(readElements(extension)).toEqual(list);
      }),
    );
  });

  it('comes back in the two-byte form where the other is too small', () => {
    fc.assert(
      fc.property(elements(255, 0, 255), (list) => {
        const extension = writeElements([...list, { id: 15, data: new Uint8Array() }]);
        expect(extension.profile).toBe(0x1000);
        expect(readElements(extension).slice(0, -1)).toEqual(list);
      }),
    );
  });

  it('reads the examples of RFC 8285: padding inside, identifier 15 ends', () => {
    const data = hex('10 aa 21 bb bb 00 00 33 cc cc cc cc');
    expect(
      readElements({ profile: 0xbede, data }).map(({ id, data }) => [id, data.length]),
    ).toEqual([
      [1, 1],
      [2, 2],
      [3, 4],
    ]);
    expect(readElements({ profile: 0xbede, data: hex('10 aa f0 bb') })).toHaveLength(1);
    expect(readElements({ profile: 0x1005, data: hex('01 00 02 01 bb 00') })).toHaveLength(2);
    expect(readElements({ profile: 0xcafe, data })).toEqual([]);
  });

  it('never throws and never gives bytes that are not there', () => {
    fc.assert(
      fc.property(fc.constantFrom(0xbede, 0x1000, 0), fc.uint8Array(), (profile, data) => {
        const found = readElements({ profile, data });
        const bytes = found.reduce((sum, element) => sum + element.data.length, 0);
        expect(bytes).toBeLessThanOrEqual(data.length);
      }),
    );
  });

  it('refuses to write what has no room', () => {
    expect(() => writeElements([{ id: 0, data: new Uint8Array(1) }])).toThrow('id must be 1…255');
    expect(() => writeElements([{ id: 1, data: new Uint8Array(256) }])).toThrow('got 1 and 256');
  });

  it('carries an audio level', () => {
    const level = fc.record({ voice: fc.boolean(), levelDbov: fc.integer({ min: 0, max: 127 }) });
    fc.assert(
      fc.property(level, fc.integer({ min: 1, max: 14 }), ({ voice, levelDbov }, id) => {
        const written: AudioLevel = { voice, levelDbov: 0 - levelDbov };
        const extension = writeElements([audioLevelElement(id, written)]);
        expect(readAudioLevel(extension, id)).toEqual(written);
      }),
    );
  });
});
