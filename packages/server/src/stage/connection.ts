/**
 * The making of a seat's peer connections: offers a new one when asked, at most one at a time and not
 * more often than RECONNECT_MS_MIN, takes the answer and the candidates of the newest offer, and hands the
 * connection to the seat once it is connected. Answers to older offers are passed over.
 */
import { type IceServer, ParterreError } from '@parterre/protocol';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Peer, PeerFactory } from '../ports/peer.ts';
import { RECONNECT_MS_MIN } from './limits.ts';
import type { Seat, SeatConnection } from './seat.ts';

export interface ConnectorOptions {
  readonly peers: PeerFactory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly iceServers: readonly IceServer[];
}

interface Attempt {
  readonly offerId: number;
  peer: Peer | null;
  closed: boolean;
}

export class Connector implements SeatConnection {
  readonly #options: ConnectorOptions;
  readonly #seat: Seat;
  readonly #stereo: () => boolean;
  #offerId = 0;
  #attempt: Attempt | null = null;
  #lastAtMs = Number.NEGATIVE_INFINITY;
  #later: Timer | null = null;
  #closed = false;

  constructor(seat: Seat, stereo: () => boolean, options: ConnectorOptions) {
    this.#seat = seat;
    this.#stereo = stereo;
    this.#options = options;
  }

  /** Offers a new peer connection, now or as soon as it may. */
  renew(): void {
    if (this.#closed || this.#later !== null) return;
    const { clock, timers } = this.#options;
    const waitMs = this.#lastAtMs + RECONNECT_MS_MIN - clock.monotonicMs();
    if (waitMs > 0) {
      this.#later = timers.after(waitMs, () => {
        this.#later = null;
        this.renew();
      });
      return;
    }
    this.#lastAtMs = clock.monotonicMs();
    void this.#offer();
  }

  async #offer(): Promise<void> {
    this.#abandon();
    this.#offerId += 1;
    const attempt: Attempt = { offerId: this.#offerId, peer: null, closed: false };
    this.#attempt = attempt;
    const { peers, iceServers } = this.#options;
    const seat = this.#seat;
    const { offerId } = attempt;
    try {
      const peer = await peers.offer(
        {
          forwardSources: seat.slots.map((slot) => slot.ssrc),
          iceServers,
          stereo: this.#stereo(),
        },
        seat.observer(
          () => attempt.peer,
          (state) => this.#changed(attempt, state),
          (candidate, mid) => seat.send({ type: 'candidate', offerId, candidate, mid }),
        ),
      );
      attempt.peer = peer;
      if (attempt.closed) peer.close();
      else seat.send({ type: 'offer', offerId, sdp: peer.description.sdp });
    } catch (error) {
      if (attempt.closed) return; // a newer offer has taken its place, or the seat is gone
      this.#attempt = null;
      const { code, message } =
        error instanceof ParterreError ? error : new ParterreError('internal');
      seat.send({ type: 'error', code, message, final: false });
    }
  }

  #changed(attempt: Attempt, state: string): void {
    const { peer } = attempt;
    if (attempt.closed || peer === null) return;
    if (state === 'connected') {
      if (this.#attempt === attempt) this.#attempt = null;
      this.#seat.adopt(peer);
    } else if (state === 'failed' || state === 'closed') {
      attempt.closed = true;
      // Nothing comes back to life: what it held is free for others from now on, not at the end of the seat.
      peer.close();
      if (this.#attempt !== null && this.#attempt !== attempt) return;
      if (this.#seat.channel !== null && this.#offerId === attempt.offerId) this.renew();
    }
  }

  /** @throws ParterreError `sdp_invalid` */
  answer(offerId: number, sdp: string): void {
    if (this.#attempt?.offerId === offerId) this.#attempt.peer?.accept(sdp);
  }

  candidate(offerId: number, candidate: string, mid: string): void {
    if (this.#attempt?.offerId === offerId) this.#attempt.peer?.addCandidate(candidate, mid);
  }

  #abandon(): void {
    if (this.#attempt === null) return;
    this.#attempt.closed = true;
    this.#attempt.peer?.close();
    this.#attempt = null;
  }

  close(): void {
    this.#closed = true;
    this.#later?.cancel();
    this.#abandon();
  }
}
