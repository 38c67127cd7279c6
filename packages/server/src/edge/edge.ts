/**
 * One edge: the house of listeners, the public port and the HTTP server behind it, put together. It
 * keeps nothing that another edge could not replace.
 */
import type { AddressInfo } from 'node:net';
import type { Clock, Timers } from '../ports/clock.ts';
import type { ProgrammeFeed } from '../ports/programme-feed.ts';
import { EdgeCounters, type LaneId } from './counters.ts';
import type { Format, HoldingFrames } from './format.ts';
import { FIRST_REQUEST_MS_MAX, Front, type ListenAt, type TlsFiles } from './front.ts';
import { House } from './house.ts';
import { EdgeHttp } from './http.ts';
import { Pages } from './pages.ts';
import { PartProxy } from './proxy.ts';

/** Within this time the listeners of a closing edge are let go. */
const MOVE_MS = 800;
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
  /** The folder of the built pages; it need not exist. */
  readonly pagesDir: string;
  /** The folder that holds `spaces/{id}/replay.*`. */
  readonly dataDir: string;
  readonly sockets: { readonly api: string; readonly stage: string };
  readonly trustProxy: boolean;
  /** Told of a fault of ours that cost a request; for the log. */
  readonly failed?: (error: unknown) => void;
  readonly connectionsMax?: number;
  /** false: every connection is a `net.Socket`. */
  readonly bare?: boolean;
  readonly firstRequestMsMax?: number;
  readonly heldBytesMax?: number;
  readonly stallMsMax?: number;
}

export class Edge {
  readonly counters = new EdgeCounters();
  readonly house: House;
  readonly #options: EdgeOptions;
  readonly #front: Front;
  readonly #http: EdgeHttp;
  readonly #proxies: readonly PartProxy[];
  #closing: Promise<void> | null = null;

  constructor(options: EdgeOptions) {
    this.#options = options;
    const { clock, timers, formats, holding, sockets, dataDir, tls } = options;
    const secure = tls !== null;
    this.house = new House({ clock, timers, formats, holding, counters: this.counters });
    const api = new PartProxy({ ...options, socketPath: sockets.api, secure });
    const stage = new PartProxy({ ...options, socketPath: sockets.stage, secure });
    this.#proxies = [api, stage];
    this.#http = new EdgeHttp({
      house: this.house,
      clock,
      pages: new Pages(options.pagesDir),
      api,
      stage,
      dataDir,
      secure,
      heard: (socket) => this.#front.heard(socket),
      failed: (error) => options.failed?.(error),
      linger: (socket) => this.#front.linger(socket),
      ready: () => this.#closing === null && this.house.settled,
      headersMsMax: options.firstRequestMsMax ?? FIRST_REQUEST_MS_MAX,
      stallMsMax: options.stallMsMax ?? STALL_MS_MAX,
      closing: () => this.#closing !== null,
    });
    this.#front = new Front({
      ...options,
      house: this.house,
      counters: this.counters,
      http: (socket) => this.#http.take(socket),
    });
  }

  /** Connections open now, listeners and others. */
  get connections(): number {
    return this.#front.connections;
  }

  /** Follows the programme and opens the port. @returns the address listened on */
  open(at: ListenAt): Promise<AddressInfo> {
    this.house.open(this.#options.feed);
    return this.#front.listen(at);
  }

  /** New connections are shown this certificate. */
  renewTls(files: TlsFiles): void {
    this.#front.renewTls(files);
  }

  /**
   * Takes no more connections, lets the listeners go within a second so that their players go on
   * elsewhere, finishes the requests that have begun. Idempotent.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#front.stopAccepting();
    this.#http.close();
    await this.house.moveAll(MOVE_MS);
    await this.#finish();
    this.#front.destroyAll();
    this.house.close();
    for (const proxy of this.#proxies) proxy.close();
  }

  #finish(): Promise<void> {
    const { clock, timers } = this.#options;
    const untilMs = clock.monotonicMs() + FINISH_MS_MAX;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#front.connections === 0 || clock.monotonicMs() >= untilMs) resolve();
        else timers.after(FINISH_POLL_MS, look);
      };
      look();
    });
  }
}
