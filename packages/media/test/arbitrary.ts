/** What the property tests draw from. */
import fc from 'fast-check';
import type { FragmentInput } from '../src/fmp4/index.ts';

export const arbitraryPacket = fc.uint8Array({ minLength: 1, maxLength: 600 });

/** A chunk as the programme log has it; sequences up to ten years of doors. */
export const arbitraryChunk: fc.Arbitrary<FragmentInput> = fc.record({
  seq: fc.integer({ min: 0, max: 1_600_000_000 }),
  capturedAtMs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }).map((micros) => micros / 1000),
  frames: fc.array(arbitraryPacket, { minLength: 1, maxLength: 12 }),
  snapshot: fc.oneof(
    fc.constant(new Uint8Array()),
    fc.uint8Array({ minLength: 1, maxLength: 900 }),
  ),
});

/** Cuts `bytes` at the given places, in any order and beyond the end too. */
export function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const sorted = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const edges = [0, ...sorted, bytes.length];
  return edges.slice(1).map((end, index) => bytes.subarray(edges[index]!, end));
}

export const arbitraryCuts = fc.array(fc.nat(), { maxLength: 40 });

/** Changes a few bytes of `bytes`: each pair is a place and a new value. */
export function damage(
  bytes: Uint8Array,
  changes: readonly (readonly [number, number])[],
): Uint8Array {
  const copy = bytes.slice();
  for (const [place, value] of changes) copy[place % copy.length] = value;
  return copy;
}

export const arbitraryDamage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
  minLength: 1,
  maxLength: 8,
});

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
