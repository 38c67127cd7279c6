/**
 * The public port: raw TCP or TLS connections, before anybody has said what they are. A first packet
 * that is exactly a live request is answered here; every other connection goes, with the bytes it has
 * sent, to the full HTTP server.
 *
 * Bounded: connections at once, and the time until a connection's first whole request. Whoever is
 * refused costs one write.
 */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Timer } from '../ports/clock.ts';
import { FastAnswers, type Refusal } from './answers.ts';
import { BareServer } from './bare-server.ts';
import { type BareOwner, BareSocket } from './bare-socket.ts';
import type { FrontOptions, ListenAt } from './front-options.ts';
import { listen } from './listeners.ts';
import { type LiveRequest, parseLiveRequest } from './live-request.ts';
import { introduce } from './proxy-header-reader.ts';
import { Secure, type TlsFiles } from './secure.ts';
import { Silence } from './silence.ts';
import { KEPT_S } from './waiters.ts';

/** With more connections than this share of the most none is kept for those who wait. */
const KEPT_SHARE = 0.5;
const BACKLOG = 4_096;
const SWEEP_MS = 1_000;
const HOUSE_FULL = { refusal: 'house_full', retryAfterS: 5 } as const;

export class Front {
  readonly #options: FrontOptions;
  readonly #server: Server;
  readonly #secure: Secure | null;
  /** Has taken over from the server, where it can. */
  #bareServer: BareServer | null = null;
  #closing = false;
  /** Takes connections although it is as good as full. */
  #insists = false;
  readonly #answers = new FastAnswers();
  readonly #sockets = new Set<Socket>();
  /** Connections that are descriptors. */
  #bare = 0;
  readonly #silence = new Silence();
  readonly #sweeper: Timer;

