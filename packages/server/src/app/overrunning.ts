/**
 * Crowds of several sizes against one capacity, each on a server of its own: who is in already stays, a
 * space beside it has its own listeners and joins, and what is promised is compared between the crowds.
 */

import type {
  CrowdResult,
  Neighbour,
  PromiseResult,
  RehearsalResult,
} from '@parterre/protocol/rehearsal';
import {
  Conductor,
  goodputOf,
  neighbourOf,
  recoveryOf,
  type Score,
  type System,
  scoreOf,
} from '@parterre/rehearsal';
import { forkGenerator, targetOf } from './rehearsing.ts';

/** Of the capacity, who is in before the crowd comes. */
const INSIDE_SHARE = 0.4;
/** When the crowd of `overrun.json` begins to come and when it has left, s after those inside are in. */
export const CROWD_S = { comes: 10, left: 50 } as const;
/** The seconds before that in which the neighbour is looked at. */
export const BEFORE_S = 8;
/** Of the capacity, who listens in the space beside; and at most so many. */
const NEIGHBOUR_SHARE = 0.1;
const NEIGHBOURS_MAX = 150;
const NEIGHBOUR_CHURN = 0.04;
const API_EVERY_MS = 200;
const API_MS_MAX = 5_000;

/** What 10 times the capacity may cost against the capacity itself. */
const GOODPUT_LOSS_MAX = 0.05;
const RECOVERY_S_MAX = 30;
/** By how much the neighbour's joins and the api may be slower, s. */
const SLOWER_S_MAX = 0.25;

export function scoreOfCrowd(factor: number, capacity: number, pace: number): Score {
  const inside = Math.round(capacity * INSIDE_SHARE);
  const crowd = Math.max(1, Math.round(capacity * factor) - inside);
  return scoreOf(`steady:${inside}+overrun:${crowd}`, {
    listeners: 0,
    scale: 1,
    speed: 1,
    seconds: null,
    pace,
    read: () => '',
  });
}

export function neighboursFor(capacity: number): number {
  return Math.min(NEIGHBOURS_MAX, Math.ceil(capacity * NEIGHBOUR_SHARE));
}

/** A space beside the one that is rehearsed: its listeners come and go, and the api is asked all the time. */
export class Beside {
  readonly #conductor: Conductor;
  readonly #system: System;
  readonly #api: { readonly atMs: number; readonly tookMs: number }[] = [];
  readonly #origin: string;
  readonly #timer: { cancel(): void };
  #beganAtMs = 0;
  #played: ReturnType<Conductor['play']> | null = null;
  readonly #stop = new AbortController();

  private constructor(
    system: System,
    origin: string,
    conductor: (signal: AbortSignal) => Conductor,
  ) {
    this.#system = system;
    this.#origin = origin;
    this.#conductor = conductor(this.#stop.signal);
    this.#timer = system.every(API_EVERY_MS, () => void this.#askApi());
  }

  static async open(system: System, url: string, listeners: number): Promise<Beside> {
    const target = await targetOf(url, null);
    const beside = new Beside(
      system,
      new URL(url).origin,
      (signal) =>
        new Conductor({
          system,
          target,
          manners: { visits: 0, slow: 0, churn: NEIGHBOUR_CHURN, patience: null },
          generators: 1,
          start: forkGenerator,
          figures: async () => null,
          disturb: async () => '',
          second: () => {},
          signal,
        }),
    );
    await beside.#conductor.open();
    beside.#beganAtMs = system.monotonicMs();
    const score = { seconds: 3_600, incidents: [], wantedAt: () => listeners };
    beside.#played = beside.#conductor.play(score);
    return beside;
  }

