/**
 * Who is at the other end of a connection: its address, or the one that a load balancer has introduced by
 * the PROXY protocol. Kept by the connection's own endpoint, which TLS on top of it shares.
 */
import type { Socket } from 'node:net';

export class Peers {
  readonly #introduced = new Map<string, string>();

  /** For as long as the connection lasts. */
  introduce(socket: Socket, address: string): void {
    const endpoint = endpointOf(socket);
    this.#introduced.set(endpoint, address);
    socket.once('close', () => this.#introduced.delete(endpoint));
  }

  /** The client's address; empty when the connection is gone. */
  of(socket: Socket): string {
    return this.#introduced.get(endpointOf(socket)) ?? socket.remoteAddress ?? '';
  }

  get size(): number {
    return this.#introduced.size;
  }
}

function endpointOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
