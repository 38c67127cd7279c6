/** The port of all speakers with the library behind it, on loopback. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import wrtc from '@roamhq/wrtc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerObserver } from '../../ports/peer.ts';
import { silentLog, systemTimers } from '../system/index.ts';
import { hasTcpRelay, openPeers } from './index.ts';
import { openPublicPort, PATHS_MAX, type PublicPort } from './public-port.ts';
import { isProved, readBindingRequest, sealed } from './stun.ts';

const UFRAG = 'abcd';
const PWD = 'aaaaaaaaaaaaaaaaaaaaaaaa';
const HOST = '127.0.0.1';
const CANDIDATE = 'a=candidate:1 1 UDP 8191';
const sockets: Socket[] = [];
let library: Socket;
let port: PublicPort;

async function open(): Promise<Socket> {
  const socket = createSocket('udp4');
  sockets.push(socket);
  socket.bind(0, HOST);
  await once(socket, 'listening');
  return socket;
}

/** What a socket gets next. */
async function next(socket: Socket): Promise<{ packet: Buffer; port: number }> {
  const [packet, from] = await once(socket, 'message');
  return { packet, port: from.port };
}

/** A check as Chromium sends it; a relay by TCP gives it a tie-breaker of zero. */
function check(tieBreaker: bigint, ufrag = UFRAG, pwd = PWD): Buffer {
  const name = Buffer.from(`${ufrag}:wxyz`);
  const head = Buffer.alloc(20 + 4 + name.length + (-name.length & 3) + 8 + 12);
  head.writeUInt16BE(0x0001, 0);
  head.writeUInt32BE(0x2112_a442, 4);
  head.writeUInt16BE(0x0006, 20);
  head.writeUInt16BE(name.length, 22);
  name.copy(head, 24);
  const at = head.length - 20;
  head.writeUInt32BE(0x0024_0004, at);
  head.writeUInt32BE(8_191, at + 4);
  head.writeUInt32BE(0x8029_0008, at + 8);
  head.writeBigUInt64BE(tieBreaker, at + 12);
  return sealed(head, pwd);
}

beforeEach(async () => {
  library = await open();
  port = await openPublicPort(0, library.address().port);
});
afterEach(() => {
  port.close();
  for (const socket of sockets.splice(0)) socket.close();
});

describe('the port of all speakers', () => {
  it('mends a check without a tie-breaker, and leaves others as they are', async () => {
    port.entrance(UFRAG, PWD);
    const [relay, direct] = [await open(), await open()];
    relay.send(check(0n), port.port, HOST);
    const mended = (await next(library)).packet;
    const request = readBindingRequest(mended)!;
    expect(request).toMatchObject({ ufrag: UFRAG, tieless: false });
    expect(isProved(mended, request.integrityAt, PWD)).toBe(true);
    direct.send(check(5n), port.port, HOST);
    expect((await next(library)).packet).toEqual(check(5n));
    expect(port.open).toBe(2);
  });

  it('tells the other side its own address, and hands on all else both ways', async () => {
    port.entrance(UFRAG, PWD);
    const relay = await open();
    relay.send(check(0n), port.port, HOST);
    const path = await next(library);
    const answer = Buffer.from('0101000c2112a442000000000000000000000000', 'hex');
    const back = next(relay);
    library.send(answer, path.port, HOST);
    const told = (await back).packet;
    expect(told.readUInt16BE(26) ^ 0x2112).toBe(relay.address().port);
    expect(isProved(told, told.length - 32, PWD)).toBe(true);
    const media = Buffer.from('80ef00010203', 'hex');
    relay.send(media, port.port, HOST);
    expect(await next(library)).toEqual({ packet: media, port: path.port });
    library.send(media, path.port, HOST);
    expect(await next(relay)).toEqual({ packet: media, port: port.port });
  });

  it('[P3] opens nothing for who cannot prove to know a peer', async () => {
    port.entrance(UFRAG, PWD);
    const stranger = await open();
    const hostile = [
      Buffer.from('hello'),
      Buffer.from('80ef00010203', 'hex'),
      Buffer.alloc(0),
      check(0n, 'none'),
      check(0n, UFRAG, 'bbbbbbbbbbbbbbbbbbbbbbbb'),
      check(7n, UFRAG, 'bbbbbbbbbbbbbbbbbbbbbbbb'),
      check(0n).subarray(0, 60),
      Buffer.concat([check(0n), Buffer.alloc(2_000)]),
    ];
    let got = 0;
    library.on('message', () => {
      got += 1;
    });
    stranger.on('message', () => expect.unreachable());
    for (const packet of hostile) stranger.send(packet, port.port, HOST);
    // What comes after them has come through: they have been seen.
    const friend = await open();
    const arrived = next(library);
    friend.send(check(1n), port.port, HOST);
    await arrived;
    expect(got).toBe(1);
    expect(port.open).toBe(1);
  });

  it('has a bounded number of paths for a peer, the longest unused goes first', async () => {
    const entrance = port.entrance(UFRAG, PWD);
    const callers: Socket[] = [];
    const paths: number[] = [];
    for (let index = 0; index < PATHS_MAX + 3; index += 1) {
      callers.push(await open());
      const arrived = next(library);
      callers[index]!.send(check(0n), port.port, HOST);
      paths.push((await arrived).port);
    }
    expect(port.open).toBe(PATHS_MAX);
    expect(new Set(paths).size).toBe(PATHS_MAX);
    expect(paths[PATHS_MAX]).toBe(paths[0]);
    expect(await entrance.candidate(`${CANDIDATE} 192.0.2.1 9 typ relay`)).toBeNull();
  });

  it('gives an address to the peer that proves itself there last', async () => {
    port.entrance(UFRAG, PWD);
    port.entrance('efgh', PWD);
    const relay = await open();
    relay.send(check(0n), port.port, HOST);
    const first = await next(library);
    relay.send(check(0n, 'efgh'), port.port, HOST);
    const second = await next(library);
    expect(second.port).not.toBe(first.port);
    expect(port.open).toBe(1);
  });

  it('reaches a candidate of a speaker by a path of its own, until the peer has gone', async () => {
    const entrance = port.entrance(UFRAG, PWD);
    const relay = await open();
    const told = `${CANDIDATE} ${HOST} ${relay.address().port} typ relay`;
    const inside = await entrance.candidate(told);
    const path = Number(
      /^a=candidate:1 1 UDP 8191 127\.0\.0\.1 (\d+) typ relay$/.exec(inside!)![1],
    );
    expect(path).not.toBe(relay.address().port);
    library.send('check', path, HOST);
    expect(await next(relay)).toEqual({ packet: Buffer.from('check'), port: port.port });
    entrance.close();
    entrance.close();
    expect(port.open).toBe(0);
    expect(await entrance.candidate(told)).toBeNull();
  });

  it('closes with paths that are still opening', async () => {
    const opening = port.entrance(UFRAG, PWD).candidate(`${CANDIDATE} ${HOST} 9 typ relay`);
    port.close();
    expect(await opening).toBeNull();
    port = await openPublicPort(0, library.address().port);
  });
});

