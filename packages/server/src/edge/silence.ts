/**
 * Connections that are given up if nothing comes from them in time: those without a whole request yet, and
 * those to which the last has been said. Bounded by the connections of the port; a bare one keeps its time
 * itself, so that who is refused or waits costs no entry.
 */
import type { Socket } from 'node:net';
import { BareSocket } from './bare-socket.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class Silence {
  /** By the monotonic ms they are given up. */
  readonly #untilMs = new Map<Socket, number>();

  /** It is given up then, unless it is `heard`. */
  await(socket: Socket | BareSocket, untilMs: number): void {
    if (socket instanceof BareSocket) socket.silentUntilMs = untilMs;
    else this.#untilMs.set(socket, untilMs);
  }

  /** Idempotent. */
  heard(socket: Socket | BareSocket): void {
    if (socket instanceof BareSocket) socket.silentUntilMs = NEVER;
    else this.#untilMs.delete(socket);
  }

  /** Ends those whose time is over. @param bare all there are @returns how many had not been answered */
  sweep(nowMs: number, bare: Iterable<BareSocket>): number {
    let unanswered = 0;
    for (const [socket, untilMs] of this.#untilMs) {
      if (untilMs > nowMs || socket.destroyed) continue;
      if (!socket.writableEnded) unanswered++;
      socket.destroy();
    }
    for (const socket of bare) {
      if (socket.silentUntilMs > nowMs) continue;
      if (!socket.writableEnded && !socket.resting) unanswered++;
      socket.destroy();
    }
    return unanswered;
  }
}
