import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  arbitraryCuts,
  arbitraryDamage,
  arbitraryPacket,
  cut,
  damage,
  joined,
} from '../../test/arbitrary.ts';
import { pageChecksum } from './crc.ts';
import { type OggPart, OggReader, oggHeaders, PACKET_BYTES_MAX, writePage } from './index.ts';

const SERIAL = 7;
const headers = oggHeaders(2, SERIAL, { TITLE: 'Été', ARTIST: 'the host' });
/** Bytes of the page with OpusHead. */
const HEAD_PAGE_BYTES = 28 + 19;

function readAll(pieces: readonly Uint8Array[]): { parts: OggPart[]; reader: OggReader } {
  const reader = new OggReader();
  return { parts: pieces.flatMap((piece) => reader.push(piece)), reader };
}

function errorOf(...pieces: readonly Uint8Array[]): string {
  const last = readAll(pieces).parts.at(-1);
  return last?.kind === 'error' ? last.error.message : `no error but ${last?.kind}`;
}

const page = (packets: readonly Uint8Array[], pageSequence: number, flags = 0, serial = SERIAL) =>
  writePage({ packets, granule: 960 * pageSequence, serial, pageSequence, flags });

/** Changes bytes of a page and puts the right checksum in. */
function resealed(
  bytes: Uint8Array,
  ...changes: readonly (readonly [number, number])[]
): Uint8Array {
  const copy = damage(bytes, changes);
  new DataView(copy.buffer).setUint32(22, pageChecksum(copy), true);
  return copy;
}

/** One packet laid over pages of `segments` lacing values each, as other programs write large packets. */
function spread(packet: Uint8Array, segments: number, firstSequence: number): Uint8Array[] {
  const lacing = [
    ...Array.from({ length: Math.floor(packet.length / 255) }, () => 255),
    packet.length % 255,
  ];
  const pages: Uint8Array[] = [];
  let taken = 0;
  for (let at = 0; at < lacing.length; at += segments) {
    const row = lacing.slice(at, at + segments);
    const bytes = row.reduce((sum, value) => sum + value, 0);
    const last = at + segments >= lacing.length;
    const raw = new Uint8Array(27 + row.length + bytes);
    const view = new DataView(raw.buffer);
    view.setUint32(0, 0x4f676753);
    view.setUint8(5, at === 0 ? 0 : 1);
    view.setBigInt64(6, last ? 960n : -1n, true);
    view.setUint32(14, SERIAL, true);
    view.setUint32(18, firstSequence + pages.length, true);
    view.setUint8(26, row.length);
    raw.set(row, 27);
    raw.set(packet.subarray(taken, taken + bytes), 27 + row.length);
    taken += bytes;
    pages.push(resealed(raw, [4, 0]));
  }
  return pages;
}

