/**
 * One person's place on the stage: who they are, where they sit, their signalling, and their media. The
 * seat outlives both connections by SEAT_GRACE_MS. Media come from one peer connection; a newer one takes
 * over when it is connected and not before, so that changing connections costs no sound.
 */
import {
  buildReceiverReport,
  buildSenderReport,
  parseRtcp,
  parseRtp,
  type RtpPacket,
  readAudioLevel,
} from '@parterre/media';
import { FORWARD_SLOTS, type FromStage, type Place, type Role } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import type { Peer, PeerObserver } from '../ports/peer.ts';
import type { StageCounters } from './counters.ts';
import { MEDIA_SILENT_MS } from './limits.ts';
import { SlotSelection } from './selection.ts';
import { SlotStream } from './slot.ts';
import { Voice } from './voice.ts';

/** Signalling towards one browser. */
export interface SignalChannel {
  send(message: FromStage): void;
  /** Ends it after what was sent. */
  close(reason: string): void;
}

/** The making of a seat's peer connections. */
export interface SeatConnection {
  /** Offers a new peer connection. */
  renew(): void;
  /** @throws ParterreError `sdp_invalid` */
  answer(offerId: number, sdp: string): void;
  candidate(offerId: number, candidate: string, mid: string): void;
  close(): void;
}

export interface SeatIdentity {
  readonly id: string;
  readonly personId: string;
  readonly clientId: string;
  readonly role: Role;
  readonly name: string;
}

/** What a seat tells its room. */
export interface SeatOwner {
  readonly clock: Clock;
  readonly counters: StageCounters;
  voice(seat: Seat, packet: RtpPacket): void;
  mediaChanged(seat: Seat): void;
}

const CNAME = 'parterre';
/** Payload type of Opus in the slots; what the server offers. */
const SLOT_PAYLOAD_TYPE = 111;

export class Seat {
  readonly id: string;
  readonly personId: string;
  readonly voice = new Voice();
  readonly slots: readonly SlotStream[];
  readonly selection = new SlotSelection<Seat>(FORWARD_SLOTS);
  /** Who hears this seat, and in which of their slots; made anew at each selection. */
  readonly listeners: { seat: Seat; slot: number }[] = [];
  clientId: string;
  role: Role;
  name: string;
  place: Place = 'green';
  muted = false;
  /** Media were there at the last look; what the roster says. */
  alive = false;
  /** When signalling was lost, monotonic ms; null while it is there. */
  lostAtMs: number | null = null;
  /** Null for a seat whose connection is not made by offers from here. */
  connection: SeatConnection | null = null;
  #channel: SignalChannel | null = null;
  #peer: Peer | null = null;
  #owner: SeatOwner;
  #rtcpAtMs = Number.NEGATIVE_INFINITY;

  constructor(identity: SeatIdentity, sources: readonly number[], owner: SeatOwner) {
    this.id = identity.id;
    this.personId = identity.personId;
    this.clientId = identity.clientId;
    this.role = identity.role;
    this.name = identity.name;
    this.slots = sources.map((source) => new SlotStream(source));
    this.#owner = owner;
  }

  get loudnessDbov(): number {
    return this.voice.loudnessDbov;
  }

  get channel(): SignalChannel | null {
    return this.#channel;
  }

  get onAir(): boolean {
    return this.place === 'stage' && this.alive;
  }

  send(message: FromStage): void {
    this.#channel?.send(message);
  }

  attach(channel: SignalChannel): void {
    this.#channel = channel;
    this.lostAtMs = null;
  }

  detach(nowMs: number): void {
    this.#channel = null;
    this.lostAtMs = nowMs;
  }

