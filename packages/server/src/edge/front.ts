/**
 * The public port: raw TCP or TLS connections, before anybody has said what they are. A first packet
 * that is exactly a live request is answered here; every other connection goes, with the bytes it has
 * sent, to the full HTTP server.
 *
 * Bounded: connections at once, and the time until a connection's first whole request. Whoever is
 * refused costs one write.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import { FastAnswers } from './answers.ts';
import type { EdgeCounters } from './counters.ts';
import type { House } from './house.ts';
import { listen } from './listeners.ts';
import { type LiveRequest, parseLiveRequest } from './live-request.ts';

/** Below the 20,000 descriptors a process commonly has, with room for files and other sockets. */
const CONNECTIONS_MAX = 18_000;
/** From accept to a whole first request. */
export const FIRST_REQUEST_MS_MAX = 10_000;
const HANDSHAKE_MS_MAX = 10_000;
const BACKLOG = 4_096;
const SWEEP_MS = 1_000;
const REFUSED_RETRY_S = 5;

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Where to listen: an inherited socket, or an address of one's own. */
export type ListenAt = { readonly fd: number } | { readonly host: string; readonly port: number };

export interface FrontOptions {
  readonly house: House;
  readonly counters: EdgeCounters;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly connectionsMax?: number;
  readonly firstRequestMsMax?: number;
  readonly tls: TlsFiles | null;
  /** Takes a connection whose first bytes were unshifted: the full HTTP server. */
  readonly http: (socket: Socket) => void;
}

export class Front {
  readonly #options: FrontOptions;
  readonly #server: Server;
  readonly #answers = new FastAnswers();
  readonly #sockets = new Set<Socket>();
  /** Connections without a whole request yet, oldest first, by the monotonic ms they are given up. */
  readonly #silent = new Map<Socket, number>();
  readonly #sweeper: Timer;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#server = this.#createServer(options.tls);
    this.#sweeper = options.timers.every(SWEEP_MS, () => this.#sweep());
  }

  #createServer(tls: TlsFiles | null): Server {
    // Half-open, so that the HTTP server can answer a client that has closed its sending side.
    const options = { allowHalfOpen: true, noDelay: true };
    if (tls === null) return createServer(options, (socket) => this.#accept(socket));
    const server = createTlsServer(
      { ...options, ...tls, ALPNProtocols: ['http/1.1'], handshakeTimeout: HANDSHAKE_MS_MAX },
      (socket) => this.#accept(socket),
    );
    server.on('tlsClientError', (_error, socket) => {
      this.#options.counters.refusals.tls++;
      socket.destroy();
    });
    return server;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** @returns the address listened on */
  listen(at: ListenAt): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...at, backlog: BACKLOG }, () => {
        this.#server.removeListener('error', reject);
        resolve(this.#server.address() as AddressInfo);
      });
    });
  }

  /** New handshakes use this certificate; connections that exist keep theirs. */
  renewTls(files: TlsFiles): void {
    (this.#server as TlsServer).setSecureContext(files);
  }

  #accept(socket: Socket): void {
    const { counters, clock } = this.#options;
    socket.on('error', destroyThis);
    if (this.#sockets.size >= (this.#options.connectionsMax ?? CONNECTIONS_MAX)) {
      counters.refusals.connections++;
      const wallMs = clock.wallMs();
      socket.write(this.#answers.refusal('house_full', undefined, REFUSED_RETRY_S, false, wallMs));
      socket.destroySoon();
      return;
    }
    this.#sockets.add(socket);
    const patienceMs = this.#options.firstRequestMsMax ?? FIRST_REQUEST_MS_MAX;
    this.#silent.set(socket, clock.monotonicMs() + patienceMs);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
    });
    socket.once('data', (bytes: Buffer) => this.#firstPacket(socket, bytes));
  }

  /** The connection's first whole request has come: it is no longer given up for its silence. */
  heard(socket: Socket): void {
    this.#silent.delete(socket);
  }

  #firstPacket(socket: Socket, bytes: Buffer): void {
    const request = parseLiveRequest(bytes);
    if (request !== null) {
      this.heard(socket);
      this.#answer(socket, request);
      return;
    }
    socket.pause();
    this.#options.http(socket);
    socket.unshift(bytes);
    socket.resume();
  }

  #answer(socket: Socket, request: LiveRequest): void {
    const { house, counters, clock } = this.#options;
    const wallMs = clock.wallMs();
    counters.fastAnswers++;
    const admission = house.admit('live', request.spaceId, request.from, request.profile);
    if ('refusal' in admission) {
      const { refusal, detail, retryAfterS } = admission;
      socket.end(this.#answers.refusal(refusal, detail, retryAfterS, request.headOnly, wallMs));
      this.linger(socket);
      return;
    }
    const head = this.#answers.streamHead(admission.cohort.source.format.contentType, wallMs);
    if (request.headOnly) {
      socket.end(head);
      this.linger(socket);
      return;
    }
    socket.cork();
    socket.write(head);
    listen(house, socket, admission, request.from !== null);
    socket.uncork();
  }

  /**
   * The last has been said: what still comes is read and forgotten, so that the answer is not lost to a
   * reset (RFC 9112 §9.6), and a client that does not close its side is not waited for.
   */
  linger(socket: Socket): void {
    if (!this.#sockets.has(socket)) return;
    this.#silent.set(socket, this.#options.clock.monotonicMs() + LINGER_MS);
    socket.resume();
  }

  #sweep(): void {
    const now = this.#options.clock.monotonicMs();
    for (const [socket, untilMs] of this.#silent) {
      if (untilMs > now || socket.destroyed) continue;
      if (!socket.writableEnded) this.#options.counters.refusals.idle++;
      socket.destroy();
    }
  }

  /** No new connection is taken; a queued one goes to another edge that shares the socket. */
  stopAccepting(): void {
    this.#server.close();
  }

  /** Ends what is left. */
  destroyAll(): void {
    this.#sweeper.cancel();
    for (const socket of this.#sockets) socket.destroy();
  }
}

const LINGER_MS = 2_000;

function destroyThis(this: Socket): void {
  this.destroy();
}
