import { describe, expect, it } from 'vitest';
import { judge, sawStun } from './self-test.ts';

describe('the connectivity self-test', () => {
  it.each([
    ['a NAT: the server saw another address', ['host', 'srflx'], true, true],
    ['a NAT, and a second server that is silent', ['host', 'srflx'], false, true],
    ['no NAT: it saw the address we have, which makes no candidate', ['host'], true, true],
    ['no answer, or an error', ['host'], false, false],
    ['a browser that may not use UDP at all', [], true, false],
  ])('STUN: %s', (_, kinds, answered, seen) => {
    expect(sawStun({ kinds: new Set(kinds), answered })).toBe(seen);
  });

  const found = {
    udp: 'ok',
    stun: 'ok',
    turn: 'ok',
    signallingMs: 20,
    media: 'not_connected',
  } as const;

  it('is content when everything works, and when nothing more is set up', () => {
    expect(judge(found)).toMatchObject({ verdict: 'ok', advice: [] });
    const bare = judge({ ...found, stun: 'not_configured', turn: 'not_configured' });
    expect(bare).toMatchObject({ verdict: 'ok', advice: [] });
  });

  it('calls blocked what cannot work, and limited what has less in reserve', () => {
    expect(judge({ ...found, stun: 'failed', turn: 'not_configured' }).verdict).toBe('limited');
    expect(judge({ ...found, udp: 'failed' }).verdict).toBe('limited');
    expect(judge({ ...found, udp: 'failed', turn: 'failed' }).verdict).toBe('blocked');
    expect(judge({ ...found, media: 'not_flowing' }).verdict).toBe('blocked');
    expect(judge({ ...found, udp: 'failed', turn: 'failed', media: 'flowing' }).verdict).toBe(
      'limited',
    );
  });
});
