/**
 * A gate in simulation: a coordinator and edges that crash and come back, links between them that delay,
 * lose, double and part, and more visitors than there are places. After every event the rules hold, or
 * `Broken` says which did not; the same seed gives the same trace.
 */
import { compareOrder, type IssuedTicket, type Order, RANKS } from '@parterre/protocol';
import {
  type EdgeGrant,
  floatOf,
  GateCoordinator,
  type Spending,
} from '../../server/src/gate/index.ts';
import type { Entrants } from '../../server/src/ports/entrants.ts';
import { SimDoors } from './doors.ts';
import { REPORT_MS, SimEdge, STRANGER, type Visitor } from './gate-edge.ts';
import { type GateOutcome, type GateSabotage, newCounts } from './gate-outcome.ts';
import { GateTrouble } from './gate-trouble.ts';
import { SeededRandom } from './random.ts';
import { Broken } from './toy.ts';
import { World } from './world.ts';

const SPACE = 'evening';
const EDGES = 3;
const TURN_MS = 20_000;

/**
 * Simulates `forMs` of a crowd and every trouble, then `CALM_MS` without.
 * @param disk empty, and with a space called `evening`
 * @throws Broken
 */
export async function simulateGate(
  seed: number,
  forMs: number,
  disk: Entrants,
  sabotage: GateSabotage = {},
): Promise<GateOutcome> {
  const gate = new SimGate(seed, disk, sabotage);
  gate.open();
  await gate.run(forMs);
  return gate.end();
}

const CALM_MS = 60_000;
const TURNS_MAX = 3;
/** What the longest chain of promises takes, and more. */
const STIR_TURNS = 40;
/** By then every edge knows of somebody who entered. */
const KNOWN_MS = 2_500;

class SimGate {
  private readonly world = new World(() => this.settle());
  private readonly random: SeededRandom;
  private readonly sabotage: GateSabotage;
  private readonly disk: Entrants;
  private readonly doors: SimDoors;
  private turnsLeft = 0;
  private readonly capacity: number;
  private readonly float: number;
  /** Of a group that has them kept. */
  private readonly seats: number;
  private readonly edges: SimEdge[] = [];
  /** Whom the system has not yet told to be dead. */
  private readonly members = new Set<SimEdge>();
  private readonly visitors: Visitor[] = [];
  private readonly admittedTickets = new Set<string>();
  private coordinator: GateCoordinator<SimEdge> | null = null;
  private epoch = 0;
  private furthest: Order = { second: 0, rank: 0 };
  private calm = false;
  private readonly counts = newCounts();
  private readonly trouble: GateTrouble;

  constructor(seed: number, disk: Entrants, sabotage: GateSabotage) {
    this.random = new SeededRandom(seed);
    this.disk = disk;
    this.sabotage = sabotage;
    this.doors = new SimDoors(this.world, this.random, SPACE);
    this.capacity = this.random.between(100, 160);
    this.float = floatOf(100, EDGES);
    this.seats = this.random.between(1, 20);
    this.trouble = new GateTrouble({
      world: this.world,
      random: this.random,
      edges: this.edges,
      isCalm: () => this.calm,
      come: (visitor) => this.come(visitor),
      crashEdge: (index) => this.crashEdge(index),
      crashCoordinator: () => this.crashCoordinator(),
    });
  }

  open(): void {
    for (let index = 0; index < EDGES; index++) this.beginEdge(index);
    this.beginCoordinator();
    const crowd = this.random.between(150, 400);
    const overMs = this.random.between(2_000, 30_000);
    const members = this.random.between(0, 2 * this.seats);
    for (let name = 0; name < crowd; name++) {
      const visitor: Visitor = { ...STRANGER, name, member: name < members };
      this.visitors.push(visitor);
      this.after(this.random.uniform() * overMs, () => this.come(visitor));
    }
    this.trouble.plot();
  }

  run(forMs: number): Promise<void> {
    return this.world.run(forMs, () => this.check());
  }

  async end(): Promise<GateOutcome> {
    this.calm = true;
    for (const { link } of this.edges) link.part(false);
    await this.run(CALM_MS);
    const lost = this.visitors.filter(({ inside, edge }) => inside && edge === null);
    if (lost.length > 0)
      throw new Broken(`${lost.length} who were in hear nothing: visitor ${lost[0]!.name}`);
    // Somebody may have come late, or missed their turn, and have a new place in line.
    for (const _turn of Array(TURNS_MAX))
      if (this.outside > 0 && this.hasRoom) await this.run(TURN_MS);
    if (this.outside > 0 && this.hasRoom)
      throw new Broken(
        `${this.outside} wait while ${this.listeners()} of ${this.capacity} places are taken`,
      );
    const edges = this.edges.map(({ gate }) => gate.lotteries);
    await this.doors.check(this.disk, edges);
    const { entrants } = this.doors;
    return { trace: this.world.trace, capacity: this.capacity, entrants, ...this.counts };
  }

