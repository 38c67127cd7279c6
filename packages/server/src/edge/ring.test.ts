import { FragmentReader, holdingFrames } from '@parterre/media';
import { RENDITIONS } from '@parterre/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Hole } from '../ports/programme-log.ts';
import { ANCHOR_MS, aChunk } from './edge.fixture.ts';
import { LIVE_FORMAT } from './formats.ts';
import { FormattedRing, RING_CHUNKS, Ring } from './ring.ts';

const ABOUT = { rendition: RENDITIONS.voice, title: 'An evening', host: 'Ada' };
const aRing = (): Ring => new Ring(ABOUT, holdingFrames);
const aHole = (seq: number, endSeq: number): Hole => ({
  kind: 'hole',
  seq,
  endSeq,
  epoch: 2,
  capturedAtMs: ANCHOR_MS + seq * 200,
});

function sequencesIn(bytes: Uint8Array): number[] {
  const reader = new FragmentReader();
  reader.push(LIVE_FORMAT.opening(ABOUT, 0));
  return reader.push(bytes).map((part) => {
    if (part.kind !== 'fragment') throw new Error(`a ${part.kind} part`);
    expect(part.frames()).toHaveLength(10);
    return part.seq;
  });
}

test('[P3] whatever the feed brings, the ring is unbroken and bounded', () => {
  const record = fc.record({
    seq: fc.nat({ max: 2_000 }),
    length: fc.nat({ max: 900 }),
    hole: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 12 }), (records) => {
      const ring = aRing();
      let head = -1;
      for (const { seq, length, hole } of records) {
        ring.append(hole ? aHole(seq, seq + 1 + length) : aChunk(seq));
        expect(ring.headSeq).toBeGreaterThanOrEqual(head);
        head = ring.headSeq;
      }
      expect(head - ring.oldestSeq).toBeLessThanOrEqual(RING_CHUNKS);
      for (let seq = ring.oldestSeq; seq < head; seq++) expect(ring.chunk(seq).seq).toBe(seq);
    }),
    { numRuns: 50 },
  );
});

test('a record that was there before changes nothing', () => {
  const ring = aRing();
  ring.append(aChunk(5));
  ring.append(aChunk(6));
  const held = ring.chunk(5);
  expect(ring.append({ ...aChunk(5), epoch: 9 })).toBe(0);
  expect(ring.append(aHole(4, 7))).toBe(0);
  expect(ring.chunk(5)).toBe(held);
});

test('[P3] a hole is filled with ten packets a chunk, on the same clock', () => {
  const ring = aRing();
  ring.append(aChunk(10));
  ring.append(aHole(11, 14));
  ring.append(aChunk(14));
  expect(ring.headSeq).toBe(15);
  expect(ring.chunk(12).capturedAtMs).toBe(ANCHOR_MS + 12 * 200);
  expect(sequencesIn(new FormattedRing(ring, LIVE_FORMAT).section(10, 15))).toEqual([
    10, 11, 12, 13, 14,
  ]);
});

test('who stands at the same place is given the same Buffer', () => {
  const ring = aRing();
  for (let seq = 0; seq < 20; seq++) ring.append(aChunk(seq));
  const formatted = new FormattedRing(ring, LIVE_FORMAT);
  expect(formatted.section(3, 9)).toBe(formatted.section(3, 9));
  expect(sequencesIn(formatted.section(3, 9))).toEqual([3, 4, 5, 6, 7, 8]);
  expect(formatted.section(7, 8)).not.toBe(formatted.section(8, 9));
});

test('a slot of the ring that is used again is wrapped again', () => {
  const ring = aRing();
  const formatted = new FormattedRing(ring, LIVE_FORMAT);
  ring.append(aChunk(1));
  expect(sequencesIn(formatted.section(1, 2))).toEqual([1]);
  for (let seq = 2; seq <= RING_CHUNKS + 1; seq++) ring.append(aChunk(seq));
  expect(sequencesIn(formatted.section(RING_CHUNKS + 1, RING_CHUNKS + 2))).toEqual([
    RING_CHUNKS + 1,
  ]);
  expect(() => ring.chunk(1)).toThrow(RangeError);
});

test('keeps of what came its chunks alone, whatever they came in', () => {
  const ring = aRing();
  const came = new Uint8Array(65_536);
  const { frames, ...chunk } = aChunk(5, '{}');
  const pieces = frames.map((frame, at) => {
    came.set(frame, at * 1_000);
    return came.subarray(at * 1_000, at * 1_000 + frame.length);
  });
  ring.append({ ...chunk, frames: pieces });
  const kept = ring.chunk(5);
  expect(kept.frames.map((frame) => Buffer.from(frame))).toEqual(
    frames.map((frame) => Buffer.from(frame)),
  );
  expect(Buffer.from(kept.snapshot).toString()).toBe('{}');
  expect(kept.frames[0]!.buffer.byteLength).toBeLessThan(4_096);
});
