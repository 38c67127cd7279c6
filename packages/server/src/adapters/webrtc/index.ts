/**
 * WebRTC by node-datachannel (libdatachannel, libjuice, MPL-2.0): the stage's `PeerFactory` with one UDP
 * port for all peers, held from start to close. For relays by TCP the port is this side's, and the library
 * behind it. Peers are bounded; what cannot be served is refused with `stage_full`, what cannot be
 * understood with `sdp_invalid`. There is no ICE restart in the library.
 */
import { createSocket } from 'node:dgram';
import type { IceServer } from '@parterre/protocol';
import { ParterreError } from '@parterre/protocol';
import ndc, { type PeerConnection, type Track } from 'node-datachannel';
import type { Timers } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Peer, PeerFactory, PeerObserver, PeerOptions } from '../../ports/peer.ts';
import { atPort, extraCandidate } from './candidate.ts';
import { LocalCandidates } from './local-candidates.ts';
import { NativePeer, type NativePeerParts } from './native-peer.ts';
import { openPublicPort, type PublicPort } from './public-port.ts';
import { type MediaSection, readDescription, refuseSdp } from './sdp-read.ts';
import {
  AUDIO_LEVEL_ID,
  type LocalTransport,
  MIC_MID,
  OPUS_PAYLOAD_TYPE,
  opusParameters,
  readTransport,
  slotMid,
  writeAnswer,
  writeOffer,
  writeRemote,
} from './sdp-write.ts';

export interface PeersOptions {
  /** UDP port for all peers; 0 takes a free one. */
  readonly port: number;
  /** Further addresses of this port, numeric, such as the public one of a router. */
  readonly addresses: readonly string[];
  /** Speakers are given relays that they reach by TCP or TLS: every packet then passes this process. */
  readonly tcpRelays?: boolean;
  /** Peer connections at once. */
  readonly peersMax: number;
  readonly timers: Timers;
  readonly log: Log;
}

export interface Peers extends PeerFactory {
  readonly port: number;
  readonly open: number;
}

const MTU_BYTES = 1_200;
/** The library is given this long to end its connections before their port is closed, ms. */
const ENDING_MS_MAX = 1_000;
const LOCAL_DESCRIPTION_TRIES = 2;

/** @throws Error when the port is taken */
export async function openPeers(options: PeersOptions): Promise<Peers> {
  ndc.initLogger('Error', (_level, message) => options.log.warn({ message }, 'webrtc library'));
  // Without this the library ends its threads whenever no peer is left, and begins them anew for the next.
  ndc.preload();
  if (options.tcpRelays !== true)
    return new NativePeers(options, await freePort(options.port), null);
  const library = await freePort(0);
  const front = await openPublicPort(options.port, library).catch(() => {
    throw taken(options.port);
  });
  return new NativePeers(options, library, front);
}

function taken(port: number): Error {
  return new Error(`The UDP port ${port} for speakers is taken; choose another rtcPort.`);
}

