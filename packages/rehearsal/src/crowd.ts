/**
 * The listeners of one generator process: as many as it is told, joining and leaving at the pace it can
 * keep, each heard of once a second in one sample.
 */
import { createOpusDecoder } from '@parterre/media';
import { PROFILES } from '@parterre/protocol';
import type { Audience } from './hearing.ts';
import { type Company, Member } from './member.ts';
import type { Manners, Target } from './messages.ts';
import { Reference } from './reference.ts';
import type { System, Timer } from './system.ts';
import { type Sample, Tallies } from './tallies.ts';
import { Visits } from './visit.ts';

/** What one process may hold: descriptors are 20,000 and not all are listeners. */
export const LISTENERS_PER_PROCESS = 15_000;
/** Without sound for longer than this, a listener is waiting before a dead screen, ms. */
export const LATE_MS = 2_000;
/** From one address of the loopback. */
const LISTENERS_PER_ADDRESS = 250;
const OPENING_MAX = 256;
const TICK_MS = 20;
/** A tick that is later than this is done between two reads. */
const OVERDUE_MS = 100;
const WATCH_MS = 250;
/** A timer kept waiting for longer says that the process was held up: what came meanwhile lies unread. */
const HELD_UP_MS = 250;
const SECOND_MS = 1_000;
const PAUSE_MS = 20_000;
/** Joins and leaves begun in one tick. */
const CHANGES_PER_TICK_MAX = 400;
const VISITS_AT_ONCE_MAX = 64;

export interface CrowdOptions {
  readonly system: System;
  /** Of this process among the generators; tells its addresses from theirs. */
  readonly index: number;
  readonly target: Target;
  readonly manners: Manners;
  /** Told of each second's end. */
  second?(sample: CrowdSample): void;
}

/** What a crowd can tell of itself; the process adds its own cost. */
export type CrowdSample = Omit<Sample, 'cpu'>;

export class Crowd {
  readonly #options: CrowdOptions;
  readonly #company: Company;
  readonly #visits: Visits;
  readonly #members: Member[] = [];
  readonly #timer: Timer;
  #tickedAtMs: number;
  /** When the timer itself last came. */
  #timedAtMs: number;
  #watchAtMs: number;
  #secondAtMs: number;
  #lateMs = 0;
  #wanted = 0;
  #made = 0;
  #visiting = 0;
  #churned = 0;

  /** Ready to be told how many. */
  static async open(options: CrowdOptions): Promise<Crowd> {
    const [mono, stereo] = await Promise.all([createOpusDecoder(1), createOpusDecoder(2)]);
    const decoders = { 1: mono, 2: stereo };
    return new Crowd(options, new Reference(decoders), new Reference(decoders));
  }

