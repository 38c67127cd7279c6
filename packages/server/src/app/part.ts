/**
 * What every process of Parterre is given and gives back. `main.ts` builds the context from the
 * configuration; `part-{name}.ts` composes the modules and adapters of that process from it.
 */
import type { Socket } from 'node:net';
import type { Registry } from 'prom-client';
import type { EdgeGrant, EdgeReport, Spending } from '../gate/index.ts';
import type { Clock, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Random } from '../ports/random.ts';
import type { Config } from './config.ts';
import type { HouseWord } from './messages.ts';
import type { Secrets } from './secrets.ts';

export interface PartContext {
  readonly config: Config;
  /** When the supervisor began, ms since the Unix epoch: the same for a process that replaces another. */
  readonly serverStartedAtMs: number;
  readonly secrets: Secrets;
  readonly log: Log;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** This process's metrics; collected by the supervisor, served by the api at `/metrics`. */
  readonly metrics: Registry;
  /** Paths of the unix sockets between the processes. */
  readonly sockets: { readonly programme: string; readonly api: string; readonly stage: string };
  /** Descriptor of the inherited public socket; edges only. */
  readonly listenFd: number | null;
  /** What seals TLS session tickets at all edges; edges only. */
  readonly ticketKeys: Buffer | null;
  /** Tells the supervisor how full this edge is. */
  readonly tellLoad: (connections: number, places: number, taking: boolean) => void;
  /** Tells the supervisor how this edge stands with its places. */
  readonly tellGate: (report: EdgeReport, sentBps: number) => void;
  /** Asks the supervisor for a ticket; the answer comes to `EdgePart.spent`. */
  readonly askSpend: (
    id: number,
    spaceId: string,
    ticket: { readonly second: number; readonly rank: number; readonly id: string },
  ) => void;
  /** Hears what the gate grants this edge, from here on; edges only. */
  readonly hearGrants: (listener: Granted) => void;
  /** Tells the supervisor what a certificate that is valid now held; api only. */
  readonly tellCertified: (
    held: { readonly listeners: number; readonly joinsPerS: number } | null,
  ) => void;
  /** Metrics of all processes as Prometheus text; api only. */
  readonly collectMetrics: () => Promise<string>;
}

export type Granted = (grant: EdgeGrant, house: HouseWord) => void;

/** A running process's work. */
export interface Part {
  /** Finishes what has begun. Idempotent. @param others processes of this kind go on serving */
  close(others?: boolean): Promise<void>;
}

/** An edge's; the supervisor decides who takes new connections. */
export interface EdgePart extends Part {
  /** @param socket the public socket; owned from here on */
  take(socket: Socket): void;
  leave(): void;
  renewTicketKeys(keys: Buffer): void;
  spent(id: number, answer: Spending): void;
}
