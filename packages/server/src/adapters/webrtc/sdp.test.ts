import { ParterreError } from '@parterre/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkedCandidate } from './candidate.ts';
import { type RemoteDescription, readDescription, SDP_LINES_MAX } from './sdp-read.ts';
import { writeRemote } from './sdp-write.ts';

const FINGERPRINT = Array.from({ length: 32 }, (_, index) =>
  (index + 16).toString(16).toUpperCase(),
).join(':');

const ANSWER = [
  'v=0',
  'o=- 4611731400430051336 2 IN IP4 127.0.0.1',
  's=-',
  't=0 0',
  'a=group:BUNDLE mic fwd0',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'c=IN IP4 0.0.0.0',
  'a=candidate:1 1 udp 2113937151 192.0.2.7 53000 typ host generation 0',
  'a=candidate:2 1 udp 2113937151 8f3c.local 53001 typ host',
  'a=ice-ufrag:abcd',
  'a=ice-pwd:0123456789abcdefghijkl',
  `a=fingerprint:sha-256 ${FINGERPRINT}`,
  'a=setup:active',
  'a=mid:mic',
  'a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level',
  'a=sendonly',
  'a=rtcp-mux',
  'a=rtpmap:111 opus/48000/2',
  'a=ssrc:12345 cname:x',
  'm=audio 9 UDP/TLS/RTP/SAVPF 111',
  'a=mid:fwd0',
  'a=recvonly',
  'a=rtpmap:111 opus/48000/2',
  '',
].join('\r\n');

/** Only these lines may ever reach the native library. */
const SAFE =
  /^(v=0|o=- 1 1 IN IP4 0\.0\.0\.0|s=-|t=0 0|c=IN IP4 0\.0\.0\.0|m=audio 9 UDP\/TLS\/RTP\/SAVPF \d{1,3}|a=(group:BUNDLE( [!-~]{1,32})+|fingerprint:sha-\d{3} [0-9A-F:]+|mid:[!-~]{1,32}|sendrecv|sendonly|recvonly|inactive|rtcp-mux|rtpmap:\d{1,3} opus\/48000\/2|fmtp:\d{1,3} [\w=;]+|ice-ufrag:[\w+/]+|ice-pwd:[\w+/]+|setup:\w+|ssrc:\d{1,10} cname:remote)|)$/;

function read(sdp: string): RemoteDescription | null {
  try {
    return readDescription(sdp);
  } catch (error) {
    if (error instanceof ParterreError && error.code === 'sdp_invalid') return null;
    throw error;
  }
}

/** Text that is a description cut up, doubled, and with bytes of any kind put in. */
const mutated = fc
  .array(
    fc.record({
      at: fc.nat(ANSWER.length),
      cut: fc.nat(40),
      put: fc.oneof(
        fc.string({ maxLength: 20 }),
        fc.constantFrom('\r\nm=audio 9 X 1', '\0', '\n', 'a=mid:', ':'.repeat(3_000), '%s%n'),
      ),
    }),
    { maxLength: 6 },
  )
  .map((edits) =>
    edits.reduce(
      (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
      ANSWER,
    ),
  );

describe('readDescription', () => {
  it('reads what a browser answers', () => {
    expect(readDescription(ANSWER)).toMatchObject({
      ufrag: 'abcd',
      setup: 'active',
      candidates: ['a=candidate:1 1 UDP 2113937151 192.0.2.7 53000 typ host'],
      sections: [
        { mid: 'mic', direction: 'sendonly', opus: 111, audioLevelId: 1, ssrcs: [12345] },
        { mid: 'fwd0', direction: 'recvonly', opus: 111, audioLevelId: null },
      ],
    });
  });

  it('gives a description or sdp_invalid for any text, and only safe lines go further', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, fc.string()), (text) => {
        const remote = read(text);
        if (remote === null) return;
        for (const line of writeRemote(remote, remote.sections).split('\r\n')) {
          expect(line).toMatch(SAFE);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('refuses what exceeds its limits', () => {
    expect(read(`${ANSWER}${'a=x\r\n'.repeat(SDP_LINES_MAX)}`)).toBeNull();
    expect(read(`${ANSWER}a=${'x'.repeat(3_000)}`)).toBeNull();
    expect(read(`${ANSWER}${'m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n'.repeat(20)}`)).toBeNull();
    expect(read(ANSWER.replace('sha-256', 'sha-1'))).toBeNull();
    expect(read(ANSWER.replace('a=mid:fwd0', 'a=mid:mic'))).toBeNull();
    expect(read(ANSWER.replace('a=ice-ufrag:abcd', 'a=ice-ufrag:a'))).toBeNull();
  });
});

describe('checkedCandidate', () => {
  it('writes a line of its own for addresses it can reach, and nothing else', () => {
    expect(checkedCandidate('candidate:1 1 UDP 99 2001:db8::1 9 typ relay raddr 1.2.3.4')).toBe(
      'a=candidate:1 1 UDP 99 2001:db8::1 9 typ relay',
    );
    for (const useless of [
      'candidate:1 1 udp 99 a.local 9 typ host',
      'candidate:1 1 tcp 99 192.0.2.1 9 typ host tcptype active',
      'candidate:1 2 udp 99 192.0.2.1 9 typ host',
      'candidate:1 1 udp 99 224.0.0.1 9 typ host',
      'candidate:1 1 udp 99 0.0.0.0 9 typ host',
      'candidate:1 1 udp 99 192.0.2.1 0 typ host',
      'candidate:1 1 udp 99 192.0.2.1 70000 typ host',
      'candidate:1 1 udp 99999999999 192.0.2.1 9 typ host',
      'candidate:1 1 udp 99 1:2 9 typ host',
      '',
    ]) {
      expect(checkedCandidate(useless), useless).toBeNull();
    }
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(checkedCandidate(`candidate:1 1 udp 1 ${text}`) ?? '').not.toMatch(/[\r\n\0]/);
      }),
    );
  });
});
