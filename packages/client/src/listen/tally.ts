/** What a listener measures: counts of what happened, and where the ear is. `stats` is replaced, never changed. */
import type { Ear } from './ear.ts';
import type { House } from './house.ts';
import type { ListenStats } from './types.ts';

export type Counted = 'gaps' | 'stalls' | 'reconnects' | 'skipped' | 'bytes';

export class Tally {
  readonly #counts: Record<Counted, number> = {
    gaps: 0,
    stalls: 0,
    reconnects: 0,
    skipped: 0,
    bytes: 0,
  };
  #connection: ListenStats['connection'] = null;
  #stats: ListenStats = {
    ...this.#counts,
    seq: null,
    bufferedMs: 0,
    latencyMs: null,
    rate: 1,
    engine: null,
    connection: null,
  };

  get stats(): ListenStats {
    return this.#stats;
  }

  add(name: Counted, by: number): void {
    this.#counts[name] += by;
  }

  /** Whether that is news. */
  led(leads: boolean): boolean {
    const before = this.#connection;
    this.#connection = leads ? 'own' : 'shared';
    return this.#connection !== before;
  }

  measure({ reading, seq, capturedAtMs, engine }: Ear, house: House): void {
    const known = capturedAtMs !== null && house.timeKnown;
    this.#stats = {
      ...this.#counts,
      seq,
      bufferedMs: Math.round(reading?.aheadMs ?? 0),
      latencyMs: known ? Math.round(house.nowMs - capturedAtMs) : null,
      rate: reading?.rate ?? 1,
      engine: engine?.kind ?? null,
      connection: this.#connection,
    };
  }
}