describe('Ogg reader', () => {
  it('reads the headers', () => {
    const { parts, reader } = readAll([headers]);
    expect(parts).toEqual([
      {
        kind: 'head',
        head: { channels: 2, preSkip: 0, inputSampleRateHz: 48_000, outputGain: 0 },
        serial: SERIAL,
      },
      { kind: 'tags', tags: { vendor: 'parterre', comments: ['TITLE=Été', 'ARTIST=the host'] } },
    ]);
    expect(reader.atBoundary).toBe(true);
  });

  it('gives the same parts however the network cuts the stream', () => {
    const pages = fc.array(fc.array(arbitraryPacket, { minLength: 1, maxLength: 10 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(pages, arbitraryCuts, (rows, cuts) => {
        const stream = joined([headers, ...rows.map((row, index) => page(row, index + 2))]);
        const { parts } = readAll(cut(stream, cuts));
        expect(parts).toEqual(readAll([stream]).parts);
        const packets = parts.flatMap((part) => (part.kind === 'page' ? part.packets : []));
        expect(packets).toEqual(rows.flat());
      }),
    );
  });

  it('puts a packet together that runs over several pages', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 3_000 }),
        fc.integer({ min: 1, max: 4 }),
        arbitraryCuts,
        (packet, segments, cuts) => {
          const stream = joined([headers, ...spread(packet, segments, 2)]);
          const { parts, reader } = readAll(cut(stream, cuts));
          const pages = parts.flatMap((part) => (part.kind === 'page' ? [part] : []));
          expect(pages.flatMap((part) => part.packets)).toEqual([packet]);
          expect(pages.at(-1)?.granule).toBe(960);
          expect(pages.slice(0, -1).every((part) => part.granule === null)).toBe(true);
          expect(reader.atBoundary).toBe(true);
        },
      ),
    );
  });

  it('reads on where one stream of a chain ends and the next begins', () => {
    const end = page([Uint8Array.of(1)], 2, 4);
    const next = joined([oggHeaders(1, 8, {}), page([Uint8Array.of(2)], 2, 0, 8)]);
    const { parts } = readAll([headers, end, next]);
    expect(parts.map((part) => part.kind)).toEqual([
      'head',
      'tags',
      'page',
      'head',
      'tags',
      'page',
    ]);
  });

  it('never throws and ends after its first error, whatever bytes come', () => {
    const stream = joined([
      headers,
      page([Uint8Array.of(1, 2)], 2),
      ...spread(new Uint8Array(700), 1, 3),
    ]);
    fc.assert(
      fc.property(arbitraryDamage, arbitraryCuts, (changes, cuts) => {
        const { parts, reader } = readAll(cut(damage(stream, changes), cuts));
        if (!parts.some((part) => part.kind === 'error')) return;
        expect(parts.findIndex((part) => part.kind === 'error')).toBe(parts.length - 1);
        expect(reader.push(stream)).toEqual([]);
      }),
      { numRuns: 400 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void readAll([headers, bytes])),
    );
  });

  it('never throws on damage that the checksum does not show', () => {
    const head = headers.subarray(0, HEAD_PAGE_BYTES);
    const tags = headers.subarray(HEAD_PAGE_BYTES);
    fc.assert(
      fc.property(arbitraryDamage, (changes) => {
        readAll([resealed(head, ...changes)]);
        readAll([head, resealed(tags, ...changes)]);
        readAll([headers, resealed(page([Uint8Array.of(1)], 2), ...changes)]);
      }),
      { numRuns: 400 },
    );
  });

  it('holds a bounded number of bytes of a packet without end', () => {
    const endless = spread(new Uint8Array(PACKET_BYTES_MAX + 255), 255, 2);
    expect(errorOf(headers, ...endless)).toContain(
      `packet must have at most ${PACKET_BYTES_MAX} bytes`,
    );
  });
});

describe('Ogg reader names the field, the rule and the value', () => {
  const head = headers.subarray(0, HEAD_PAGE_BYTES);
  const tags = headers.subarray(HEAD_PAGE_BYTES);
  const sound = page([Uint8Array.of(1, 2, 3)], 2);
  const [open, rest] = spread(new Uint8Array(600), 1, 2);

  it.each([
    ['another format', [new Uint8Array(27)], 'page must begin with OggS, got 0'],
    ['another version', [resealed(head, [4, 1])], 'page.version must be 0, got 1'],
    ['a wrong checksum', [headers, damage(sound, [[29, 9]])], 'page.crc must be'],
    ['a stream without beginning', [sound], 'page.flags must begin a stream, got 0'],
    [
      'a beginning inside',
      [headers, head],
      'page.flags must not begin a stream inside another, got 2',
    ],
    ['another serial', [headers, page([], 2, 0, 9)], 'page.serial must be 7, got 9'],
    ['a continuation of nothing', [headers, rest!], 'page.flags must continue the packet before'],
    [
      'a packet without continuation',
      [headers, open!, sound],
      'page.flags must continue the packet before',
    ],
    [
      'an end inside a packet',
      [headers, resealed(open!, [5, 4])],
      'must not end the stream inside a packet',
    ],
    ['an empty first page', [page([], 0, 2)], 'OpusHead must end on the first page'],
    ['another codec', [resealed(head, [28, 0x6f])], 'OpusHead must be the first packet'],
    ['a newer version', [resealed(head, [36, 16])], 'OpusHead must have version 0 to 15, got 16'],
    ['surround', [resealed(head, [46, 1])], 'OpusHead must have mapping family 0, got 1'],
    ['three channels', [resealed(head, [37, 3])], 'OpusHead must have 1 or 2 channels, got 3'],
    ['no tags', [head, sound], 'OpusTags must be the second packet'],
    [
      'tags cut short',
      [head, page([tags.subarray(28, 44)], 1)],
      'OpusTags must hold vendor and count',
    ],
    [
      'two packets in a header page',
      [head, page([tags.subarray(28), Uint8Array.of(1)], 1)],
      'page of tags must end one packet only, got 2',
    ],
    [
      'a granule beyond 2^53',
      [headers, resealed(sound, [12, 0xff])],
      'page.granule must be below 2^53',
    ],
  ])('%s', (_, pieces, message) => {
    expect(errorOf(...pieces)).toContain(message);
  });
});
