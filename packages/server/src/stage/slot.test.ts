import type { RtpPacket } from '@parterre/media';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlotStream } from './slot.ts';

const bytes = new Uint8Array(12);
const header = new DataView(bytes.buffer);

function packet(ssrc: number, sequence: number, timestamp: number): RtpPacket {
  return {
    payloadType: 96,
    marker: false,
    sequence: ((sequence % 65_536) + 65_536) % 65_536,
    timestamp: timestamp >>> 0,
    ssrc,
    csrcs: [],
    extension: null,
    payload: Uint8Array.of(1, 2, 3),
    padding: 0,
  };
}

const seen = () => ({
  marker: (header.getUint8(1) & 0x80) !== 0,
  payloadType: header.getUint8(1) & 0x7f,
  sequence: header.getUint16(2),
  timestamp: header.getUint32(4),
  ssrc: header.getUint32(8),
});

describe('SlotStream', () => {
  it('makes one stream without jumps of any sources that follow each other', () => {
    const source = fc.record({
      ssrc: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      sequence: fc.integer({ min: 0, max: 65_535 }),
      timestamp: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      count: fc.integer({ min: 1, max: 50 }),
      pauseMs: fc.integer({ min: 0, max: 5_000 }),
    });
    fc.assert(
      fc.property(fc.array(source, { minLength: 1, maxLength: 8 }), (sources) => {
        const slot = new SlotStream(77);
        let nowMs = 1_000;
        let last: ReturnType<typeof seen> | null = null;
        for (const { ssrc, sequence, timestamp, count, pauseMs } of sources) {
          slot.release();
          nowMs += pauseMs;
          for (let index = 0; index < count; index += 1) {
            nowMs += 20;
            expect(
              slot.rewrite(
                packet(ssrc, sequence + index, timestamp + index * 960),
                111,
                nowMs,
                header,
              ),
            ).toBe(true);
            const now = seen();
            expect(now.ssrc).toBe(77);
            expect(now.payloadType).toBe(111);
            expect(now.marker).toBe(index === 0);
            if (last !== null) {
              expect((now.sequence - last.sequence + 65_536) % 65_536).toBe(1);
              const step = (now.timestamp - last.timestamp) >>> 0;
              expect(step).toBe(index === 0 ? Math.max(960, (pauseMs + 20) * 48) : 960);
            }
            last = now;
          }
        }
      }),
    );
  });

  it('keeps loss and reordering of a source as they are, and refuses what came before it', () => {
    const slot = new SlotStream(5);
    slot.rewrite(packet(1, 65_534, 0), 111, 0, header);
    const { sequence } = seen();
    expect(slot.rewrite(packet(1, 65_537, 2_880), 111, 60, header)).toBe(true);
    expect((seen().sequence - sequence + 65_536) % 65_536).toBe(3);
    expect(slot.rewrite(packet(1, 65_535, 960), 111, 61, header)).toBe(true);
    expect((seen().sequence - sequence + 65_536) % 65_536).toBe(1);
    expect(slot.rewrite(packet(1, 65_533, -960), 111, 62, header)).toBe(false);
    slot.release();
    slot.rewrite(packet(1, 65_538, 3_840), 111, 80, header);
    expect((seen().sequence - sequence + 65_536) % 65_536).toBe(4);
  });

  it('goes on for longer than the sequence takes to wrap', () => {
    const slot = new SlotStream(5);
    slot.rewrite(packet(1, 0, 0), 111, 0, header);
    let last = seen().sequence;
    for (let index = 1; index < 150_000; index += 1) {
      if (!slot.rewrite(packet(1, index, index * 960), 111, index * 20, header)) {
        throw new Error(`refused packet ${index}`);
      }
      const { sequence } = seen();
      if ((sequence - last + 65_536) % 65_536 !== 1) throw new Error(`jump at packet ${index}`);
      last = sequence;
    }
    expect(slot.packets).toBe(150_000);
  });

  it('says which timestamp belongs to now', () => {
    const slot = new SlotStream(5);
    slot.rewrite(packet(1, 0, 4_800), 111, 100, header);
    expect(slot.timestampAt(1_100)).toBe(4_800 + 48_000);
  });
});
