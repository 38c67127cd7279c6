import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packedSegment } from './index.ts';

const ID3_BYTES = 73;

/** What a player makes of it. */
function read(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = Buffer.from(bytes).toString('latin1');
  expect(text.slice(0, 3)).toBe('ID3');
  expect(10 + bytes[9]!).toBe(ID3_BYTES);
  expect(text.slice(10, 14)).toBe('PRIV');
  expect(text.slice(20, 65)).toBe('com.apple.streaming.transportStreamTimestamp\0');
  const frames: Buffer[] = [];
  const channels = new Set<number>();
  let at = ID3_BYTES;
  while (at < bytes.length) {
    expect(view.getUint16(at)).toBe(0xfff1);
    channels.add(((bytes[at + 2]! & 1) << 2) | (bytes[at + 3]! >> 6));
    const length = ((bytes[at + 3]! & 3) << 11) | (bytes[at + 4]! << 3) | (bytes[at + 5]! >> 5);
    frames.push(Buffer.from(bytes.subarray(at + 7, at + length)));
    at += length;
  }
  expect(at).toBe(bytes.length);
  return { ticks: view.getBigUint64(65), channels, frames };
}

describe('packed audio', () => {
  it('tells its place on the clock, at 90 kHz in 33 bits', () => {
    const at = (msn: number) => read(packedSegment(msn, [], 1)).ticks;
    expect(at(0)).toBe(0n);
    expect(at(1)).toBe(432_000n);
    expect(at(9_943)).toBe(4_295_376_000n);
    expect(at(19_885)).toBe(8_590_320_000n % 2n ** 33n);
  });

  it('has each frame as it is, behind its length', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 1_536 }), { maxLength: 20 });
    fc.assert(
      fc.property(frames, fc.constantFrom(1 as const, 2 as const), (all, channels) => {
        const heard = read(packedSegment(7, all, channels));
        expect(heard.frames).toEqual(all.map((frame) => Buffer.from(frame)));
        if (all.length > 0) expect(heard.channels).toEqual(new Set([channels]));
      }),
    );
  });
});
