/**
 * A connection to `programme.sock` that comes back by itself, for ever. Backoff doubles from
 * BACKOFF_MS_MIN to BACKOFF_MS_MAX with jitter, and begins anew once the other end has answered: clients
 * that lost the same server do not come back on the same tick. Refuses to queue without bound: a server
 * that does not read loses the connection.
 */
import { connect, type Socket } from 'node:net';
import type { Timer, Timers } from '../../ports/clock.ts';
import type { Log } from '../../ports/log.ts';
import type { Random } from '../../ports/random.ts';
import { FrameParser } from './framing.ts';

const BACKOFF_MS_MIN = 10;
const BACKOFF_MS_MAX = 1_000;
/** Most that waits for a server that does not read, bytes. */
const PENDING_BYTES_MAX = 4 * 1024 * 1024;

/** What every client of `programme.sock` needs. */
export interface UnixClientOptions {
  readonly path: string;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

export interface ConnectionEvents {
  /** Connected: what is returned is sent first. */
  connected(): readonly Buffer[];
  /** The body is valid only during the call. */
  frame(type: number, body: Buffer): void;
  lost(): void;
}

export class Connection {
  private readonly options: UnixClientOptions;
  private readonly events: ConnectionEvents;
  private socket: Socket | null = null;
  private up = false;
  private corked = false;
  private retry: Timer | null = null;
  private failures = 0;
  private closed = false;

  constructor(options: UnixClientOptions, events: ConnectionEvents) {
    this.options = options;
    this.events = events;
    this.open();
  }

  /** Sends a frame; @returns false when there is no connection and the frame was dropped. */
  send(frame: Buffer): boolean {
    const { socket } = this;
    if (socket === null || !this.up) return false;
    if (socket.writableLength > PENDING_BYTES_MAX) {
      socket.destroy(new Error(`More than ${PENDING_BYTES_MAX} bytes wait to be read.`));
      return false;
    }
    if (!this.corked) {
      // Frames of one turn of the event loop leave in one write.
      this.corked = true;
      socket.cork();
      process.nextTick(() => {
        this.corked = false;
        socket.uncork();
      });
    }
    socket.write(frame);
    return true;
  }

  close(): void {
    this.closed = true;
    this.retry?.cancel();
    this.socket?.end();
    this.socket?.unref();
  }

  private open(): void {
    const socket = connect({ path: this.options.path });
    this.socket = socket;
    this.corked = false;
    let answered = false;
    const parser = new FrameParser((type, body) => this.events.frame(type, body));
    socket.on('connect', () => {
      this.up = true;
      for (const frame of this.events.connected()) this.send(frame);
    });
    socket.on('data', (piece: Buffer) => {
      if (!answered) {
        answered = true;
        if (this.failures > 0)
          this.options.log.info({ failures: this.failures }, 'programme reached');
        this.failures = 0;
      }
      this.take(parser, piece, socket);
    });
    socket.on('error', (error) => {
      this.options.log.debug({ error: error.message }, 'programme connection failed');
    });
    socket.on('close', () => this.comeBack(socket));
  }

  private take(parser: FrameParser, piece: Buffer, socket: Socket): void {
    if (this.closed) return;
    try {
      parser.push(piece);
    } catch (error) {
      this.options.log.error({ error: String(error) }, 'unreadable frame from the programme');
      socket.destroy();
    }
  }

  private comeBack(socket: Socket): void {
    if (this.socket !== socket) return;
    this.socket = null;
    const wasUp = this.up;
    this.up = false;
    if (this.closed) return;
    if (wasUp) {
      this.options.log.warn({}, 'programme connection lost');
      this.events.lost();
    }
    const ceilingMs = Math.min(
      BACKOFF_MS_MAX,
      5 * BACKOFF_MS_MIN * 2 ** Math.min(this.failures, 10),
    );
    const waitMs = BACKOFF_MS_MIN + this.options.random.uniform() * (ceilingMs - BACKOFF_MS_MIN);
    this.failures++;
    this.retry = this.options.timers.after(waitMs, () => this.open());
  }
}