describe('peers with relays by TCP', () => {
  const silent: PeerObserver = { rtp() {}, rtcp() {}, candidate() {}, state() {} };
  const given = { port: 0, addresses: [HOST], timers: systemTimers, log: silentLog };

  it('connect with another implementation by the one port they offer', async () => {
    const peers = await openPeers({ ...given, peersMax: 2, tcpRelays: true });
    const browser = new wrtc.RTCPeerConnection();
    try {
      const states: string[] = [];
      const told: string[] = [];
      const observer: PeerObserver = {
        ...silent,
        state: (state) => states.push(state),
        candidate(candidate, mid) {
          told.push(candidate);
          void browser.addIceCandidate({ candidate, sdpMid: mid });
        },
      };
      const peer = await peers.offer({ forwardSources: [], iceServers: [] }, observer);
      const { sdp } = peer.description;
      browser.onicecandidate = ({ candidate }: { candidate: { candidate: string } | null }) => {
        if (candidate !== null) peer.addCandidate(candidate.candidate, 'mic');
      };
      await browser.setRemoteDescription({ type: 'offer', sdp });
      await browser.setLocalDescription(await browser.createAnswer());
      peer.accept(browser.localDescription!.sdp);
      const ports = told.map(
        (line) => /^candidate:\S+ 1 UDP \d+ \S+ (\d+) typ host/.exec(line)?.[1],
      );
      expect(new Set(ports)).toEqual(new Set([String(peers.port)]));
      await expect.poll(() => states, { timeout: 30_000 }).toContain('connected');
    } finally {
      browser.close();
      await peers.close();
    }
  });

  it('answer another implementation that offers', async () => {
    const peers = await openPeers({ ...given, peersMax: 2, tcpRelays: true });
    const browser = new wrtc.RTCPeerConnection();
    try {
      const source = new wrtc.nonstandard.RTCAudioSource();
      browser.addTrack(source.createTrack());
      await browser.setLocalDescription(await browser.createOffer());
      await expect
        .poll(() => browser.iceGatheringState === 'complete', { timeout: 30_000 })
        .toBe(true);
      const states: string[] = [];
      const observer = { ...silent, state: (state: string) => states.push(state) };
      const peer = await peers.answer(browser.localDescription!.sdp, [], observer);
      await browser.setRemoteDescription({ type: 'answer', sdp: peer.description.sdp });
      await expect.poll(() => states, { timeout: 30_000 }).toContain('connected');
    } finally {
      browser.close();
      await peers.close();
    }
  });

  it('say plainly that their port is taken', async () => {
    const taken = await open();
    const wanted = taken.address().port;
    const opened = openPeers({ ...given, port: wanted, peersMax: 1, tcpRelays: true });
    await expect(opened).rejects.toThrow(String(wanted));
  });

  it.each([
    ['stun:stun.example.org', false],
    ['turn:turn.example.org', false],
    ['turn:turn.example.org?transport=udp', false],
    ['turn:turn.example.org?transport=tcp', true],
    ['turns:turn.example.org', true],
  ])('%s is one: %s', (url, is) => {
    expect(hasTcpRelay([{ urls: [url] }])).toBe(is);
  });
});