/** Finds a free port, and tells plainly when the wanted one is taken. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createSocket({ type: 'udp4' });
    probe.once('error', () => {
      probe.close();
      reject(taken(wanted));
    });
    probe.bind(wanted, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

class NativePeers implements Peers {
  readonly port: number;
  readonly #options: PeersOptions;
  /** The port the library is given. */
  readonly #library: number;
  readonly #front: PublicPort | null;
  readonly #mux: InstanceType<typeof ndc.IceUdpMuxListener>;
  readonly #extra: readonly string[];
  readonly #peers = new Set<NativePeer>();
  /** Closed, but the library's threads have not done with them. */
  readonly #ending = new Set<NativePeer>();
  #closed = false;
  #count = 0;
  #made = 0;

  constructor(options: PeersOptions, library: number, front: PublicPort | null) {
    this.#options = options;
    this.#library = library;
    this.#front = front;
    this.port = front?.port ?? library;
    this.#mux = new ndc.IceUdpMuxListener(library);
    this.#extra = options.addresses.map((address, index) =>
      extraCandidate(address, this.port, index),
    );
  }

  get open(): number {
    return this.#peers.size;
  }

  async offer(options: PeerOptions, observer: PeerObserver): Promise<Peer> {
    const connection = this.#connection(options.iceServers);
    const stereo = options.stereo === true;
    return this.#guard(connection, async () => {
      const mic = connection.addTrack(this.#audio(MIC_MID, 'RecvOnly', stereo));
      const slots = options.forwardSources.map((source, slot) => {
        const audio = this.#audio(slotMid(slot), 'SendOnly', stereo);
        audio.addSSRC(source, 'parterre', slotMid(slot), slotMid(slot));
        return connection.addTrack(audio);
      });
      const candidates = new LocalCandidates(connection, this.port, this.#extra);
      const local = await localDescription(connection, candidates, 'offer');
      const transport = this.#transport(local);
      const sdp = writeOffer(transport, options.forwardSources, stereo);
      return this.#adopt(observer, transport, {
        connection,
        description: { type: 'offer', sdp },
        candidates,
        mic,
        slots,
        payloadType: OPUS_PAYLOAD_TYPE,
        audioLevelId: AUDIO_LEVEL_ID,
      });
    });
  }

  async answer(
    offerSdp: string,
    iceServers: readonly IceServer[],
    observer: PeerObserver,
  ): Promise<Peer> {
    const remote = readDescription(offerSdp);
    const chosen = remote.sections.find(isVoice);
    if (chosen === undefined) throw refuseSdp('No Opus section is offered to be sent.');
    if (remote.setup === 'passive') throw refuseSdp('An offer must have the setup actpass.');
    const connection = this.#connection(iceServers);
    return this.#guard(connection, async () => {
      let mic: Track | null = null;
      connection.onTrack((track) => {
        mic ??= track;
      });
      const audio = this.#audio(chosen.mid, 'RecvOnly', false, chosen.opus ?? OPUS_PAYLOAD_TYPE);
      mic = connection.addTrack(audio);
      const section: MediaSection = { ...chosen, direction: 'sendonly' };
      connection.setRemoteDescription(writeRemote(remote, [section]), 'offer');
      const candidates = new LocalCandidates(connection, this.port, this.#extra);
      const local = await localDescription(connection, candidates, 'answer');
      const transport = this.#transport(local);
      const peer = this.#adopt(observer, transport, {
        connection,
        description: { type: 'answer', sdp: writeAnswer(transport, remote, chosen, false) },
        candidates,
        mic,
        slots: [],
        payloadType: chosen.opus ?? OPUS_PAYLOAD_TYPE,
        audioLevelId: chosen.audioLevelId,
      });
      for (const line of remote.candidates) peer.addCandidate(line);
      return peer;
    });
  }

  #transport(sdp: string): LocalTransport {
    const own = readTransport(sdp);
    const candidates = own.candidates.map((line) => atPort(line, this.port));
    return { ...own, candidates: [...new Set([...candidates, ...this.#extra])] };
  }

  #connection(iceServers: readonly IceServer[]): PeerConnection {
    if (this.#closed || this.#count >= this.#options.peersMax)
      throw new ParterreError('stage_full');
    this.#count += 1;
    this.#made += 1;
    return new ndc.PeerConnection(`peer${this.#made}`, {
      iceServers: stunOf(iceServers),
      enableIceUdpMux: true,
      portRangeBegin: this.#library,
      portRangeEnd: this.#library,
      disableAutoNegotiation: true,
      forceMediaTransport: true,
      mtu: MTU_BYTES,
    });
  }

  #audio(mid: string, direction: 'RecvOnly' | 'SendOnly', stereo: boolean, type?: number) {
    const audio = new ndc.Audio(mid, direction);
    audio.addOpusCodec(type ?? OPUS_PAYLOAD_TYPE, opusParameters(stereo));
    return audio;
  }

  /** Gives the place back when making the peer fails; the library's own words are not for the other side. */
  async #guard(connection: PeerConnection, make: () => Promise<Peer>): Promise<Peer> {
    try {
      return await make();
    } catch (error) {
      this.#count -= 1;
      connection.close();
      if (error instanceof ParterreError) throw error;
      throw refuseSdp('The transport did not accept it.');
    }
  }

  #adopt(
    observer: PeerObserver,
    { ufrag, pwd }: LocalTransport,
    parts: Omit<NativePeerParts, 'entrance'>,
  ): NativePeer {
    const entrance = this.#front?.entrance(ufrag, pwd) ?? null;
    const peer = new NativePeer({ ...parts, entrance }, observer, (closed) => {
      if (!this.#peers.delete(closed)) return;
      this.#count -= 1;
      this.#ending.add(closed);
      void closed.ended.then(() => {
        this.#ending.delete(closed);
        entrance?.close();
      });
    });
    this.#peers.add(peer);
    if (this.#closed) peer.close(); // it was being made when everything was closed
    return peer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const peer of this.#peers) peer.close();
    await new Promise<void>((resolve) => {
      const late = this.#options.timers.after(ENDING_MS_MAX, resolve);
      void Promise.all([...this.#ending].map((peer) => peer.ended)).then(() => {
        late.cancel();
        resolve();
      });
    });
    this.#mux.stop();
    this.#front?.close();
  }
}

function isVoice(section: MediaSection): boolean {
  const { direction } = section;
  const sends = direction === 'sendonly' || direction === 'sendrecv';
  return section.kind === 'audio' && !section.rejected && section.opus !== null && sends;
}

/** Only STUN is for this side: speakers behind firewalls bring their own relay (TURN) to its address. */
function stunOf(servers: readonly IceServer[]): string[] {
  return servers.flatMap((server) => server.urls).filter((url) => url.startsWith('stun:'));
}

/** Whether speakers are given a relay that they reach by TCP or TLS. */
export function hasTcpRelay(servers: readonly IceServer[]): boolean {
  const urls = servers.flatMap((server) => server.urls);
  return urls.some((url) => /^turns:|^turn:.*\?transport=tcp$/.test(url));
}

/** The library's description, with the host candidates it has by then. */
function localDescription(
  connection: PeerConnection,
  candidates: LocalCandidates,
  type: 'offer' | 'answer',
): Promise<string> {
  return new Promise((resolve, reject) => {
    let left = LOCAL_DESCRIPTION_TRIES;
    const look = (): void => {
      const sdp = connection.localDescription()?.sdp;
      if (sdp?.includes('a=candidate') === true) resolve(sdp);
    };
    connection.onLocalDescription(look);
    candidates.hear(look);
    connection.onGatheringStateChange((state) => {
      if (state !== 'complete') return;
      const sdp = connection.localDescription()?.sdp;
      left -= 1;
      if (sdp !== undefined) resolve(sdp);
      else if (left === 0) reject(new Error('no local description'));
    });
    connection.setLocalDescription(type);
  });
}
