/** Real peers of the native library and of another WebRTC implementation, on loopback. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ParterreError } from '@parterre/protocol';
import wrtc from '@roamhq/wrtc';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Peer, PeerObserver } from '../../ports/peer.ts';
import { silentLog, systemTimers } from '../system/index.ts';
import { openPeers, type Peers } from './index.ts';

const LOOPBACK = { addresses: ['127.0.0.1'], timers: systemTimers, log: silentLog };
const OPTIONS = { forwardSources: [11, 12, 13], iceServers: [] };
const silent: PeerObserver = { rtp() {}, rtcp() {}, candidate() {}, state() {} };
let peers: Peers;
const browsers: InstanceType<typeof wrtc.RTCPeerConnection>[] = [];
beforeEach(async () => {
  peers = await openPeers({ ...LOOPBACK, port: 0, peersMax: 4 });
});
afterEach(async () => {
  for (const browser of browsers.splice(0)) browser.close();
  await peers.close();
});

/** An offer to another implementation, which is told the candidates that it is offered. */
async function offered(observer: Partial<PeerObserver> = {}): Promise<[Peer, string]> {
  const browser = new wrtc.RTCPeerConnection();
  browsers.push(browser);
  const candidate = (line: string, mid: string): void => {
    const closedMeanwhile = (): void => {};
    browser.addIceCandidate({ candidate: line, sdpMid: mid }).catch(closedMeanwhile);
  };
  const peer = await peers.offer(OPTIONS, { ...silent, candidate, ...observer });
  const source = new wrtc.nonstandard.RTCAudioSource();
  await browser.setRemoteDescription({ type: 'offer', sdp: peer.description.sdp });
  const [mic] = browser.getTransceivers();
  mic!.direction = 'sendonly';
  await mic!.sender.replaceTrack(source.createTrack());
  await browser.setLocalDescription(await browser.createAnswer());
  await expect
    .poll(() => browser.iceGatheringState === 'complete', {
      timeout: 30_000,
      message: 'candidates are gathered',
    })
    .toBe(true);
  return [peer, browser.localDescription!.sdp];
}

describe('peers by node-datachannel', () => {
  it('offers one port for all, with the further address', async () => {
    const told: string[] = [];
    const candidate = (line: string): void => void told.push(line);
    const both = await Promise.all([offered({ candidate }), offered({ candidate })]);
    for (const [peer, answer] of both) {
      expect(told).toEqual([]);
      expect(peer.description.sdp).not.toContain('candidate:');
      peer.accept(answer);
      const ports = told.map((line) => /^candidate:.* (\d+) typ host/.exec(line)?.[1]);
      expect(new Set(ports)).toEqual(new Set([String(peers.port)]));
      expect(told.join()).toContain(`127.0.0.1 ${peers.port} typ host`);
      told.length = 0;
    }
    expect(both[0]![0].description.sdp).not.toBe(both[1]![0].description.sdp);
  });

  it('connects with another implementation', async () => {
    const states: string[] = [];
    const [peer, answer] = await offered({ state: (state) => states.push(state) });
    peer.accept(answer);
    await expect
      .poll(() => states.includes('connected'), { timeout: 30_000, message: 'connected' })
      .toBe(true);
    expect(() => peer.accept('v=0')).toThrow(ParterreError);
    peer.sendRtp(0, Buffer.from('806f000000000000000000110102', 'hex'));
    peer.sendRtp(9, Buffer.alloc(20));
    peer.sendRtcp(Buffer.from('80c9000100000001', 'hex'));
    peer.close();
    peer.close();
    peer.sendRtp(0, Buffer.alloc(20));
    peer.addCandidate('candidate:1 1 udp 1 127.0.0.1 9 typ host', 'mic');
    expect(peers.open).toBe(0);
  });

  it('survives any change to a real answer', async () => {
    const [model, answer] = await offered();
    const edits = fc.array(
      fc.record({ at: fc.nat(answer.length), cut: fc.nat(60), put: fc.string({ maxLength: 12 }) }),
      { minLength: 1, maxLength: 4 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const hostile = changes.reduce(
          (text, { at, cut, put }) => text.slice(0, at) + put + text.slice(at + cut),
          answer,
        );
        const peer = await peers.offer(OPTIONS, silent);
        try {
          peer.accept(hostile);
        } catch (error) {
          expect(error).toMatchObject({ code: 'sdp_invalid' });
        } finally {
          peer.close();
        }
      }),
      { numRuns: 60 },
    );
    model.accept(answer);
  });

  it('refuses more peers than it may have, and takes new ones when some have gone', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => peers.offer(OPTIONS, silent)));
    await expect(peers.offer(OPTIONS, silent)).rejects.toMatchObject({ code: 'stage_full' });
    all[0]!.close();
    (await peers.offer(OPTIONS, silent)).close();
    await expect(peers.answer('v=0', [], silent)).rejects.toMatchObject({ code: 'sdp_invalid' });
  });

  it('opens and closes peers again and again without keeping any', async () => {
    for (let round = 0; round < 5; round += 1) {
      const all = await Promise.all([1, 2, 3, 4].map(() => peers.offer(OPTIONS, silent)));
      for (const peer of all) peer.close();
      expect(peers.open).toBe(0);
    }
  });

  it('hears that the other side has closed', async () => {
    const states: string[] = [];
    const [peer, answer] = await offered({ state: (state) => states.push(state) });
    peer.accept(answer);
    await expect.poll(() => states, { timeout: 30_000 }).toContain('connected');
    browsers.splice(0)[0]!.close();
    await expect.poll(() => states, { timeout: 30_000 }).toContain('closed');
  });

  it('lets no peer outlive it that was being made when it closed', async () => {
    const made = Promise.all([1, 2].map(() => peers.offer(OPTIONS, silent)));
    await peers.close();
    await made;
    expect(peers.open).toBe(0);
    await expect(peers.offer(OPTIONS, silent)).rejects.toMatchObject({ code: 'stage_full' });
  });

  it('ends a process cleanly while packets still come', async () => {
    const program = join(import.meta.dirname, 'closing.fixture.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 50_000 });
    expect(stdout).toBe('closed with 0 open\n');
  });

  it('says plainly that its port is taken', async () => {
    const taken = createSocket('udp4');
    await new Promise<void>((resolve) => taken.bind(0, resolve));
    const { port } = taken.address();
    await expect(openPeers({ ...LOOPBACK, port, peersMax: 1 })).rejects.toThrow(String(port));
    taken.close();
  });
});