  private constructor(options: CrowdOptions, reference: Reference, lean: Reference) {
    const { system, target } = options;
    this.#options = options;
    this.#visits = new Visits(target);
    const audience: Audience = {
      reference,
      lean,
      tallies: new Tallies(),
      profile: PROFILES[target.profile],
      wallOffsetMs: system.wallMs() - system.monotonicMs(),
    };
    const { host, port, tls, space, asked } = target;
    const where = { host, port, tls, space, asked };
    const { patience } = options.manners;
    const patienceMs = patience === null ? null : patience * 1_000;
    const watch = { last: null, lastAtMs: 0, newcomerAtMs: 0 };
    const waits = { opening: 0, openingMax: OPENING_MAX, queue: [], patienceMs, watch };
    const limits = { ...waits, pauseMs: PAUSE_MS };
    const nowMs = system.monotonicMs();
    const beat = (atMs: number): void => this.#beat(atMs);
    const overdueAtMs = nowMs + OVERDUE_MS;
    this.#company = { ...audience, ...where, ...limits, system, overdueAtMs, heldUpMs: 0, beat };
    this.#tickedAtMs = nowMs;
    this.#timedAtMs = nowMs;
    this.#watchAtMs = nowMs + WATCH_MS;
    this.#secondAtMs = nowMs + SECOND_MS;
    this.#timer = system.every(TICK_MS, () => {
      this.#timed(system.monotonicMs());
    });
  }

  want(listeners: number): void {
    this.#wanted = Math.min(LISTENERS_PER_PROCESS, listeners);
  }

  /** This share of the connections is lost at once, and comes back as players do, not sooner than `awayMs`. */
  cut(share: number, awayMs: number): void {
    const { system } = this.#options;
    for (const member of this.#members) if (system.random() < share) member.cut(awayMs);
  }

  close(): void {
    this.#timer.cancel();
    this.#visits.close();
    for (const member of this.#members) member.leave();
    this.#members.length = 0;
  }

  /** Everything since the last time. */
  sample(): CrowdSample {
    const company = this.#company;
    const nowMs = company.system.monotonicMs();
    this.#late(nowMs);
    const loopDelayMs = this.#lateMs;
    this.#lateMs = 0;
    company.wallOffsetMs = company.system.wallMs() - nowMs;
    let listeners = 0;
    let waiting = 0;
    let inLine = 0;
    for (const member of this.#members) {
      if (member.hearing) listeners++;
      else if (member.inLine) inLine++;
      else if (member.waitingMs(nowMs) > LATE_MS) waiting++;
    }
    company.lean.takeDigests(); // between processes the space's own rendition is compared
    const digests = company.reference.takeDigests();
    return { ...company.tallies.take(), listeners, waiting, inLine, digests, loopDelayMs };
  }

  /** How long the loop has kept its timer waiting. */
  #late(nowMs: number): void {
    this.#lateMs = Math.max(this.#lateMs, nowMs - this.#timedAtMs - TICK_MS);
  }

  /**
   * The timer came. Who is silent is judged here alone, where it is known for how long nothing was read: a
   * process that was held up would take its own absence for the server's, all its listeners at once.
   */
  #timed(nowMs: number): void {
    this.#late(nowMs);
    const heldUpMs = nowMs - this.#timedAtMs - TICK_MS;
    if (heldUpMs > HELD_UP_MS) this.#company.heldUpMs += heldUpMs;
    this.#timedAtMs = nowMs;
    this.#beat(nowMs);
    if (nowMs < this.#watchAtMs) return;
    this.#watchAtMs = nowMs + WATCH_MS;
    for (const member of this.#members) member.watch(nowMs);
    this.#replaceGivenUp();
  }

  /** Whose patience is over is gone; others come instead. */
  #replaceGivenUp(): void {
    for (let at = this.#members.length - 1; at >= 0; at--) {
      if (!this.#members[at]!.gaveUp) continue;
      const last = this.#members.pop()!;
      if (at < this.#members.length) this.#members[at] = last;
    }
  }

  /** The crowd's own work, by the timer or, when the loop is full, between two reads. */
  #beat(nowMs: number): void {
    this.#company.overdueAtMs = nowMs + OVERDUE_MS;
    this.#tick(nowMs - this.#tickedAtMs);
    this.#tickedAtMs = nowMs;
    if (nowMs < this.#secondAtMs) return;
    this.#secondAtMs = Math.max(this.#secondAtMs + SECOND_MS, nowMs);
    const { second } = this.#options;
    if (second !== undefined) second(this.sample());
  }

  #tick(sinceMs: number): void {
    const { queue } = this.#company;
    const callable = Math.min(queue.length, this.#company.openingMax - this.#company.opening);
    for (const member of queue.splice(0, callable)) member.called();
    this.#churn(Math.min(sinceMs, SECOND_MS));
    let left = CHANGES_PER_TICK_MAX;
    while (this.#members.length > this.#wanted && left-- > 0) this.#members.pop()!.leave();
    while (this.#members.length < this.#wanted && left-- > 0) this.#add();
  }

  /** Those who leave are replaced by the next tick's joins. */
  #churn(sinceMs: number): void {
    const { manners, system } = this.#options;
    this.#churned += (manners.churn * this.#members.length * sinceMs) / 1_000;
    for (; this.#churned >= 1; this.#churned--) {
      const at = Math.floor(system.random() * this.#members.length);
      const last = this.#members.pop();
      if (last === undefined) return;
      const gone = this.#members[at] ?? last;
      if (gone !== last) this.#members[at] = last;
      gone.leave();
    }
  }

  #add(): void {
    const { manners, system } = this.#options;
    const member = new Member(this.#company, this.#address(), system.random() < manners.slow);
    this.#members.push(member);
    if (this.#visiting >= VISITS_AT_ONCE_MAX || system.random() >= manners.visits) member.join();
    else void this.#visitFirst(member);
  }

  async #visitFirst(member: Member): Promise<void> {
    const { tallies } = this.#company;
    this.#visiting++;
    const missing = await this.#visits.visit();
    this.#visiting--;
    tallies.visits++;
    if (missing !== null) {
      tallies.refusals++;
      tallies.fault(missing);
    }
    member.join();
  }

  #address(): string | undefined {
    const { target, index } = this.#options;
    if (!target.loopback) return undefined;
    const slot = this.#made++ % LISTENERS_PER_PROCESS;
    const group = index * (LISTENERS_PER_PROCESS / LISTENERS_PER_ADDRESS);
    const address = group + Math.floor(slot / LISTENERS_PER_ADDRESS);
    return `127.${10 + (Math.floor(address / 40_000) % 200)}.${Math.floor(address / 200) % 200}.${1 + (address % 200)}`;
  }
}
