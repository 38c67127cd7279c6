import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPacket, joined } from '../../test/arbitrary.ts';
import { decode, FFMPEG_MISSING, probe, sweepPackets, withFile } from '../../test/ffmpeg.ts';
import { dumpPages } from '../../test/page-dump.ts';
import { OggFileWriter, OggReader, oggHeaders, radioPage, writePage } from './index.ts';

const silence = Uint8Array.of(0xfc, 0xff, 0xfe);
const SERIAL = 0x70617274;

function record(packets: readonly Uint8Array[], channels: 1 | 2 = 1): Uint8Array {
  const writer = new OggFileWriter(channels, SERIAL, { TITLE: 'Opening night' });
  const pages = [writer.header(), ...packets.map((packet) => writer.add(packet)), writer.finish()];
  return joined(pages.filter((page) => page !== null));
}

/** Chunks of ten packets as a listener who joins at chunk `from` gets them. */
function radio(packets: readonly Uint8Array[], from: number): Uint8Array {
  const pages = [oggHeaders(1, SERIAL, { TITLE: 'Opening night' }, from)];
  for (let at = 0; at + 10 <= packets.length; at += 10) {
    pages.push(radioPage({ seq: from + at / 10, frames: packets.slice(at, at + 10) }, SERIAL));
  }
  return joined(pages);
}

describe('Ogg writer', () => {
  it('writes the radio lane as the golden file says', async () => {
    const stream = radio(
      Array.from({ length: 20 }, () => silence),
      500_000,
    );
    await expect(dumpPages(stream)).toMatchFileSnapshot('../../golden/radio.txt');
  });

  it('writes a file as the golden file says', async () => {
    const file = record(
      Array.from({ length: 53 }, () => silence),
      2,
    );
    await expect(dumpPages(file)).toMatchFileSnapshot('../../golden/file.txt');
  });

  it('has the checksum that RFC 3533 defines, computed a bit at a time', () => {
    fc.assert(
      fc.property(fc.array(arbitraryPacket, { maxLength: 5 }), fc.nat(), (packets, granule) => {
        const page = writePage({ packets, granule, serial: 3, pageSequence: 4, flags: 0 });
        expect(new DataView(page.buffer).getUint32(22, true)).toBe(bitwiseChecksum(page));
      }),
      { numRuns: 20 },
    );
  });

  it('numbers the pages of who joins in the middle without a break, beyond 2^32 too', () => {
    const packets = Array.from({ length: 40 }, () => silence);
    for (const from of [0, 500_000, 2 ** 32 - 3]) {
      const dump = dumpPages(radio(packets, from));
      const numbers = [...dump.matchAll(/page_sequence = (\d+)/g)].map((match) => Number(match[1]));
      expect(numbers).toEqual(numbers.map((_, index) => (from + index) % 2 ** 32));
    }
  });

  it('gives every listener the same bytes for the same chunk', () => {
    const frames = Array.from({ length: 10 }, () => silence);
    expect(radioPage({ seq: 9, frames }, 1)).toEqual(radioPage({ seq: 9, frames }, 1));
  });

  it('refuses packets that do not fit into one page', () => {
    const packets = [new Uint8Array(255 * 255)];
    expect(() => writePage({ packets, granule: 0, serial: 0, pageSequence: 0, flags: 0 })).toThrow(
      'at most 255 segments, got 256',
    );
    expect(() => oggHeaders(1, 0, { TITLE: 'x'.repeat(66_000) })).toThrow(RangeError);
  });

  it('[P7] writes files whose packets, granules and end come back, whatever the packets', () => {
    const packets = fc.array(arbitraryPacket, { maxLength: 130 });
    fc.assert(
      fc.property(packets, (input) => {
        const reader = new OggReader();
        const parts = reader.push(record(input));
        const pages = parts.filter((part) => part.kind === 'page');
        expect(pages.flatMap((page) => page.packets)).toEqual(input);
        expect(pages.map((page) => page.pageSequence)).toEqual(pages.map((_, index) => index + 2));
        expect(pages.map((page) => page.endOfStream)).toEqual(
          pages.map((_, index) => index === pages.length - 1),
        );
        let frames = 0;
        for (const page of pages) {
          frames += page.packets.length;
          expect(page.granule).toBe(frames * 960);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** RFC 3533 §6 word for word, a bit at a time. */
function bitwiseChecksum(page: Uint8Array): number {
  const zeroed = page.slice();
  zeroed.fill(0, 22, 26);
  let register = 0n;
  for (const byte of zeroed) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      const top = (register >> 31n) & 1n;
      register = (register << 1n) & 0xffff_ffffn;
      if ((top ^ BigInt((byte >> bit) & 1)) === 1n) register ^= 0x04c1_1db7n;
    }
  }
  return Number(register);
}

describe.skipIf(FFMPEG_MISSING !== null)(`ffmpeg as judge ${FFMPEG_MISSING ?? ''}`, () => {
  it.each([1, 2] as const)(
    '[P7] plays and seeks a file with %i channel(s) without a warning',
    (channels) => {
      const packets = sweepPackets(6, channels);
      withFile('replay.ogg', record(packets, channels), (path) => {
        const { samples, warnings } = decode(path);
        expect(warnings).toBe('');
        expect(samples.length).toBe(packets.length * 960);
        const probed = probe(path);
        expect(probed).toMatchObject({ start: 0, warnings: '' });
        expect(probed.duration).toBeCloseTo(packets.length * 0.02, 3);
        const sought = decode(path, ['-ss', '3.5'], ['-t', '1']);
        expect(sought).toMatchObject({ warnings: '' });
        expect(sought.samples.length).toBe(48_000);
      });
    },
  );

  it('plays the radio lane joined hours into the programme without a warning', () => {
    const packets = sweepPackets(4, 1);
    withFile('radio.ogg', radio(packets, 50_000), (path) => {
      const { samples, warnings } = decode(path);
      expect(warnings).toBe('');
      expect(samples.length).toBe(Math.floor(packets.length / 10) * 9600);
      expect(probe(path)).toMatchObject({ start: 10_000, warnings: '' });
    });
  });
});