  private readonly stir = (): void => {
    this.turnsLeft = STIR_TURNS;
  };

  private async settle(): Promise<void> {
    while (this.turnsLeft-- > 0) await null;
  }

  private get outside(): number {
    return this.visitors.filter(({ inside, home }) => !inside && !home).length;
  }

  /** What is kept for who comes back and for the group, and the float, may stay empty. */
  private get hasRoom(): boolean {
    const kept = this.float * (EDGES + 1) + this.seats;
    return this.listeners() - this.seated() < this.capacity * 0.8 - kept;
  }

  private after(delayMs: number, task: () => void): void {
    this.world.timers.after(delayMs, task);
  }

  private seated(): number {
    return this.edges.reduce((sum, { seated }) => sum + seated.size, 0);
  }

  /** As the edges count them: those whose connection is dead, unknown to its edge, included. */
  private listeners(): number {
    return this.edges.reduce((sum, { listeners, dead }) => sum + listeners.size + dead.size, 0);
  }

  private check(): void {
    if (this.seated() > this.seats)
      throw new Broken(`${this.seated()} of the group are on ${this.seats} seats`);
    const listeners = this.listeners();
    this.counts.listenersMax = Math.max(this.counts.listenersMax, listeners);
    if (listeners > this.capacity)
      throw new Broken(`${listeners} listen where ${this.capacity} may`);
    const booked = this.coordinator?.booked ?? 0;
    // An edge that is dead, and not yet known to be, has its float booked beside that of the one after it.
    if (booked > this.capacity + this.float * Math.max(EDGES, this.members.size))
      throw new Broken(`${booked} places are booked of ${this.capacity}`);
  }

  private beginEdge(index: number): void {
    const { world, random, float, seats, disk, stir } = this;
    const edge: SimEdge = new SimEdge({
      name: `edge ${index}`,
      world,
      random,
      float,
      seats,
      disk,
      deaf: (this.sabotage.deaf ?? false) && index === 0,
      space: this.doors.space,
      stir,
      tell: (report) => void this.coordinator?.reported(edge, report),
    });
    this.edges[index] = edge;
    this.doors.tell(edge);
    this.members.add(edge);
    this.coordinator?.opened(edge);
    edge.report();
  }

  private beginCoordinator(): void {
    const { world } = this;
    this.epoch++;
    const coordinator = new GateCoordinator<SimEdge>({
      capacity: { listeners: this.capacity, joinsPerS: 10_000, source: 'configuration' },
      float: this.float,
      edges: EDGES,
      nowMs: world.clock.monotonicMs(),
      epoch: this.epoch,
      turnMs: TURN_MS,
    });
    const fresh = this.sabotage.forgets ?? false;
    for (const edge of this.members) coordinator.opened(edge, fresh);
    this.coordinator = coordinator;
    const step = (): void => {
      if (this.coordinator !== coordinator) return;
      const { clock } = world;
      for (const [edge, grant] of coordinator.step(clock.monotonicMs(), clock.wallMs()))
        edge.link.datagram(() => this.grant(edge, grant));
      this.after(REPORT_MS, step);
    };
    step();
  }

  private grant(edge: SimEdge, grant: EdgeGrant): void {
    if (!edge.alive) return;
    edge.gate.keeper.granted(grant, this.world.clock.monotonicMs(), (row) =>
      row === SPACE ? edge.used : edge.seated.size,
    );
    for (const { player, connection } of grant.resumed)
      if (edge.supersede(this.visitors[player]!, connection)) this.counts.supersededBeside++;
    for (const { line } of grant.spaces)
      if (line !== null && compareOrder(line.front, this.furthest) > 0) this.furthest = line.front;
  }

  /** A visitor tries: with a token, a ticket, or nothing; and again until they are in. */
  private come(visitor: Visitor): void {
    if (visitor.home || visitor.edge !== null) return;
    const edge = this.random.chance(0.9) ? this.anyEdge() : null;
    if (edge === null) {
      this.after(500, () => this.come(visitor));
      return;
    }
    const { gate, space } = edge;
    // Their own old place is the one they come back to.
    if (visitor.token !== null && edge.supersede(visitor, visitor.connections + 1))
      this.counts.superseded++;
    const open = gate.keeper.nowServing(SPACE)?.open ?? false;
    const seat = visitor.member && space.state !== 'scheduled' ? edge.sitDown(visitor) : null;
    const token = seat === 'soon' ? null : visitor.token;
    const wallMs = this.world.clock.wallMs();
    const word = gate.keeper.nowServing(SPACE);
    if (space.state === 'scheduled') {
      if (visitor.ticket === null) this.take(visitor, edge);
      else this.after(700, () => this.come(visitor));
    } else if (seat === 'taken') this.seat(visitor, edge, true);
    else if (visitor.ticket !== null && open) this.wait(visitor, visitor.ticket, edge);
    else if (gate.keeper.admits(SPACE, edge.used, token, wallMs)) {
      if (visitor.inside) this.counts.returned++;
      else if (open || (word !== null && this.somebodyWaits()))
        throw new Broken(`visitor ${visitor.name} passed the line at ${edge.name}`);
      this.seat(visitor, edge);
    } else if (visitor.token !== null || visitor.ticket !== null) {
      const againS = gate.keeper.retryAfterS(visitor.token !== null);
      this.after(againS * 1_000, () => this.come(visitor));
    } else this.take(visitor, edge);
  }

