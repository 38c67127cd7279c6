/** What the public port is given: where it listens, what it may take, and who takes what it does not. */
import type { Socket } from 'node:net';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Kernel } from '../ports/kernel.ts';
import type { EdgeCounters } from './counters.ts';
import type { House } from './house.ts';
import type { Peers } from './peers.ts';
import type { TlsFiles } from './secure.ts';
import type { Waiters } from './waiters.ts';

/** Where to listen: an inherited socket, or an address of one's own. */
export type ListenAt = { readonly fd: number } | { readonly host: string; readonly port: number };

export interface FrontOptions {
  readonly house: House;
  readonly counters: EdgeCounters;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly connectionsMax: number;
  /** With so many connections this port leaves new ones to the others that share its socket. */
  readonly leaveAt?: number;
  /** It has; whoever knows the others may have it `take` again, up to `connectionsMax`. */
  readonly left?: () => void;
  /** null: every connection is a `net.Socket`. */
  readonly kernel: Kernel | null;
  /** From accept to a whole first request. */
  readonly firstRequestMsMax: number;
  readonly tls: TlsFiles | null;
  /** 48 bytes, the same at all edges. */
  readonly ticketKeys?: Buffer | null;
  readonly handshakesMax?: number;
  /** Every connection begins with a PROXY header, version 2; one that does not is closed. */
  readonly proxyProtocol?: boolean;
  readonly peers: Peers;
  /** Answers those who wait; the full HTTP server does where it cannot. */
  readonly waiters: Waiters;
  /** Takes a connection whose first bytes were unshifted: the full HTTP server. */
  readonly http: (socket: Socket) => void;
}