  async #askApi(): Promise<void> {
    const atMs = this.#system.monotonicMs();
    const signal = AbortSignal.timeout(API_MS_MAX);
    const answer = await fetch(`${this.#origin}/api/server`, { signal }).catch(() => null);
    await answer?.text().catch(() => '');
    const tookMs = answer?.ok === true ? this.#system.monotonicMs() - atMs : API_MS_MAX;
    this.#api.push({ atMs, tookMs });
  }

  /** Ends it; idempotent. @returns what it was between two moments, monotonic ms */
  async close(): Promise<(fromMs: number, untilMs: number) => Neighbour> {
    this.#timer.cancel();
    this.#stop.abort('Enough.');
    const ledger = await this.#played!;
    this.#conductor.close();
    return (fromMs, untilMs) => {
      const seconds = ledger.seconds.filter(({ atS }) => {
        const atMs = this.#beganAtMs + atS * 1_000;
        return atMs >= fromMs && atMs < untilMs;
      });
      const api = this.#api.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
      return neighbourOf(
        seconds,
        api.map(({ tookMs }) => tookMs),
      );
    };
  }
}

/** One crowd's figures from its rehearsal. @param crowdEndS of the result's seconds */
export function crowdOf(
  factor: number,
  { exercised, line, totals, seconds }: RehearsalResult,
  crowdEndS: number,
  beside: { readonly before: Neighbour; readonly during: Neighbour },
): CrowdResult {
  return {
    factor,
    visitors: Math.max(...seconds.map(({ wanted }) => wanted)),
    listenersMax: exercised.listeners,
    serverListenersMax: line.serverListenersMax,
    reachedP99Ms: line.reachedMs?.p99 ?? null,
    gaps: totals.gaps + totals.dry + totals.wrongBytes,
    goodputS: goodputOf(seconds.filter(({ atS }) => atS < crowdEndS)),
    recoveryS: recoveryOf(seconds, crowdEndS),
    ...beside,
  };
}

/** What is promised of all crowds together, beside what the rehearsal of the largest says by itself. */
export function promisesOfCrowds(
  crowds: readonly CrowdResult[],
  capacity: number,
): PromiseResult[] {
  const promises: PromiseResult[] = [];
  const must = (promise: string, measure: string, limit: number, measured: number): void => {
    promises.push({ promise, measure, limit, measured, held: measured <= limit });
  };
  const most = (of: (crowd: CrowdResult) => number): number => Math.max(0, ...crowds.map(of));
  const [first] = crowds;
  const last = crowds.at(-1);
  if (first === undefined || last === undefined) return promises;
  must(
    'P1',
    'crowds.gaps',
    0,
    most(({ gaps }) => gaps),
  );
  must('P2', 'crowds.reached.p99_s', 2, most(({ reachedP99Ms }) => reachedP99Ms ?? 0) / 1_000);
  const inAll = most(({ listenersMax, serverListenersMax }) =>
    Math.max(listenersMax, serverListenersMax ?? 0),
  );
  must('P1', 'crowds.over_capacity', 0, Math.max(0, inAll - capacity));
  const loss = Math.max(0, 1 - last.goodputS / Math.max(1, first.goodputS));
  must('P1', 'crowds.goodput_loss', GOODPUT_LOSS_MAX, loss);
  must(
    'P2',
    'crowds.recovery_s',
    RECOVERY_S_MAX,
    most(({ recoveryS }) => recoveryS ?? NEVER_S),
  );
  const beside = (of: (neighbour: Neighbour) => number | null) =>
    most(({ before, during }) =>
      before === null || during === null ? 0 : (of(during) ?? 0) - (of(before) ?? 0),
    ) / 1_000;
  must(
    'P1',
    'beside.gaps',
    0,
    most(({ during }) => during?.gaps ?? 0),
  );
  must(
    'P1',
    'beside.join_slower_s',
    SLOWER_S_MAX,
    beside(({ joinP95Ms }) => joinP95Ms),
  );
  must(
    'P1',
    'beside.api_slower_s',
    SLOWER_S_MAX,
    beside(({ apiP95Ms }) => apiP95Ms),
  );
  return promises;
}

/** Not within the rehearsal. */
const NEVER_S = 3_600;
