/**
 * The gate's coordinator among the processes: hears the edges, gives out places, answers for tickets. It
 * sits in the supervisor, which alone knows for certain that an edge is gone, and reads nothing but
 * what our own processes say.
 */
import {
  capacityOf,
  floatOf,
  type GateCapacity,
  GateCoordinator,
  listenersWithin,
} from '../gate/index.ts';
import type { Log } from '../ports/log.ts';
import type { Child } from './child.ts';
import type { Config } from './config.ts';
import type { FromPart, HouseWord } from './messages.ts';

/** Places are given out anew at most this often, ms. */
const STEP_MS_MIN = 40;
const CAPACITY_MIN = 100;

/** The least that capacity can come to with this configuration. */
export function capacityMinOf({ capacity, listenersMax }: Config): number {
  return capacity > 0 ? capacity : Math.max(CAPACITY_MIN, listenersMax);
}

export class GateDesk {
  readonly #config: Config;
  readonly #log: Log;
  readonly #coordinator: GateCoordinator<Child>;
  #steppedMs = 0;
  /** By edge: what it sends, bits a second, and to how many. */
  readonly #sending = new Map<Child, { readonly bps: number; readonly listeners: number }>();
  /** Before what the way out holds. */
  #capacity: GateCapacity;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    const least = capacityMinOf(config);
    this.#capacity = capacityOf(config.capacity, null, least);
    this.#coordinator = new GateCoordinator({
      capacity: this.#capacity,
      float: floatOf(least, config.edges),
      edges: config.edges,
      nowMs: performance.now(),
    });
  }

  opened(edge: Child): void {
    this.#coordinator.opened(edge);
  }

  /** It has begun to close. */
  leaving(edge: Child): void {
    this.#coordinator.leaving(edge);
  }

  closed(edge: Child): void {
    this.#sending.delete(edge);
    this.#coordinator.closed(edge, performance.now());
  }

  /** What a certificate that is valid now held; null when there is none. */
  certified(held: { readonly listeners: number; readonly joinsPerS: number } | null): void {
    const capacity = capacityOf(this.#config.capacity, held, capacityMinOf(this.#config));
    const before = this.#capacity;
    this.#capacity = capacity;
    if (before.listeners !== capacity.listeners) this.#log.info({ ...capacity }, 'the capacity');
  }

  reported(edge: Child, { report, sentBps }: Extract<FromPart, { type: 'places' }>): void {
    this.#coordinator.reported(edge, report);
    const listeners = report.spaces.reduce((sum, { used }) => sum + used, 0);
    this.#sending.set(edge, { bps: sentBps, listeners });
    const nowMs = performance.now();
    if (nowMs - this.#steppedMs < STEP_MS_MIN) return;
    this.#steppedMs = nowMs;
    const house = this.#house();
    this.#coordinator.capacity = house.capacity;
    for (const [to, grant] of this.#coordinator.step(nowMs, Date.now()))
      to.send({ type: 'granted', grant, house });
  }

  #house(): HouseWord {
    const { egressBpsMax } = this.#config;
    let sentBps = 0;
    let sentTo = 0;
    for (const { bps, listeners } of this.#sending.values()) {
      sentBps += bps;
      sentTo += listeners;
    }
    const fit = listenersWithin(egressBpsMax, sentBps, sentTo);
    const listeners = Math.min(this.#capacity.listeners, fit);
    const egress = egressBpsMax === 0 ? 0 : sentBps / egressBpsMax;
    return { capacity: { ...this.#capacity, listeners }, egress };
  }

  spend(edge: Child, { id, spaceId, ticket }: Extract<FromPart, { type: 'spend' }>): void {
    const answer = this.#coordinator.spend(spaceId, ticket, ticket.id, performance.now());
    edge.send({ type: 'spent', id, answer });
  }
}
