/**
 * Connections that are given up if nothing comes from them in time: those without a whole request yet, and
 * those to which the last has been said. Bounded by the connections of the port.
 */
import type { Socket } from 'node:net';
import { BareSocket } from './bare-socket.ts';

export class Silence {
  /** By the monotonic ms they are given up. */
  readonly #untilMs = new Map<Socket | BareSocket, number>();

  /** It is given up then, unless it is `heard`. */
  await(socket: Socket | BareSocket, untilMs: number): void {
    if (socket instanceof BareSocket) socket.awaited = true;
    this.#untilMs.set(socket, untilMs);
  }

  /** Idempotent; costs nothing for one that was never awaited, as most listeners are. */
  heard(socket: Socket | BareSocket): void {
    if (socket instanceof BareSocket && !socket.awaited) return;
    this.#untilMs.delete(socket);
  }

  /** When it is given up; undefined when it is not awaited. */
  untilMs(socket: Socket | BareSocket): number | undefined {
    return this.#untilMs.get(socket);
  }

  /** Ends those whose time is over. @returns how many of them had not been answered */
  sweep(nowMs: number): number {
    let unanswered = 0;
    for (const [socket, untilMs] of this.#untilMs) {
      if (untilMs > nowMs || socket.destroyed) continue;
      const rests = socket instanceof BareSocket && socket.resting;
      if (!socket.writableEnded && !rests) unanswered++;
      socket.destroy();
    }
    return unanswered;
  }
}
