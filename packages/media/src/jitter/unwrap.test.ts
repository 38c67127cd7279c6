import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PacketQueue, QUEUE_PACKETS_MAX } from './packet-queue.ts';
import { SequenceUnwrapper, unwrapTimestamp } from './unwrap.ts';

describe('unwrapping', () => {
  it('gives consecutive numbers across any wrap, reordered by less than the limit', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffff }),
        fc.array(fc.integer({ min: -40, max: 90 }), { maxLength: 300 }),
        (start, jumps) => {
          const unwrapper = new SequenceUnwrapper();
          const base = unwrapper.unwrap(start)! - start;
          let highest = start;
          for (const jump of jumps) {
            const value = Math.max(start - 1000, highest + jump);
            expect(unwrapper.unwrap(value & 0xffff)).toBe(base + value);
            highest = Math.max(highest, value);
          }
        },
      ),
    );
  });

  it('takes a far number only when the next one follows it', () => {
    const unwrapper = new SequenceUnwrapper();
    unwrapper.unwrap(10);
    expect(unwrapper.unwrap(30_000)).toBeNull();
    expect(unwrapper.unwrap(11)).toBe(0x10000 + 11);
    expect(unwrapper.unwrap(30_000)).toBeNull();
    expect(unwrapper.unwrap(30_001)).not.toBeNull();
    expect(unwrapper.restarted).toBe(true);
  });

  it('finds the nearest time with the same low 32 bits', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }),
        (last, jump) => {
          expect(unwrapTimestamp((last + jump) % 2 ** 32, last)).toBe(last + jump);
        },
      ),
    );
  });
});

describe('the packet queue', () => {
  it('is in order, without duplicates, bounded', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 400 }), (times) => {
        const queue = new PacketQueue();
        const seen = new Set<number>();
        for (const time of times) {
          const bytes = Uint8Array.of(time & 0xff, time >> 8);
          const fresh = queue.insert(time, time * 960, 960, bytes);
          if (seen.size < QUEUE_PACKETS_MAX) expect(fresh).toBe(!seen.has(time));
          if (fresh) seen.add(time);
          expect(queue.length).toBeLessThanOrEqual(QUEUE_PACKETS_MAX);
        }
        let before = -1;
        for (let packet = queue.first(); packet !== undefined; packet = queue.first()) {
          expect(packet.timestamp).toBeGreaterThan(before);
          expect(packet.payload).toEqual(
            Uint8Array.of(packet.sequence & 0xff, packet.sequence >> 8),
          );
          before = packet.timestamp;
          queue.remove();
        }
      }),
    );
  });
});
