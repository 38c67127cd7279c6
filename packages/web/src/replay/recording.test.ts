import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  barsOf,
  levelAt,
  type Recording,
  readRecording,
  speakersAt,
  voicesOf,
} from './recording.ts';
import { keyTarget } from './waveform.tsx';

const RECORDING: Recording = {
  durationMs: 2_000,
  liveAtMs: 0,
  peaks: [0, 10, 200, 100, 0, 0, 0, 0, 0, 50],
  peakEveryMs: 200,
  turns: [
    { name: 'Ada', fromMs: 200, toMs: 900 },
    { name: 'Grace', fromMs: 800, toMs: 1_200 },
    { name: 'Ada', fromMs: 1_800, toMs: 2_000 },
  ],
};

describe('a recording', () => {
  it('is read as it was written', () => {
    expect(readRecording(JSON.parse(JSON.stringify(RECORDING)))).toEqual(RECORDING);
  });

  it('never trips over what is not one', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        readRecording(value);
      }),
    );
    expect(readRecording(null)).toBeNull();
    expect(readRecording({ ...RECORDING, peakEveryMs: 0 })).toBeNull();
    expect(readRecording({ ...RECORDING, turns: [{ name: 1 }] })?.turns).toEqual([]);
  });

  it('says who speaks when', () => {
    expect(speakersAt(RECORDING, 850)).toEqual(['Ada', 'Grace']);
    expect(speakersAt(RECORDING, 1_500)).toEqual([]);
    expect(voicesOf(RECORDING)).toEqual(['Ada', 'Grace']);
    expect(levelAt(RECORDING, 450)).toBeCloseTo(200 / 255);
    expect(levelAt(RECORDING, 9_999)).toBe(0);
  });

  it('keeps the loudest peak in some bar, whatever their number', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 500 }),
        fc.integer({ min: 1, max: 400 }),
        (peaks, count) => {
          const durationMs = peaks.length * 200;
          const bars = barsOf({ ...RECORDING, peaks, durationMs }, count);
          expect(bars).toHaveLength(count);
          expect(Math.max(...bars)).toBe(Math.max(...peaks) === 0 ? 0 : 1);
        },
      ),
    );
  });
});

describe('the position', () => {
  it('moves by keys within the recording', () => {
    expect(keyTarget('ArrowRight', 1_000, 60_000)).toBe(6_000);
    expect(keyTarget('ArrowLeft', 1_000, 60_000)).toBe(0);
    expect(keyTarget('PageUp', 30_000, 60_000)).toBe(60_000);
    expect(keyTarget('Home', 30_000, 60_000)).toBe(0);
    expect(keyTarget('End', 30_000, 60_000)).toBe(60_000);
    expect(keyTarget('a', 30_000, 60_000)).toBeNull();
  });
});