  constructor(options: FrontOptions) {
    this.#options = options;
    const { tls, ticketKeys = null } = options;
    this.#secure =
      tls === null
        ? null
        : new Secure({
            ...options,
            files: tls,
            ticketKeys,
            secured: (socket) => this.#accept(socket),
          });
    // Half-open, so that the HTTP server can answer a client that has closed its sending side.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (options.proxyProtocol === true) this.#introduce(socket);
      else this.#begin(socket);
      this.#leaveWhenFull();
    });
    this.#sweeper = options.timers.every(SWEEP_MS, () => this.#sweep());
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size + this.#bare + this.handshakes;
  }

  /** Of those, the ones that are becoming secure. */
  get handshakes(): number {
    return this.#secure?.handshakes ?? 0;
  }

  /** @returns the address listened on */
  listen(at: ListenAt): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ ...at, backlog: BACKLOG }, () => {
        this.#server.removeListener('error', reject);
        const address = this.#server.address() as AddressInfo;
        this.#bareIfPlain();
        resolve(address);
      });
    });
  }

  #bareIfPlain(): void {
    const { kernel, proxyProtocol } = this.#options;
    if (kernel === null || proxyProtocol === true) return;
    this.#bareServer = BareServer.instead(kernel, this.#server, BACKLOG, {
      ...this.#bareOwner,
      accepted: (socket, packet, length) => {
        this.#acceptBare(socket, packet, length);
        this.#leaveWhenFull();
      },
      exhausted: () => {
        this.leave();
        this.#options.left?.();
      },
    });
  }

  #leaveWhenFull(): void {
    const { leaveAt, left } = this.#options;
    if (leaveAt === undefined || this.connections < leaveAt) this.#insists = false;
    else if (!this.#insists) {
      this.leave();
      left?.();
    }
  }

  /** It listens. */
  get taking(): boolean {
    return this.#bareServer?.taking ?? this.#server.listening;
  }

  /** Leaves new connections, and those in the kernel's queue, to the other edges that share the socket. */
  leave(): void {
    this.#bareServer?.leave();
    if (this.#server.listening) this.#server.close();
  }

  /** Takes connections again, from `socket`, which is the public socket and owned from here on. */
  take(socket: Socket): void {
    this.#insists = true;
    if (this.#bareServer !== null && !this.#closing) this.#bareServer.take();
    if (this.#closing || this.taking) socket.destroy();
    else this.#server.listen(socket, BACKLOG, () => this.#bareIfPlain());
  }

  /** New handshakes use this certificate; connections that exist keep theirs. */
  renewTls(files: TlsFiles): void {
    this.#secure?.renew(files);
  }

  renewTicketKeys(keys: Buffer): void {
    this.#secure?.renewTicketKeys(keys);
  }

  /** A balancer says first whose connection this is. */
  #introduce(socket: Socket): void {
    const { counters, peers } = this.#options;
    socket.on('error', destroyThis);
    this.#keep(socket, this.#firstRequestUntilMs());
    introduce(socket, counters, peers, () => {
      this.#sockets.delete(socket);
      this.#silence.heard(socket);
      this.#begin(socket);
    });
  }

  #begin(socket: Socket): void {
    if (this.#secure === null) {
      this.#accept(socket);
      return;
    }
    socket.on('error', destroyThis);
    if (this.#isOverfull()) {
      socket.destroy();
      return;
    }
    this.#keep(socket, this.#firstRequestUntilMs());
    socket.once('data', (bytes: Buffer) => this.#handshake(socket, bytes));
    socket.resume();
  }

  /** The first bytes of a connection that is to be secured. */
  #handshake(socket: Socket, bytes: Buffer): void {
    socket.pause();
    socket.unshift(bytes);
    this.#sockets.delete(socket);
    this.#silence.heard(socket);
    this.#secure?.take(socket);
  }

  /** What every plain connection is, until its first packet shows that it is more than a listener's. */
  #acceptBare(socket: BareSocket, packet: Buffer, length: number): void {
    const secure = this.#secure !== null;
    const full = secure ? this.#isOverfull() : this.#isFull();
    this.#bare++;
    if (full && !secure) socket.refuse(this.#houseFull());
    if (full) socket.destroy();
    else socket.begin(packet, length);
    // In a stampede most requests lie there when their connection is accepted.
    if (!socket.heard && !socket.resting && !socket.destroyed)
      this.#silence.await(socket, this.#firstRequestUntilMs());
  }

  readonly #bareOwner: BareOwner = {
    first: (socket, packet, length) => {
      if (this.#secure !== null) {
        const secured = this.#become(socket);
        this.#handshake(secured, Buffer.from(packet.subarray(0, length)));
        return;
      }
      const request = parseLiveRequest(packet, length);
      if (request !== null) this.#answer(socket, request);
      else if (!this.#tellHowItStands(socket, packet, length))
        this.#outgrown(socket, Buffer.from(packet.subarray(0, length)));
    },
    ended: (socket) => this.#lingerBare(socket),
    closed: (socket) => {
      this.#bare--;
      this.heard(socket);
    },
  };

  #outgrown(bare: BareSocket, bytes: Buffer): void {
    const { silentUntilMs } = bare;
    const untilMs = Number.isFinite(silentUntilMs) ? silentUntilMs : this.#firstRequestUntilMs();
    const socket = this.#become(bare);
    this.#keep(socket, untilMs);
    this.#pass(socket, bytes);
  }

  #become(bare: BareSocket): Socket {
    this.#bare--;
    this.heard(bare);
    const socket = bare.become();
    socket.on('error', destroyThis);
    return socket;
  }

  #accept(socket: Socket): void {
    socket.on('error', destroyThis);
    if (this.#isFull()) {
      socket.write(this.#houseFull());
      socket.destroySoon();
      return;
    }
    this.#keep(socket, this.#firstRequestUntilMs());
    socket.once('data', (bytes: Buffer) => this.#firstPacket(socket, bytes));
    socket.resume();
  }

  #isFull(): boolean {
    return this.connections >= this.#options.connectionsMax;
  }

  /** A refusal in words takes a handshake; beyond this there is none. */
  #isOverfull(): boolean {
    const { counters, connectionsMax } = this.#options;
    const over = this.connections >= connectionsMax + WAITING_TO_BE_REFUSED_MAX;
    if (over) counters.refusals.connections++;
    return over;
  }

  #houseFull(): Buffer {
    const { counters, clock } = this.#options;
    counters.refusals.connections++;
    return this.#answers.refusal(HOUSE_FULL, false, clock.wallMs());
  }

  #firstRequestUntilMs(): number {
    const { clock, firstRequestMsMax } = this.#options;
    return clock.monotonicMs() + firstRequestMsMax;
  }

  #keep(socket: Socket, silentUntilMs: number): void {
    this.#sockets.add(socket);
    this.#silence.await(socket, silentUntilMs);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#silence.heard(socket);
    });
  }

  /** The connection's first whole request has come: it is no longer given up for its silence. */
  heard(socket: Socket | BareSocket): void {
    this.#silence.heard(socket);
  }

  #firstPacket(socket: Socket, bytes: Buffer): void {
    const request = parseLiveRequest(bytes);
    if (request !== null) {
      this.#answer(socket, request);
      return;
    }
    socket.pause();
    this.#pass(socket, bytes);
  }

  /** To the full HTTP server, with what has been read. */
  #pass(socket: Socket, bytes: Buffer): void {
    this.#options.http(socket);
    socket.unshift(bytes);
    socket.resume();
  }

  #answer(socket: Socket | BareSocket, request: LiveRequest): void {
    const { house, counters, clock } = this.#options;
    this.heard(socket);
    const wallMs = clock.wallMs();
    counters.fastAnswers++;
    const { spaceId, from, profile, pass, rendition, link, session, headOnly } = request;
    // Their own old place is the one they come back to.
    if (pass !== null && session !== null && !headOnly) house.sessions.supersede(session);
    const admission = house.admit('live', spaceId, from, profile, pass, rendition, link);
    if ('refusal' in admission) {
      this.#refuse(socket, request, admission);
      return;
    }
    const head = this.#answers.streamHead(admission.cohort, wallMs, house.returnToken(spaceId));
    if (headOnly) {
      this.#end(socket, head);
      return;
    }
    listen(house, socket, admission, from !== null, head, session);
  }

  /** One write, and the connection is kept for whatever comes next: to stand in line, most often. */
  #refuse(socket: Socket | BareSocket, { headOnly, kept }: LiveRequest, refused: Refusal): void {
    const wallMs = this.#options.clock.wallMs();
    const keeps = kept && socket instanceof BareSocket && this.#keeps();
    const keptS = keeps ? KEPT_S : 0;
    const told = this.#answers.refusal(refused, headOnly, wallMs, keptS);
    if (socket instanceof BareSocket) this.#answerBare(socket, told, keeps);
    else this.#end(socket, told);
  }

  /** @returns false when that is not what the packet asks, or there is nothing to tell */
  #tellHowItStands(socket: BareSocket, packet: Buffer, length: number): boolean {
    const keeps = this.#keeps();
    const answer = this.#options.waiters.answerTo(packet, length, keeps);
    if (answer === null) return false;
    this.#answerBare(socket, answer, keeps);
    return true;
  }

  /** Whether a connection may be kept after an answer: places are listeners' first. */
  #keeps(): boolean {
    const { connectionsMax } = this.#options;
    return !this.#closing && this.connections < connectionsMax * KEPT_SHARE;
  }

  #answerBare(socket: BareSocket, answer: Uint8Array, keeps: boolean): void {
    socket.answer(answer, keeps);
    if (socket.resting && !socket.destroyed)
      this.#silence.await(socket, this.#options.clock.monotonicMs() + KEPT_S * 1_000);
  }

  #end(socket: Socket | BareSocket, answer: Uint8Array): void {
    socket.end(answer);
    if (!(socket instanceof BareSocket)) this.linger(socket);
  }

  /**
   * The last has been said: what still comes is read and forgotten, so that the answer is not lost to a
   * reset (RFC 9112 §9.6), and a client that does not close its side is not waited for.
   */
  linger(socket: Socket): void {
    if (!this.#sockets.has(socket)) return;
    this.#silence.await(socket, this.#options.clock.monotonicMs() + LINGER_MS);
    socket.resume();
  }

  /** What still waits may be the last of the programme, on its way to a slow reader. */
  #lingerBare(socket: BareSocket): void {
    const waitMs = socket.writableLength > 0 ? FINISH_MS_MAX : LINGER_MS;
    this.#silence.await(socket, this.#options.clock.monotonicMs() + waitMs);
  }

  #sweep(): void {
    const { counters, clock } = this.#options;
    const bare = this.#bareServer?.sockets() ?? [];
    counters.refusals.idle += this.#silence.sweep(clock.monotonicMs(), bare);
  }

  /** No new connection is taken; a queued one goes to another edge that shares the socket. */
  stopAccepting(): void {
    this.#closing = true;
    for (const socket of this.#bareServer?.sockets() ?? []) if (socket.resting) socket.destroy();
    this.leave();
    this.#bareServer?.stop();
  }

  /** Ends what is left. */
  destroyAll(): void {
    this.#sweeper.cancel();
    for (const socket of this.#sockets) socket.destroy();
    this.#bareServer?.close();
  }
}

const WAITING_TO_BE_REFUSED_MAX = 100;
const LINGER_MS = 2_000;
const FINISH_MS_MAX = 30_000;

function destroyThis(this: Socket): void {
  this.destroy();
}
