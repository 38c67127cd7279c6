/**
 * One edge: the house of listeners, the public port and the HTTP server behind it, put together. It
 * keeps nothing that another edge could not replace.
 */
import type { AddressInfo, Socket } from 'node:net';
import type { AacEncoder } from '../ports/aac-encoder.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { ProgrammeFeed } from '../ports/programme-feed.ts';
import { EdgeCounters, type LaneId } from './counters.ts';
import type { Format, HoldingFrames } from './format.ts';
import { Front } from './front.ts';
import type { ListenAt } from './front-options.ts';
import { type EdgeGateParts, GateHttp } from './gate-http.ts';
import { Hls, type HlsMode } from './hls.ts';
import { House } from './house.ts';
import { EdgeHttp } from './http.ts';
import type { OverflowOptions } from './overflow.ts';
import { Pages } from './pages.ts';
import { Peers } from './peers.ts';
import { PartProxy } from './proxy.ts';
import { censusOf } from './room.ts';
import type { TlsFiles } from './secure.ts';
import { Waiters } from './waiters.ts';

/** Within this time the listeners of a closing edge are let go, when few, or when there is nobody to go to. */
const MOVE_MS = 800;
/** So many a second when there is: a quarter of what one edge can take in. They are served until then. */
const MOVES_PER_S = 2_000;
const MOVE_MS_MAX = 40_000;
const SETTLE_POLL_MS = 10;
/** Connections at once, where nobody says how many. */
const CONNECTIONS_MAX = 18_000;
/** From accept to a whole first request. */
const FIRST_REQUEST_MS_MAX = 10_000;
/** A client that takes nothing of an answer for this long is let go; a player that paused asks again. */
const STALL_MS_MAX = 60_000;
/** Then requests that have begun may take this long to finish. */
const FINISH_MS_MAX = 5_000;
const FINISH_POLL_MS = 50;

export interface EdgeOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly feed: ProgrammeFeed;
  readonly formats: Readonly<Record<LaneId, Format>>;
  readonly holding: HoldingFrames;
  readonly tls: TlsFiles | null;
  /** 48 bytes that seal TLS session tickets, the same at all edges. */
  readonly ticketKeys?: Buffer | null;
  readonly handshakesMax?: number;
  /** Every connection begins with a PROXY header. */
  readonly proxyProtocol?: boolean;
  /** The folder of the built pages; it need not exist. */
  readonly pagesDir: string;
  /** The folder that holds `spaces/{id}/replay.*`. */
  readonly dataDir: string;
  readonly sockets: { readonly api: string; readonly stage: string };
  readonly trustProxy: boolean;
  /** Told of a fault of ours that cost a request; for the log. */
  readonly failed?: (error: unknown) => void;
  readonly connectionsMax?: number;
  /** With so many connections it leaves new ones to the other edges, and says so. */
  readonly leaveAt?: number;
  readonly left?: () => void;
  /** null: every connection is a `net.Socket`. */
  readonly kernel: Kernel | null;
  readonly firstRequestMsMax?: number;
  readonly heldBytesMax?: number;
  readonly stallMsMax?: number;
  /** Without it everybody comes in. */
  readonly gate?: EdgeGateParts | null;
  /** What newcomers are given when it runs short; left out: always the space's own. */
  readonly overflow?: OverflowOptions | null;
  /** Whole segments without caches when left out. */
  readonly hlsMode?: HlsMode;
  /** Without it the hls lane has Opus alone. */
  readonly aac?: AacEncoder | null;
}

export class Edge {
  readonly counters = new EdgeCounters();
  readonly house: House;
  readonly hls: Hls;
  readonly #options: EdgeOptions;
  readonly #front: Front;
  readonly #http: EdgeHttp;
  readonly #proxies: readonly PartProxy[];
  #closing: Promise<void> | null = null;

