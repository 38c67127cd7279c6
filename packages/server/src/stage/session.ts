/**
 * One WebSocket's conversation: a `join` first, in time, then what the seat's person asks for. Messages
 * are bounded in size, rate and form; who exceeds a bound is told so and disconnected. It ends with the
 * socket; the seat goes on without it.
 */
import { type ErrorCode, ParterreError, type ToStage } from '@parterre/protocol';
import type { Clock } from '../ports/clock.ts';
import { MESSAGES_BURST, MESSAGES_PER_S } from './limits.ts';
import { parseMessage } from './messages.ts';
import { errorMessage, type Room } from './room.ts';
import type { Seat, SignalChannel } from './seat.ts';

export type Join = Extract<ToStage, { type: 'join' }>;

/** A person who has been given a seat. */
export interface Seated {
  readonly room: Room;
  readonly seat: Seat;
}

export interface SessionOptions {
  readonly clock: Clock;
  readonly channel: SignalChannel;
  /** Gives a seat, or says why not. */
  readonly join: (join: Join) => Seated | ErrorCode;
  readonly refused: (code: ErrorCode) => void;
}

export class Session {
  readonly #options: SessionOptions;
  #seated: Seated | null = null;
  #tokens = MESSAGES_BURST;
  #filledAtMs: number;
  #over = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#filledAtMs = options.clock.monotonicMs();
  }

  get joined(): boolean {
    return this.#seated !== null;
  }

  hear(text: string): void {
    if (this.#over) return;
    const message = this.#allowed() ? parseMessage(text) : 'too_many_requests';
    if (message === null) this.refuse('bad_request');
    else if (message === 'too_many_requests') this.refuse(message);
    else if (message.type === 'ping') this.#options.channel.send({ type: 'pong', t: message.t });
    else if (message.type === 'join') this.#join(message);
    else if (this.#seated === null) this.refuse('bad_request');
    // A socket whose seat was moved elsewhere has nothing more to say.
    else if (this.#seated.seat.channel === this.#options.channel) {
      this.#carryOut(message, this.#seated);
    }
  }

  #join(message: Join): void {
    const seated = this.#seated === null ? this.#options.join(message) : 'bad_request';
    if (typeof seated === 'string') {
      this.refuse(seated);
      return;
    }
    this.#seated = seated;
    seated.room.attach(seated.seat, this.#options.channel);
  }

  #carryOut(message: Exclude<ToStage, Join | { type: 'ping' }>, seated: Seated): void {
    const { room, seat } = seated;
    switch (message.type) {
      case 'answer':
        this.#answer(seat, message.offerId, message.sdp);
        break;
      case 'candidate':
        seat.connection?.candidate(message.offerId, message.candidate, message.mid);
        break;
      case 'reconnect':
        room.counters.reconnects += 1;
        seat.connection?.renew();
        break;
      case 'mute':
        room.mute(seat, message.muted);
        break;
      case 'place':
        this.#rule(room.place(seat, message.seat, message.place));
        break;
      case 'silence':
        this.#rule(room.silence(seat, message.seat));
        break;
      case 'remove':
        this.#rule(room.remove(seat, message.seat));
        break;
      case 'leave':
        room.leave(seat, 'left');
    }
  }

  #answer(seat: Seat, offerId: number, sdp: string): void {
    try {
      seat.connection?.answer(offerId, sdp);
    } catch (error) {
      if (!(error instanceof ParterreError)) throw error;
      this.#rule(error.code);
    }
  }

  /** Something asked for was not done; the conversation goes on. */
  #rule(code: ErrorCode | null): void {
    if (code === null) return;
    this.#options.refused(code);
    this.#options.channel.send(errorMessage(code, false));
  }

  /** Ends the conversation with a plain reason. */
  refuse(code: ErrorCode): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.refused(code);
    this.#options.channel.send(errorMessage(code, code !== 'part_away'));
    this.#options.channel.close(code);
  }

  /** The socket is gone. */
  end(): void {
    this.#over = true;
    this.#seated?.room.lost(this.#seated.seat, this.#options.channel);
  }

  /** A token bucket: MESSAGES_BURST at once, MESSAGES_PER_S after. */
  #allowed(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    const fresh = ((nowMs - this.#filledAtMs) * MESSAGES_PER_S) / 1_000;
    this.#tokens = Math.min(MESSAGES_BURST, this.#tokens + fresh);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
