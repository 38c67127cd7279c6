import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joined } from '../../test/arbitrary.ts';
import {
  buildReceiverReport,
  buildSenderReport,
  parseRtcp,
  type ReportBlock,
  type SenderReportInput,
} from './index.ts';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const arbitraryBlock: fc.Arbitrary<ReportBlock> = fc.record({
  ssrc: uint32,
  fractionLost: fc.integer({ min: 0, max: 255 }),
  cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
  highestSequence: uint32,
  jitter: uint32,
  lastSr: uint32,
  delaySinceLastSr: uint32,
});
const arbitraryReports = fc.array(arbitraryBlock, { maxLength: 31 });
const arbitraryCname = fc.string({ maxLength: 60, unit: 'grapheme-ascii' });
const arbitrarySender: fc.Arbitrary<SenderReportInput> = fc.record({
  ssrc: uint32,
  nowMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
  timestamp: uint32,
  packetCount: uint32,
  octetCount: uint32,
  reports: arbitraryReports,
  cname: arbitraryCname,
});

const hex = (text: string) => Uint8Array.from(text.split(' '), (byte) => Number.parseInt(byte, 16));

describe('RTCP', () => {
  it('gives a receiver report back as it was built', () => {
    fc.assert(
      fc.property(uint32, arbitraryReports, arbitraryCname, (ssrc, reports, cname) => {
        expect(parseRtcp(buildReceiverReport(ssrc, reports, cname))).toEqual([
          { kind: 'rr', ssrc, reports },
          { kind: 'sdes', chunks: [{ ssrc, cname }] },
        ]);
      }),
    );
  });

  it('gives a sender report back as it was built', () => {
    fc.assert(
      fc.property(arbitrarySender, (input) => {
        const { ssrc, nowMs, timestamp, packetCount, octetCount, reports, cname } = input;
        const [report, description] = parseRtcp(buildSenderReport(input)) ?? [];
        expect(report).toMatchObject({
          kind: 'sr',
          ssrc,
          timestamp,
          packetCount,
          octetCount,
          reports,
        });
        expect(report?.kind === 'sr' && report.sentAtMs).toBeCloseTo(nowMs, 3);
        expect(description).toEqual({ kind: 'sdes', chunks: [{ ssrc, cname }] });
      }),
    );
  });

  it('reads a compound as the concatenation of its packets', () => {
    fc.assert(
      fc.property(arbitrarySender, uint32, (input, ssrc) => {
        const first = buildSenderReport(input);
        const second = buildReceiverReport(ssrc, [], 'x');
        expect(parseRtcp(joined([first, second]))).toEqual([
          ...parseRtcp(first)!,
          ...parseRtcp(second)!,
        ]);
      }),
    );
  });

  it('gives the middle of the NTP time, for the round trip', () => {
    const bytes = buildSenderReport({
      ssrc: 1,
      nowMs: 1_000_500,
      timestamp: 0,
      packetCount: 0,
      octetCount: 0,
      reports: [],
      cname: 'x',
    });
    const [report] = parseRtcp(bytes) ?? [];
    const seconds = 2_208_988_800 + 1_000;
    expect(report).toMatchObject({ ntpMiddle: (seconds % 0x1_0000) * 0x1_0000 + 0x8000 });
  });

  it('reads goodbyes, and names feedback without reading it', () => {
    expect(parseRtcp(hex('81 cb 00 01 00 00 00 07'))).toEqual([{ kind: 'bye', ssrcs: [7] }]);
    const transportFeedback = hex('8f cd 00 03 00 00 00 01 00 00 00 02 00 00 00 00');
    expect(parseRtcp(transportFeedback)).toEqual([{ kind: 'other', packetType: 205, count: 15 }]);
    expect(parseRtcp(hex('a1 cb 00 02 00 00 00 07 00 00 00 04'))).toEqual([
      { kind: 'bye', ssrcs: [7] },
    ]);
  });

  it('reads source descriptions with other items and without a name', () => {
    const bytes = hex('82 ca 00 05 00 00 00 01 02 01 41 01 01 42 00 00 00 00 00 02 00 00 00 00');
    expect(parseRtcp(bytes)).toEqual([
      {
        kind: 'sdes',
        chunks: [
          { ssrc: 1, cname: 'B' },
          { ssrc: 2, cname: null },
        ],
      },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['another version', '41 cb 00 01 00 00 00 07'],
    ['a length beyond the end', '81 cb 00 02 00 00 00 07'],
    ['more sources than bytes', '82 cb 00 01 00 00 00 07'],
    ['a report without its blocks', '81 c9 00 01 00 00 00 07'],
    ['a sender report without its figures', '80 c8 00 01 00 00 00 07'],
    ['an item beyond the end', '81 ca 00 02 00 00 00 01 01 09 41 42'],
    ['padding before the last packet', 'a0 cb 00 01 00 00 00 04 81 cb 00 01 00 00 00 07'],
    ['more padding than bytes', 'a1 cb 00 01 00 00 00 08'],
  ])('refuses %s', (_, text) => {
    expect(parseRtcp(text === '' ? new Uint8Array() : hex(text))).toBeNull();
  });

  it('never throws, whatever bytes come', () => {
    const types = fc.constantFrom(200, 201, 202, 203, 204, 205, 206, 207);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), types, (bytes, type) => {
        parseRtcp(bytes);
        const words = Math.floor(bytes.length / 4);
        if (words === 0) return;
        const shaped = bytes.slice(0, words * 4);
        shaped[0] = 0x80 | (shaped[0]! & 0x3f);
        shaped.set([type, 0, words - 1], 1);
        parseRtcp(shaped);
      }),
      { numRuns: 1_000 },
    );
  });

  it('refuses to write what has no room', () => {
    const block = {
      ssrc: 1,
      fractionLost: 0,
      cumulativeLost: 0,
      highestSequence: 0,
      jitter: 0,
      lastSr: 0,
      delaySinceLastSr: 0,
    };
    expect(() => buildReceiverReport(1, new Array(32).fill(block), 'x')).toThrow(
      'at most 31 reports',
    );
    expect(() => buildReceiverReport(1, [], 'x'.repeat(256))).toThrow('at most 255 bytes, got 256');
  });
});