  constructor(options: EdgeOptions) {
    this.#options = options;
    const { clock, timers, formats, holding, sockets, dataDir, tls } = options;
    const secure = tls !== null;
    const { gate = null, firstRequestMsMax = FIRST_REQUEST_MS_MAX } = options;
    this.house = new House({
      clock,
      timers,
      formats,
      holding,
      counters: this.counters,
      gate: gate?.keeper ?? null,
      overflow: options.overflow ?? null,
    });
    this.hls = new Hls({
      house: this.house,
      clock,
      timers,
      mode: options.hlsMode ?? 'plain',
      gate: gate?.keeper ?? null,
      aac: options.aac ?? null,
      failed: (error) => options.failed?.(error),
    });
    const peers = new Peers();
    const api = new PartProxy({ ...options, socketPath: sockets.api, secure, peers });
    const stage = new PartProxy({ ...options, socketPath: sockets.stage, secure, peers });
    this.#proxies = [api, stage];
    const line = gate === null ? null : this.#gateHttp(gate);
    this.#http = new EdgeHttp({
      house: this.house,
      gate: line,
      hls: this.hls,
      clock,
      pages: new Pages(options.pagesDir, options.overflow?.hlsBase),
      api,
      stage,
      dataDir,
      secure,
      heard: (socket) => this.#front.heard(socket),
      failed: (error) => options.failed?.(error),
      linger: (socket) => this.#front.linger(socket),
      ready: () => this.#closing === null && this.house.settled,
      headersMsMax: firstRequestMsMax,
      stallMsMax: options.stallMsMax ?? STALL_MS_MAX,
      closing: () => this.#closing !== null,
    });
    this.#front = new Front({
      ...options,
      connectionsMax: options.connectionsMax ?? CONNECTIONS_MAX,
      firstRequestMsMax,
      house: this.house,
      counters: this.counters,
      peers,
      waiters: new Waiters(this.counters, (id, kept) => line?.ready(id, kept) ?? null),
      http: (socket) => this.#http.take(socket),
    });
  }

  #gateHttp({ keeper, lotteries, office, spend }: EdgeGateParts): GateHttp {
    const { clock, dataDir } = this.#options;
    return new GateHttp({
      house: this.house,
      keeper,
      lotteries,
      office,
      spend,
      clock,
      dataDir,
      failed: (error, response) => this.#http.failed(error, response),
    });
  }

  /** Connections open now, listeners and others. */
  get connections(): number {
    return this.#front.connections;
  }

  /** Bytes of the programme sent on all lanes, ever. */
  get sentBytes(): number {
    return this.counters.bytes + this.hls.bytes;
  }

  room(spaceId: string): ReturnType<House['room']> {
    return this.house.room(spaceId);
  }

  get sessions(): House['sessions'] {
    return this.house.sessions;
  }

  /** Listeners by lane and profile, over all spaces. */
  census(): ReturnType<typeof censusOf> {
    return censusOf(this.house.rooms());
  }

  /** Listeners of a space. */
  used(spaceId: string): number {
    return this.house.used(spaceId);
  }

  /** Listeners of a space, or of a group's row. */
  usedOf(row: string): number {
    return this.house.usedOf(row);
  }

  /** What the gate has to know of. */
  openSpaces(): ReturnType<House['openSpaces']> {
    return this.house.openSpaces();
  }

  /** TLS handshakes in progress. */
  get handshakes(): number {
    return this.#front.handshakes;
  }

  /**
   * Follows the programme and opens the port.
   * @param settleMsMax how long the port may wait for the programme, so that the first to come are answered
   * @param furnish what is still to be done before anybody comes
   * @returns the address listened on
   */
  async open(
    at: ListenAt,
    settleMsMax = 0,
    furnish: () => Promise<void> = async () => {},
  ): Promise<AddressInfo> {
    this.house.open(this.#options.feed);
    await this.#poll(SETTLE_POLL_MS, settleMsMax, () => this.house.settled);
    await furnish();
    return this.#front.listen(at);
  }

  /** New connections are taken here. */
  get taking(): boolean {
    return this.#front.taking;
  }

  /** Leaves new connections to the other edges. */
  leave(): void {
    this.#front.leave();
  }

  /** Takes new connections again. @param socket the public socket; owned from here on */
  take(socket: Socket): void {
    this.#front.take(socket);
  }

  /** New connections are shown this certificate. */
  renewTls(files: TlsFiles): void {
    this.#front.renewTls(files);
  }

  /** What seals new session tickets; older ones are of no use from here on. */
  renewTicketKeys(keys: Buffer): void {
    this.#front.renewTicketKeys(keys);
  }

  /**
   * Takes no more connections, lets the listeners go so that their players go on elsewhere, finishes the
   * requests that have begun. Idempotent.
   * @param others there are edges to go to: the listeners are let go at a pace that those can take in
   */
  close(others = false): Promise<void> {
    this.#closing ??= this.#close(others);
    return this.#closing;
  }

  async #close(others: boolean): Promise<void> {
    this.#front.stopAccepting();
    this.#http.close();
    this.hls.close();
    const pacedMs = (this.#front.connections / MOVES_PER_S) * 1_000;
    await this.house.moveAll(others ? Math.min(MOVE_MS_MAX, Math.max(MOVE_MS, pacedMs)) : MOVE_MS);
    await this.#poll(FINISH_POLL_MS, FINISH_MS_MAX, () => this.#front.connections === 0);
    this.#front.destroyAll();
    this.house.close();
    for (const proxy of this.#proxies) proxy.close();
  }

  /** Resolves when it holds, or after so long. */
  #poll(everyMs: number, msMax: number, holds: () => boolean): Promise<void> {
    const { clock, timers } = this.#options;
    const untilMs = clock.monotonicMs() + msMax;
    return new Promise((resolve) => {
      const look = (): void => {
        if (holds() || clock.monotonicMs() >= untilMs) resolve();
        else timers.after(everyMs, look);
      };
      look();
    });
  }
}
