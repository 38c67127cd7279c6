/**
 * The gate's half at one edge, put together: who comes in, who entered before doors, where places in line are
 * given out; and what the coordinator is told of all that.
 */
import type { Timers } from '../ports/clock.ts';
import type { Entrants } from '../ports/entrants.ts';
import type { Random } from '../ports/random.ts';
import { GateKeeper, type OpenSpace } from './keeper.ts';
import { Lotteries } from './lotteries.ts';
import type { EdgeReport, SessionName } from './messages.ts';
import { TicketOffice } from './office.ts';

export interface GateAtEdgeOptions {
  /** Seals tickets, the same at all edges. */
  readonly key: Uint8Array;
  /** Places without asking. */
  readonly float: number;
  readonly random: Random;
  readonly entrants: Entrants;
  readonly timers: Timers;
  readonly nowMs: number;
  /** A lottery could not be read or written; it is tried again. */
  readonly failed: (error: unknown) => void;
}

export class GateAtEdge {
  readonly keeper: GateKeeper;
  readonly lotteries: Lotteries;
  readonly office: TicketOffice;

  constructor({ key, float, random, entrants, timers, nowMs, failed }: GateAtEdgeOptions) {
    this.keeper = new GateKeeper(key, float, random, nowMs);
    this.lotteries = new Lotteries({ key, entrants, random, timers }, failed);
    const { keeper, lotteries } = this;
    this.office = new TicketOffice({ key, keeper, lotteries, random, nowMs });
  }

  /**
   * Does what is due, and says how it stands. Called regularly.
   * @param resumed who came back here since
   */
  report(
    open: readonly OpenSpace[],
    exists: (spaceId: string) => boolean,
    nowMs: number,
    wallMs: number,
    resumed: readonly SessionName[] = [],
  ): EdgeReport {
    const { keeper, lotteries } = this;
    lotteries.tick(open, exists, nowMs, wallMs);
    const entrantsOf = (spaceId: string) => lotteries.entrantsOf(spaceId, nowMs);
    return keeper.report(nowMs, open, entrantsOf, resumed);
  }
}
