import { describe, expect, it } from 'vitest';
import { type Facts, sameState, stateOf } from './state.ts';

const playing: Facts = {
  wanted: true,
  paused: null,
  standing: null,
  heard: true,
  starved: false,
  connected: true,
  failures: 0,
  holding: false,
};

describe('state of a listener', () => {
  it.each<[string, Partial<Facts>, object]>([
    ['rest', { wanted: false }, { phase: 'idle' }],
    ['sound', {}, { phase: 'playing' }],
    ['holding sound', { holding: true }, { phase: 'holding' }],
    [
      'the first connection',
      { heard: false, starved: true, connected: false },
      { phase: 'connecting' },
    ],
    ['the first bytes', { heard: false, starved: true }, { phase: 'buffering' }],
    ['a loss that the buffer covers', { connected: false, failures: 1 }, { phase: 'playing' }],
    [
      'a longer loss that the buffer covers',
      { connected: false, failures: 2 },
      { phase: 'reconnecting', audible: true, attempt: 2 },
    ],
    [
      'a loss that is heard',
      { connected: false, failures: 3, starved: true },
      { phase: 'reconnecting', audible: false, attempt: 3 },
    ],
    ['running dry', { starved: true }, { phase: 'buffering' }],
    ['a phone call', { paused: 'system', connected: false }, { phase: 'paused', reason: 'system' }],
    [
      'the end, even when paused',
      { paused: 'listener', standing: { phase: 'ended', replayReady: true } },
      { phase: 'ended', replayReady: true },
    ],
  ])('[P2] says what is the case: %s', (_what, facts, state) => {
    expect(stateOf({ ...playing, ...facts })).toEqual(state);
  });

  it('tells the same thing once', () => {
    expect(sameState({ phase: 'playing' }, { phase: 'playing' })).toBe(true);
    expect(sameState({ phase: 'playing' }, { phase: 'holding' })).toBe(false);
    const lost = { phase: 'reconnecting', audible: true, attempt: 2 } as const;
    expect(sameState(lost, { ...lost })).toBe(true);
    expect(sameState(lost, { ...lost, attempt: 3 })).toBe(false);
  });
});