  /** The connection that carries media from now on. */
  adopt(peer: Peer): void {
    if (this.#peer === peer) return;
    this.#peer?.close();
    this.#peer = peer;
    for (const slot of this.slots) slot.release();
    this.look();
  }

  /** Observes a peer connection on behalf of this seat; only the adopted one is listened to. */
  observer(
    peerOf: () => Peer | null,
    state: PeerObserver['state'],
    candidate: PeerObserver['candidate'],
  ): PeerObserver {
    return {
      state,
      candidate,
      rtp: (packet) => {
        if (this.#peer !== null && this.#peer === peerOf()) this.#rtp(packet, this.#peer);
      },
      rtcp: (packet) => {
        if (this.#peer !== null && this.#peer === peerOf()) this.#rtcp(packet);
      },
    };
  }

  #rtp(bytes: Uint8Array, peer: Peer): void {
    if (!this.voice.allows(this.#owner.clock.monotonicMs())) {
      this.#owner.counters.packetsInvalid += 1;
      return;
    }
    const packet = parseRtp(bytes);
    if (packet === null || packet.payloadType !== peer.payloadType) {
      this.#owner.counters.packetsInvalid += 1;
      return;
    }
    const id = peer.audioLevelId;
    const level = id === null ? null : readAudioLevel(packet.extension, id);
    this.take(packet, level?.levelDbov ?? null);
  }

  /** One packet of this seat's voice, however it came. */
  take(packet: RtpPacket, levelDbov: number | null): void {
    if (packet.payload.length === 0) return;
    this.#owner.counters.packetsIn += 1;
    this.voice.receive(packet, levelDbov, this.#owner.clock.monotonicMs());
    if (!this.alive) this.look();
    if (this.muted) this.voice.silence();
    else this.#owner.voice(this, packet);
  }

  #rtcp(bytes: Uint8Array): void {
    const nowMs = this.#owner.clock.monotonicMs();
    this.#rtcpAtMs = nowMs;
    for (const packet of parseRtcp(bytes) ?? []) {
      if (packet.kind === 'sr') this.voice.senderReport(packet.ssrc, packet.ntpMiddle, nowMs);
    }
  }

  /** Sends a packet into one of this seat's slots; `packet` has room for the header before the payload. */
  hear(slot: number, packet: RtpPacket, nowMs: number, bytes: Uint8Array, header: DataView): void {
    const peer = this.#peer;
    if (peer === null) return;
    if (!this.slots[slot]!.rewrite(packet, SLOT_PAYLOAD_TYPE, nowMs, header)) return;
    peer.sendRtp(slot, bytes);
    this.#owner.counters.packetsOut += 1;
  }

  /** Reports about the voice that comes in, and of the slots that go out (RFC 3550 §6.4). */
  report(nowMs: number, wallMs: number): void {
    const peer = this.#peer;
    if (peer === null) return;
    const block = this.voice.report(nowMs);
    const blocks = block === null ? [] : [block];
    let told = false;
    for (const slot of this.slots) {
      if (slot.packets === 0) continue;
      const { ssrc, packets, octets } = slot;
      peer.sendRtcp(
        buildSenderReport({
          ssrc,
          nowMs: wallMs,
          timestamp: slot.timestampAt(nowMs),
          packetCount: packets,
          octetCount: octets,
          reports: told ? [] : blocks,
          cname: CNAME,
        }),
      );
      told = true;
    }
    const source = this.slots[0]?.ssrc ?? 1;
    if (!told && block !== null) peer.sendRtcp(buildReceiverReport(source, blocks, CNAME));
  }

  /** Looks whether media still come, and tells the room when that has changed. */
  look(): void {
    const nowMs = this.#owner.clock.monotonicMs();
    // A muted page may send no voice, but its reports go on.
    const lastAtMs = this.muted
      ? Math.max(this.voice.lastAtMs, this.#rtcpAtMs + MEDIA_SILENT_MS * 3)
      : this.voice.lastAtMs;
    const alive = nowMs - lastAtMs < MEDIA_SILENT_MS;
    if (alive === this.alive) return;
    this.alive = alive;
    if (!alive) this.voice.silence();
    this.#owner.mediaChanged(this);
  }

  /** Ends the media; signalling is the caller's. */
  close(): void {
    this.connection?.close();
    this.#peer?.close();
    this.#peer = null;
    this.listeners.length = 0;
  }
}
