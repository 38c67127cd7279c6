/** An edge of a simulated gate: its half of the gate, a link to the coordinator, and who listens there. */
import { createHash } from 'node:crypto';
import { type IssuedTicket, type Order, solveWork } from '@parterre/protocol';
import {
  type DrawnSpace,
  type EdgeReport,
  GateAtEdge,
  type GroupPlaces,
  type SessionName,
  type TicketWish,
} from '../../server/src/gate/index.ts';
import type { Entrants } from '../../server/src/ports/entrants.ts';
import { sealSeatLink } from '../../server/src/spaces/index.ts';
import { SimEntrants } from './entrants.ts';
import { Link } from './network.ts';
import type { SeededRandom } from './random.ts';
import { Broken } from './toy.ts';
import type { World } from './world.ts';

export const REPORT_MS = 100;
const KEY = new Uint8Array(32).fill(5);
const GROUP = 'press0000000';
const SEAT_LINK = sealSeatLink(KEY, { space: 'evening', group: GROUP, expiresAtMs: 8.64e15 });
const CLIENT = 'a-browser-of-the-sim';
/** No answer for so long is none. */
const PLACE_MS_MAX = 2_000;
const LINK = { delayMsMin: 1, delayMsMax: 200, loss: 0.05, doubled: 0.03 };

export interface SimEdgeOptions {
  readonly name: string;
  readonly world: World;
  readonly random: SeededRandom;
  readonly float: number;
  /** Of the group. */
  readonly seats: number;
  readonly disk: Entrants;
  /** It does not heed the first closing of the lottery. */
  readonly deaf: boolean;
  /** What the edge has heard of the doors when it begins. */
  readonly space: DrawnSpace;
  /** Promises may settle. */
  readonly stir: () => void;
  readonly tell: (report: EdgeReport) => void;
}

/** Somebody who wants to listen. */
export interface Visitor {
  readonly name: number;
  /** Is of the group that has seats kept. */
  readonly member: boolean;
  edge: SimEdge | null;
  /** Was let in once, and has not gone home. */
  inside: boolean;
  ticket: IssuedTicket | null;
  token: string | null;
  home: boolean;
  /** Connections it has had. */
  connections: number;
}

export const STRANGER = {
  member: false,
  edge: null,
  inside: false,
  ticket: null,
  token: null,
  home: false,
  connections: 0,
};

export class SimEdge {
  readonly name: string;
  readonly gate: GateAtEdge;
  readonly link: Link;
  readonly listeners = new Set<Visitor>();
  /** Of those, the ones on seats of the group. */
  readonly seated = new Set<Visitor>();
  /** Connections that are dead, which the edge does not know: the number of each. */
  readonly dead = new Map<Visitor, number>();
  /** Who came back here since the last report, as visitor and connection. */
  resumed: SessionName[] = [];
  /** Places of those who came before doors, by their tickets' ids, as it has drawn them. */
  private readonly drawn = new Map<string, Order>();
  space: DrawnSpace;
  alive = true;
  private readonly options: SimEdgeOptions;

  constructor(options: SimEdgeOptions) {
    const { name, world, random, float, disk, deaf, space, stir } = options;
    this.options = options;
    this.name = name;
    this.space = space;
    this.link = new Link(world, random, LINK);
    const alive = (): boolean => this.alive;
    this.gate = new GateAtEdge({
      key: KEY,
      float,
      random,
      entrants: new SimEntrants({ disk, world, random, alive, deaf, stir }),
      timers: world.timers,
      nowMs: world.clock.monotonicMs(),
      failed: () => {},
    });
  }

  /** Listeners on no seat of the group, as the edge counts them. */
  get used(): number {
    return this.listeners.size + this.dead.size - this.seated.size;
  }

  /** @returns whether an older connection of theirs was still counted here */
  supersede(visitor: Visitor, number: number): boolean {
    const dead = this.dead.get(visitor);
    return dead !== undefined && dead < number && this.dead.delete(visitor);
  }

  private get group(): GroupPlaces {
    return { id: GROUP, seats: this.options.seats, used: this.seated.size };
  }

  /** The page knows its place by itself, once it is drawn, and does not come before it is called. */
  isEarly({ id, second, rank }: IssuedTicket): boolean {
    const order = rank === null ? this.drawn.get(id) : { second, rank };
    return order !== undefined && !this.gate.keeper.called(this.space.id, order);
  }

  /** The place of one who comes with a ticket; null before it is drawn. @throws Broken when it is not known */
  orderOf({ id, ticket: text }: IssuedTicket): Order | null {
    const { keeper, office } = this.gate;
    const { clock } = this.options.world;
    const ticket = keeper.read(this.space.id, text, clock.wallMs());
    if (ticket?.id !== id) throw new Broken('a ticket is not known any more');
    const order = office.orderOf(this.space, ticket, clock.monotonicMs());
    if (order !== null) this.drawn.set(id, order);
    return order;
  }

  /** Somebody of the group takes one of its seats here, if there is one now. */
  sitDown(visitor: Visitor): 'taken' | 'soon' | null {
    const { clock } = this.options.world;
    const { keeper } = this.gate;
    const groups = new Map([[GROUP, this.group]]);
    const nowMs = clock.monotonicMs();
    const group = keeper.seatFor(
      this.space.id,
      groups,
      SEAT_LINK,
      visitor.token,
      nowMs,
      clock.wallMs(),
    );
    if (group === null || group === 'soon') return group;
    keeper.seated(this.space.id, group);
    this.seated.add(visitor);
    return 'taken';
  }

  /** Reports until it is dead. */
  readonly report = (): void => {
    if (!this.alive) return;
    const { world, tell } = this.options;
    const nowMs = world.clock.monotonicMs();
    this.gate.keeper.pace.tick(nowMs, 0);
    const open = [{ ...this.space, used: this.used, groups: [this.group] }];
    const report = this.gate.report(open, () => true, nowMs, world.clock.wallMs(), this.resumed);
    this.resumed = [];
    this.options.stir();
    this.link.datagram(() => tell(report));
    world.timers.after(REPORT_MS, this.report);
  };

  /**
   * A place in line, or a part in the lottery, whatever work that costs.
   * @param then called once, with null when there was no answer in time
   */
  place(then: (ticket: IssuedTicket | null, nonce: string) => void): void {
    const { world, random } = this.options;
    const nonce = Buffer.from(random.bytes(16)).toString('base64url');
    let answered = false;
    const answer = (ticket: IssuedTicket | null): void => {
      if (answered) return;
      answered = true;
      then(ticket, nonce);
    };
    this.issue({ client: CLIENT, nonce, challenge: null, work: null }, answer);
    world.timers.after(PLACE_MS_MAX, () => answer(null));
  }

  private issue(wish: TicketWish, answer: (ticket: IssuedTicket | null) => void): void {
    const { world, stir } = this.options;
    const { clock } = world;
    stir();
    void this.gate.office
      .issue(this.space, wish, clock.monotonicMs(), clock.wallMs())
      .then((issued) => {
        if (!this.alive) return;
        if ('ticket' in issued) answer(issued.ticket);
        else if (issued.challenge === undefined) answer(null);
        else {
          const { challenge } = issued;
          const work = `${solveWork(challenge, sha256)}`;
          this.issue({ ...wish, challenge: challenge.text, work }, answer);
        }
      });
  }
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
