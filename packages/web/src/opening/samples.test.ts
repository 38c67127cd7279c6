import { describe, expect, it } from 'vitest';
import { interleaved } from './samples.ts';

const left = Float32Array.of(0, 0.5, -1, 2);
const right = Float32Array.of(1, 0, -1, 0);

describe('the samples of a file', () => {
  it('are as many channels as the space has', () => {
    expect([...interleaved([left], 1)]).toEqual([0, 16_384, -32_768, 32_767]);
    expect([...interleaved([left, right], 1)]).toEqual([16_384, 8_192, -32_768, 32_767]);
    expect([...interleaved([left], 2)]).toEqual([
      0, 0, 16_384, 16_384, -32_768, -32_768, 32_767, 32_767,
    ]);
    expect([...interleaved([left, right], 2)].slice(0, 4)).toEqual([0, 32_767, 16_384, 0]);
    expect(interleaved([], 1)).toHaveLength(0);
  });
});
