/**
 * The gate at an edge process: a keeper, its reports to the supervisor and the supervisor's answers, and
 * its figures as metrics.
 */
import { DiskEntrants } from '../adapters/disk/index.ts';
import {
  type EdgeGrant,
  EgressMeter,
  floatOf,
  GateAtEdge,
  type OpenSpace,
  type SessionName,
  type Spending,
} from '../gate/index.ts';
import { capacityMinOf } from './gate-desk.ts';
import { publisher } from './gauges.ts';
import type { HouseWord } from './messages.ts';
import type { PartContext } from './part.ts';

const REPORT_MS = 100;
/** After the first report: by then it is mostly known who entered before doors. */
const REPORT_AGAIN_MS = 15;
/** No answer for so long is "not yet". */
const SPEND_MS_MAX = 2_000;
/** How long an edge may wait for its first places before it takes connections. */
const PLACES_MS_MAX = 1_000;
/** Tickets asked about at once. */
const SPENDING_MAX = 1_000;

/** The part of an edge's house that is needed. */
interface Seats {
  used(spaceId: string): number;
  usedOf(row: string): number;
  openSpaces(): Iterable<OpenSpace>;
  room(spaceId: string): unknown;
  readonly sessions: {
    takeResumed(): readonly SessionName[];
    supersede(session: SessionName): void;
  };
  /** Bytes of the programme sent on all lanes, ever. */
  readonly sentBytes: number;
}

export class EdgeGate extends GateAtEdge {
  readonly #context: PartContext;
  readonly #asked = new Map<number, (answer: Spending) => void>();
  #question = 0;
  #seats: Seats | null = null;
  readonly #meter = new EgressMeter();
  #house: HouseWord | null = null;
  #timer: { cancel(): void } | null = null;
  #entered: () => void = () => {};

  constructor(context: PartContext) {
    const { config, secrets, random, clock, timers, log } = context;
    super({
      key: secrets.passKey,
      float: floatOf(capacityMinOf(config), config.edges),
      random,
      entrants: new DiskEntrants(config.data, String(process.pid)),
      timers,
      nowMs: clock.monotonicMs(),
      failed: (error) => log.error({ err: error }, 'a lottery cannot be read or written'),
    });
    this.#context = context;
  }

  /**
   * Begins to report. Resolves when there are places in every space that is open, or after so long: an edge
   * that takes connections before that sends away who comes back from one that died.
   */
  open(seats: Seats): Promise<void> {
    const { clock, timers, tellGate, hearGrants } = this.#context;
    this.#seats = seats;
    hearGrants((grant, house) => this.#granted(grant, house));
    const exists = (id: string): boolean => seats.room(id) !== undefined;
    const report = (): void => {
      const nowMs = clock.monotonicMs();
      const open = [...seats.openSpaces()];
      const sentBps = this.#meter.sample(nowMs, seats.sentBytes);
      const resumed = seats.sessions.takeResumed();
      tellGate(this.report(open, exists, nowMs, clock.wallMs(), resumed), sentBps);
    };
    report();
    timers.after(REPORT_AGAIN_MS, report);
    this.#timer = timers.every(REPORT_MS, report);
    this.#publish();
    return new Promise((resolve) => {
      const late = timers.after(PLACES_MS_MAX, resolve);
      this.#entered = () => {
        late.cancel();
        resolve();
      };
    });
  }

  close(): void {
    this.#timer?.cancel();
  }

  /** Of the bound on what the house sends, the share in use; 0 without a bound. */
  get egress(): number {
    return this.#house?.egress ?? 0;
  }

  #granted(grant: EdgeGrant, house: HouseWord): void {
    this.#house = house;
    const nowMs = this.#context.clock.monotonicMs();
    const seats = this.#seats!;
    for (const session of grant.resumed) seats.sessions.supersede(session);
    this.keeper.granted(grant, nowMs, (row) => seats.usedOf(row));
    const without = [...seats.openSpaces()].some(({ id }) => !this.keeper.hasPlaces(id));
    if (!without) this.#entered();
  }

  readonly spend = (
    spaceId: string,
    { second, rank, id: ticketId }: { second: number; rank: number; id: string },
  ): Promise<Spending> => {
    if (this.#asked.size >= SPENDING_MAX) return Promise.resolve('not_yet');
    const id = ++this.#question;
    return new Promise((resolve) => {
      const answer = (spending: Spending): void => {
        timer.cancel();
        this.#asked.delete(id);
        resolve(spending);
      };
      const timer = this.#context.timers.after(SPEND_MS_MAX, () => answer('not_yet'));
      this.#asked.set(id, answer);
      this.#context.askSpend(id, spaceId, { second, rank, id: ticketId });
    });
  };

  spent(id: number, answer: Spending): void {
    this.#asked.get(id)?.(answer);
  }

  #publish(): void {
    const { gauge, byLabel } = publisher(this.#context.metrics);
    const { keeper } = this;
    gauge(
      'parterre_gate_joins_per_second_max',
      'Joins a second that this edge takes now.',
      () => keeper.pace.perS,
    );
    gauge(
      'parterre_gate_capacity_listeners',
      'Listeners the whole house takes in, as each edge was told; not to be summed.',
      () => this.#house?.capacity.listeners ?? 0,
    );
    gauge(
      'parterre_gate_work_bits',
      'Zero bits of work that a ticket costs at this edge now; not to be summed.',
      () => this.office.workBits(this.#context.clock.monotonicMs()),
    );
    gauge(
      'parterre_gate_group_seats',
      'Seats kept for groups in spaces that are open, as each edge was told; not to be summed.',
      () => this.#groupSeats(),
    );
    byLabel(
      'parterre_gate_total',
      'Refused for want of a place, entrants before doors, tickets issued later and redeemed, listeners who came back past the line, those who took a seat of their group, passes that were not valid, and tickets that were asked work for.',
      'what',
      () => keeper.counters,
    );
  }

  #groupSeats(): number {
    let kept = 0;
    for (const { groups = [] } of this.#seats?.openSpaces() ?? [])
      for (const { seats } of groups) kept += seats;
    return kept;
  }
}
