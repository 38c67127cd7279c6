/**
 * One WebRTC peer connection of the stage, reduced to what the stage needs, so that another library can
 * stand behind it. RTP and RTCP cross as whole packets (RFC 3550), decrypted.
 */
import type { IceServer } from '@parterre/protocol';

export interface PeerOptions {
  /** Synchronisation sources of the packets this side will send, one per forward slot. */
  readonly forwardSources: readonly number[];
  readonly iceServers: readonly IceServer[];
  /** Music: stereo at a higher rate (RFC 7587 §6.1). Default false. */
  readonly stereo?: boolean;
}

export interface PeerObserver {
  /** A packet from the browser's microphone section. The buffer is only valid during the call. */
  rtp(packet: Uint8Array): void;
  rtcp(packet: Uint8Array): void;
  /** A candidate of this side (`candidate:…`) that its description does not have. */
  candidate(candidate: string, mid: string): void;
  state(state: 'connecting' | 'connected' | 'disconnected' | 'failed' | 'closed'): void;
}

export interface Peer {
  /** An answer has the host candidates this server has; for an offer they are told after `accept`. */
  readonly description: { readonly type: 'offer' | 'answer'; readonly sdp: string };
  /** Payload type of Opus in what it receives; packets of another type are not voice. */
  readonly payloadType: number;
  /** Identifier of the audio level (RFC 6464) in what it receives; null when there is none. */
  readonly audioLevelId: number | null;
  /** @throws ParterreError `sdp_invalid` */
  accept(answerSdp: string): void;
  addCandidate(candidate: string, mid: string): void;
  /** Sends a packet in a forward slot; dropped when the peer is not connected. */
  sendRtp(slot: number, packet: Uint8Array): void;
  sendRtcp(packet: Uint8Array): void;
  close(): void;
}

export interface PeerFactory {
  /** This side offers: microphone receive-only, forward slots send-only. */
  offer(options: PeerOptions, observer: PeerObserver): Promise<Peer>;
  /** The other side offered (WHIP, RFC 9725): one Opus section received. @throws ParterreError `sdp_invalid` */
  answer(offerSdp: string, iceServers: readonly IceServer[], observer: PeerObserver): Promise<Peer>;
  close(): Promise<void>;
}
