/**
 * One peer connection of node-datachannel (libdatachannel). Its callbacks may come after `close` and its
 * calls may throw at any time: both end here. Only checked descriptions and candidates reach it, at most
 * CANDIDATES_MAX of them; it is asked for one local description and never negotiates again.
 *
 * Where this side offers, the other side is told no candidate before its answer is in. The library (0.24)
 * lets the handshake begin a moment before it keeps the answer's fingerprint; with checks under way already,
 * a certificate that comes in that moment is refused ("unknown CA") and the connection lost.
 */

import { isRtcp } from '@parterre/media';
import type { PeerConnection, Track } from 'node-datachannel';
import type { Peer, PeerObserver } from '../../ports/peer.ts';
import { checkedCandidate } from './candidate.ts';
import type { LocalCandidates } from './local-candidates.ts';
import { CANDIDATES_MAX, readDescription, refuseSdp } from './sdp-read.ts';
import { AUDIO_LEVEL_ID, MIC_MID, OPUS_PAYLOAD_TYPE, slotMid, writeRemote } from './sdp-write.ts';

export type PeerState = Parameters<PeerObserver['state']>[0];

const STATES: ReadonlySet<string> = new Set<PeerState>([
  'connecting',
  'connected',
  'disconnected',
  'failed',
  'closed',
]);
/** Largest packet that is sent or taken in: one UDP datagram of a usual path. */
export const PACKET_BYTES_MAX = 1_500;

/** Where the other side's packets come in before the library has them. */
export interface PeerEntrance {
  /** @returns the checked line as the library may have it; null when it is of no use */
  candidate(line: string): Promise<string | null>;
}

export interface NativePeerParts {
  readonly connection: PeerConnection;
  readonly entrance: PeerEntrance | null;
  readonly description: Peer['description'];
  readonly candidates: LocalCandidates;
  readonly mic: Track;
  readonly slots: readonly Track[];
  readonly payloadType: number;
  readonly audioLevelId: number | null;
}

export class NativePeer implements Peer {
  readonly description: Peer['description'];
  payloadType: number;
  audioLevelId: number | null;
  readonly #connection: PeerConnection;
  readonly #candidates: LocalCandidates;
  readonly #entrance: PeerEntrance | null;
  readonly #mic: Track;
  readonly #slots: readonly Track[];
  readonly #closed: (peer: NativePeer) => void;
  readonly #ended = Promise.withResolvers<void>();
  #observer: PeerObserver | null;
  #accepted: boolean;
  #connected = false;
  #early: string[] = [];
  #reached = 0;

  constructor(parts: NativePeerParts, observer: PeerObserver, closed: (peer: NativePeer) => void) {
    this.description = parts.description;
    this.payloadType = parts.payloadType;
    this.audioLevelId = parts.audioLevelId;
    this.#connection = parts.connection;
    this.#candidates = parts.candidates;
    this.#entrance = parts.entrance;
    this.#mic = parts.mic;
    this.#slots = parts.slots;
    this.#observer = observer;
    this.#closed = closed;
    this.#accepted = parts.description.type === 'answer';
    this.#listen();
  }

  #listen(): void {
    this.#mic.onMessage((packet) => this.#receive(packet));
    for (const slot of this.#slots) slot.onMessage((packet) => this.#receive(packet));
    this.#connection.onStateChange((state) => this.#changed(state));
  }

  #changed(state: string): void {
    this.#connected = state === 'connected';
    if (state === 'closed') this.#ended.resolve();
    if (STATES.has(state)) this.#observer?.state(state as PeerState);
  }

  #receive(packet: Uint8Array): void {
    if (packet.length > PACKET_BYTES_MAX) return;
    if (isRtcp(packet)) this.#observer?.rtcp(packet);
    else this.#observer?.rtp(packet);
  }

  accept(answerSdp: string): void {
    if (this.#accepted || this.#observer === null) throw refuseSdp('No answer is expected.');
    const remote = readDescription(answerSdp);
    const expected = [MIC_MID, ...this.#slots.map((_, slot) => slotMid(slot))];
    const { sections } = remote;
    if (sections.map((section) => section.mid).join() !== expected.join()) {
      throw refuseSdp('The sections are not those of the offer.');
    }
    if (remote.setup === 'actpass') throw refuseSdp('An answer must choose its setup.');
    const usable = sections.every(
      (section) =>
        section.kind === 'audio' && (section.rejected || section.opus === OPUS_PAYLOAD_TYPE),
    );
    if (!usable || sections[0]!.rejected) throw refuseSdp('Opus was not accepted.');
    const answered = sections.map((section, index) => ({
      ...section,
      direction: answeredDirection(index, section.direction),
    }));
    this.audioLevelId = sections[0]!.audioLevelId === null ? null : AUDIO_LEVEL_ID;
    try {
      this.#connection.setRemoteDescription(writeRemote(remote, answered), 'answer');
    } catch {
      throw refuseSdp('The transport did not accept it.');
    }
    this.#accepted = true;
    for (const line of remote.candidates) this.#add(line);
    for (const line of this.#early) this.#add(line);
    this.#early = [];
    this.#candidates.hear((candidate) => this.#observer?.candidate(candidate, MIC_MID));
  }

  /** All sections share one transport, so that it does not matter whose candidate it is. */
  addCandidate(candidate: string): void {
    const line = checkedCandidate(candidate);
    if (line === null || this.#observer === null) return;
    if (this.#accepted) this.#add(line);
    else if (this.#early.length < CANDIDATES_MAX) this.#early.push(line);
  }

  #add(line: string): void {
    if (this.#reached === CANDIDATES_MAX) return;
    this.#reached += 1;
    if (this.#entrance === null) {
      this.#reach(line);
      return;
    }
    void this.#entrance.candidate(line).then((inside) => {
      if (inside !== null && this.#observer !== null) this.#reach(inside);
    });
  }

  #reach(line: string): void {
    try {
      this.#connection.addRemoteCandidate(line, this.#mic.mid());
    } catch {
      // A candidate the library cannot use is one path less, not a failure.
    }
  }

  sendRtp(slot: number, packet: Uint8Array): void {
    const track = this.#slots[slot];
    if (track !== undefined) this.#send(track, packet);
  }

  sendRtcp(packet: Uint8Array): void {
    this.#send(this.#mic, packet);
  }

  #send(track: Track, packet: Uint8Array): void {
    if (!this.#connected) return;
    try {
      track.sendMessageBinary(packet as Buffer);
    } catch {
      // Closed between two calls; the state change says so.
    }
  }

  /** Resolves when the library has done with it, which is after `close`. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  close(): void {
    if (this.#observer === null) return;
    this.#observer = null;
    this.#connected = false;
    try {
      this.#connection.close();
    } catch {
      // Closed already.
    }
    this.#closed(this);
  }
}

function answeredDirection(index: number, direction: string): 'sendonly' | 'recvonly' | 'inactive' {
  const sends = direction === 'sendonly' || direction === 'sendrecv';
  const receives = direction === 'recvonly' || direction === 'sendrecv';
  if (index === 0) return sends ? 'sendonly' : 'inactive';
  return receives ? 'recvonly' : 'inactive';
}