  /** Somebody who came before doors was not called yet, and every edge has had the time to know of them. */
  private somebodyWaits(): boolean {
    const { doorsAtMs } = this.doors.space;
    const second = Math.floor(doorsAtMs / 1_000);
    if (compareOrder(this.furthest, { second, rank: RANKS - 1 }) >= 0) return false;
    return this.doors.hasPromised(KNOWN_MS);
  }

  /** Takes a place in line, or a part in the lottery. */
  private take(visitor: Visitor, edge: SimEdge): void {
    edge.place((ticket, nonce) => {
      visitor.ticket = ticket;
      if (ticket?.rank === null) this.doors.promise(ticket.id, nonce);
      this.after(1_000, () => this.come(visitor));
    });
  }

  private anyEdge(): SimEdge | null {
    const alive = this.edges.filter((edge) => edge.alive);
    return alive[this.random.between(0, alive.length - 1)] ?? null;
  }

  private wait(visitor: Visitor, issued: IssuedTicket, edge: SimEdge): void {
    const { keeper } = edge.gate;
    const again = (): void => this.after(1_000, () => this.come(visitor));
    const order = edge.isEarly(issued) ? null : edge.orderOf(issued);
    if (order === null || !keeper.called(SPACE, order) || !keeper.reserve(SPACE, edge.used)) {
      again();
      return;
    }
    let answered = false;
    this.ask(edge, order, issued.id, (answer) => {
      if (answered) return;
      answered = true;
      if (edge.alive) keeper.release(SPACE);
      if (answer === 'used_before' || answer === 'lapsed') visitor.ticket = null;
      if (answer !== 'spent' || !edge.alive) {
        again();
        return;
      }
      if (this.admittedTickets.has(issued.id))
        throw new Broken(`ticket ${issued.id} was used twice`);
      if (compareOrder(order, this.furthest) > 0)
        throw new Broken(`visitor ${visitor.name} came in before their turn`);
      this.admittedTickets.add(issued.id);
      this.counts.byTicket++;
      this.seat(visitor, edge);
    });
  }

  /** Asks the coordinator; no answer for long is "not yet". */
  private ask(edge: SimEdge, order: Order, id: string, tell: (answer: Spending) => void): void {
    const { clock } = this.world;
    edge.link.datagram(() => {
      const answer = this.coordinator?.spend(SPACE, order, id, clock.monotonicMs());
      if (answer !== undefined) edge.link.datagram(() => tell(answer));
    });
    this.after(1_500, () => tell('not_yet'));
  }

  /** @param inGroup on a seat of the group, which it has taken */
  private seat(visitor: Visitor, edge: SimEdge, inGroup = false): void {
    const { keeper } = edge.gate;
    const connection = ++visitor.connections;
    if (connection > 1) edge.resumed.push({ player: visitor.name, connection });
    if (inGroup) this.counts.seated++;
    else keeper.joined(SPACE, edge.used);
    edge.listeners.add(visitor);
    visitor.edge = edge;
    visitor.ticket = null;
    visitor.token = keeper.returnToken(SPACE, this.world.clock.wallMs());
    if (!visitor.inside) this.counts.admitted++;
    visitor.inside = true;
    this.world.note(`visitor ${visitor.name} is in at ${edge.name}`);
    if (this.random.chance(0.5))
      this.after(this.random.between(1_000, 60_000), () => this.leave(visitor, edge));
  }

  private leave(visitor: Visitor, edge: SimEdge): void {
    if (visitor.edge !== edge) return;
    edge.listeners.delete(visitor);
    edge.seated.delete(visitor);
    visitor.edge = null;
    visitor.inside = false;
    visitor.home = true;
  }

  private crashEdge(index: number): void {
    const edge = this.edges[index]!;
    if (!edge.alive) return;
    this.world.note(`${edge.name} is killed`);
    this.counts.crashes++;
    edge.alive = false;
    this.trouble.cutListeners(edge);
    edge.dead.clear();
    const { random } = this;
    // The system tells it sooner or later, and to whoever is the coordinator then.
    this.after(random.between(1, 3_000), () => {
      this.members.delete(edge);
      this.coordinator?.closed(edge, this.world.clock.monotonicMs());
    });
    this.after(random.between(50, 2_000), () => this.beginEdge(index));
  }

  private crashCoordinator(): void {
    if (this.coordinator === null) return;
    this.world.note('the coordinator is killed');
    this.counts.crashes++;
    this.coordinator = null;
    this.after(this.random.between(20, 4_000), () => this.beginCoordinator());
  }
}
