/**
 * TLS before a connection says anything: TLS 1.2 and 1.3, HTTP/1.1 alone. It has no socket of its own; the
 * front gives it connections and gets them back secured. Bounded: handshakes at once, since each costs
 * about as much as a hundred writes; whoever comes beyond is closed without a word, and comes again later.
 */
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { EdgeCounters } from './counters.ts';

const HANDSHAKE_MS_MAX = 10_000;
/** About what a core finishes in a second. */
const HANDSHAKES_MAX = 1_000;
/** How long a session can be resumed: as long as a long evening. */
const SESSION_S = 43_200;

export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface SecureOptions {
  readonly files: TlsFiles;
  /** 48 bytes, the same at all edges; null where there is only one. */
  readonly ticketKeys: Buffer | null;
  readonly counters: EdgeCounters;
  readonly handshakesMax?: number;
  readonly secured: (socket: TLSSocket) => void;
}

export class Secure {
  readonly #options: SecureOptions;
  readonly #server: Server;
  #ticketKeys: Buffer | null;
  /** Handshakes that have begun and not ended. */
  handshakes = 0;

  constructor(options: SecureOptions) {
    const { files, ticketKeys, counters, secured } = options;
    this.#options = options;
    this.#ticketKeys = ticketKeys;
    this.#server = createServer({
      ...this.#context(files),
      allowHalfOpen: true,
      ALPNProtocols: ['http/1.1'],
      handshakeTimeout: HANDSHAKE_MS_MAX,
    } as object);
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.handshakes--;
      if (socket.isSessionReused()) counters.handshakes.resumed++;
      else counters.handshakes.full++;
      secured(socket);
    });
    // Once for each connection that is never secured.
    this.#server.on('tlsClientError', (_error, socket) => {
      this.handshakes--;
      counters.refusals.tls++;
      socket.destroy();
    });
  }

  #context(files: TlsFiles): object {
    const context = {
      ...files,
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.3',
      sessionTimeout: SESSION_S,
      sessionIdContext: 'parterre',
    };
    return this.#ticketKeys === null ? context : { ...context, ticketKeys: this.#ticketKeys };
  }

  /** Takes a connection whose first bytes have come and were unshifted: an idle one costs nothing here. */
  take(socket: Socket): void {
    const { counters, handshakesMax = HANDSHAKES_MAX } = this.#options;
    if (this.handshakes >= handshakesMax) {
      counters.refusals.handshakes++;
      socket.destroy();
      return;
    }
    this.handshakes++;
    this.#server.emit('connection', socket);
  }

  /** New handshakes use this certificate; connections that exist keep theirs. @throws when the files do not fit */
  renew(files: TlsFiles): void {
    this.#server.setSecureContext(this.#context(files));
  }

  renewTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys;
    this.#server.setTicketKeys(keys);
  }
}
