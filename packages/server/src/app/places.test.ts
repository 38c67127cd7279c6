import { describe, expect, test } from 'vitest';
import { connectionsMaxOf, edgesFor } from './places.ts';

describe('places', () => {
  test.each([
    [20_000, 18_000],
    [65_536, 58_982],
    [1_048_576, 60_000],
    [Number.MAX_SAFE_INTEGER, 60_000],
    [1_024, 512],
    [300, 150],
  ])('with %i descriptors an edge takes %i connections', (descriptors, connections) => {
    expect(connectionsMaxOf(descriptors)).toBe(connections);
  });

  test('the operator’s word counts', () => {
    expect(edgesFor(5, 1_000_000, 2, 18_000)).toBe(5);
  });

  test.each([
    ['a small house has two', 10_000, 2, 2],
    ['every core has one', 10_000, 16, 16],
    ['a large house has one more than it needs', 60_000, 2, 5],
    ['there is an end', 8_000_000, 2, 64],
  ])('by itself %s', (_what, listenersMax, cores, edges) => {
    expect(edgesFor(0, listenersMax, cores, 18_000)).toBe(edges);
  });
});
