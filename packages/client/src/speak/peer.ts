/**
 * The peer connection to the stage: the stage offers, this side answers. There is no ICE restart; an
 * offer makes a new connection on the same seat, and the old one goes when the new one carries sound. The
 * other speakers play in plain audio elements, one a slot, because sound that goes through Web Audio is
 * lost to the browser's echo cancellation.
 */
import { FORWARD_SLOTS, type IceServer, type ToStage } from '@parterre/protocol';
import type { OpusParameters } from './sdp.ts';
import { Silence } from './silence.ts';

export interface PeerObserver {
  say(message: ToStage): void;
  state(state: RTCPeerConnectionState): void;
  /** The browser could not use the offer. */
  broken(detail: string): void;
}

/** Packets for a speaker: 20 ms, FEC on, and a bit rate that suits the kind of sound. */
const VOICE: OpusParameters = {
  useinbandfec: 1,
  usedtx: 0,
  minptime: 20,
  maxaveragebitrate: 48_000,
  stereo: 0,
};
const MUSIC: OpusParameters = {
  useinbandfec: 1,
  usedtx: 0,
  minptime: 20,
  maxaveragebitrate: 96_000,
  stereo: 1,
};
const RECEIVED: OpusParameters = { useinbandfec: 1 };

export class StagePeer {
  readonly #observer: PeerObserver;
  readonly #music: boolean;
  readonly #speakers: HTMLAudioElement[];
  #connection: RTCPeerConnection | null = null;
  /** The one being replaced, until the new one is connected. */
  #former: RTCPeerConnection | null = null;
  #offerId = -1;
  readonly #silence = new Silence();
  #track: MediaStreamTrack | null = null;
  #sender: RTCRtpSender | null = null;
  /** Candidates that came before their offer was applied; bounded by the section count of an offer. */
  #early: { readonly candidate: string; readonly mid: string }[] = [];
  #volume = 1;

  constructor(music: boolean, observer: PeerObserver) {
    this.#music = music;
    this.#observer = observer;
    this.#speakers = Array.from({ length: FORWARD_SLOTS }, () => new Audio());
    for (const speaker of this.#speakers) speaker.autoplay = true;
  }

  get connection(): RTCPeerConnection | null {
    return this.#connection;
  }

  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    this.#volume = Math.max(0, Math.min(1, volume));
    for (const speaker of this.#speakers) speaker.volume = this.#volume;
  }

  /** The sound to send from now on, in this connection and the next; silence when there is none. */
  send(track: MediaStreamTrack | null): void {
    this.#track = track;
    this.#sender?.replaceTrack(track ?? this.#silence.track).catch(() => {
      // A connection that is closing takes no track; the next one will.
    });
  }

  offered(offerId: number, sdp: string, iceServers: readonly IceServer[]): void {
    this.#former?.close();
    this.#former = this.#connection;
    if (this.#former !== null) this.#former.onconnectionstatechange = null;
    const servers = iceServers.map(({ urls, ...rest }) => ({ urls: [...urls], ...rest }));
    const connection = new RTCPeerConnection({ iceServers: servers, bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    this.#offerId = offerId;
    this.#sender = null;
    this.#early = [];
    connection.onconnectionstatechange = () => this.#stateOf(connection);
    connection.onicecandidate = ({ candidate }) => {
      if (connection !== this.#connection || !candidate?.candidate) return;
      const mid = candidate.sdpMid ?? '';
      this.#observer.say({ type: 'candidate', offerId, candidate: candidate.candidate, mid });
    };
    connection.ontrack = ({ track, transceiver }) => this.#hear(track, transceiver.mid ?? '');
    this.#answer(connection, offerId, sdp).catch((error: unknown) => {
      if (connection === this.#connection) this.#observer.broken(String(error));
    });
  }

  candidate(offerId: number, candidate: string, mid: string): void {
    if (offerId !== this.#offerId || this.#connection === null) return;
    if (this.#connection.remoteDescription === null) {
      if (this.#early.length < 64) this.#early.push({ candidate, mid });
      return;
    }
    this.#add(this.#connection, candidate, mid);
  }

  close(): void {
    this.#former?.close();
    this.#connection?.close();
    this.#former = null;
    this.#connection = null;
    this.#sender = null;
    this.#silence.close();
    for (const speaker of this.#speakers) speaker.srcObject = null;
  }

  async #answer(connection: RTCPeerConnection, offerId: number, sdp: string): Promise<void> {
    const { withOpusParameters } = await import('./sdp.ts');
    const wanted = withOpusParameters(sdp, this.#music ? MUSIC : VOICE);
    await connection.setRemoteDescription({ type: 'offer', sdp: wanted });
    const microphone = connection.getTransceivers().find(({ mid }) => mid === 'mic');
    if (microphone !== undefined) {
      microphone.direction = 'sendonly';
      await microphone.sender.replaceTrack(this.#track ?? this.#silence.track);
    }
    const answer = await connection.createAnswer();
    const tuned = withOpusParameters(answer.sdp ?? '', RECEIVED);
    await connection.setLocalDescription({ type: 'answer', sdp: tuned });
    if (connection !== this.#connection) return;
    this.#sender = microphone?.sender ?? null;
    this.send(this.#track); // the microphone may have changed while this was waiting
    this.#observer.say({ type: 'answer', offerId, sdp: connection.localDescription?.sdp ?? tuned });
    for (const { candidate, mid } of this.#early.splice(0)) this.#add(connection, candidate, mid);
  }

  #add(connection: RTCPeerConnection, candidate: string, mid: string): void {
    connection.addIceCandidate({ candidate, sdpMid: mid }).catch(() => {
      // One candidate that cannot be used is no reason to lose the others.
    });
  }

  #hear(track: MediaStreamTrack, mid: string): void {
    const speaker = this.#speakers[Number(/^fwd(\d+)$/.exec(mid)?.[1] ?? -1)];
    if (speaker === undefined) return;
    speaker.srcObject = new MediaStream([track]);
    // Autoplay is allowed while this page captures a microphone; without one the next touch allows it.
    const play = () => speaker.play();
    play().catch(() =>
      addEventListener('pointerdown', () => play().catch(() => {}), { once: true }),
    );
  }

  #stateOf(connection: RTCPeerConnection): void {
    if (connection !== this.#connection) return;
    if (connection.connectionState === 'connected') {
      this.#former?.close();
      this.#former = null;
    }
    this.#observer.state(connection.connectionState);
  }
}
