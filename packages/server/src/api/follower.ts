/**
 * Keeps the store in step with the programme. What the programme says of a space is true; the store is
 * what remains when the programme has forgotten. Invariants: changes of the store go one after another;
 * of several reports on one space only the newest is written; a space that only the programme knows is
 * taken in, never deleted, since a recording hangs on it; one that was removed here is removed there; one
 * that only the store knows has no recording.
 */
import type { PublicSpace } from '@parterre/protocol';
import type { Clock, Timer, Timers } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { Store, StoredSpace } from '../ports/store.ts';

const RETRY_MS = 2_000;
/** Reports kept while the store cannot be written; beyond this the next reconnection brings them. */
const REPORTS_MAX = 1_024;

export interface FollowerOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** A report on a space that was removed here. */
  readonly onRemoved: () => void;
}

export class Follower {
  readonly #options: FollowerOptions;
  readonly #reports = new Map<string, PublicSpace>();
  #turn: Promise<unknown> = Promise.resolve();
  #retry: Timer | null = null;
  #closed = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Takes a report; it is written soon, again and again until it is. */
  report(space: PublicSpace): void {
    if (this.#closed) return;
    if (!this.#reports.has(space.id)) {
      if (this.#reports.size >= REPORTS_MAX) return;
      void this.inTurn(() => this.#writeReport(space.id));
    }
    this.#reports.set(space.id, space);
  }

  /** The programme does not know this space any more: whatever recording there was is gone with it. */
  removed(spaceId: string): void {
    if (this.#closed) return;
    this.#reports.delete(spaceId);
    const lost = this.inTurn(async () => {
      const { store } = this.#options;
      if ((await store.space(spaceId))?.replayReady !== true) return;
      await store.updateSpace(spaceId, { replayReady: false });
    });
    lost.catch((error: unknown) => {
      const { log } = this.#options;
      log.warn({ err: error, space: spaceId }, 'a lost recording could not be noted');
    });
  }

  /** Writes what the programme has just answered, with what only the store knows beside it. */
  apply(space: PublicSpace, beside: Partial<StoredSpace> = {}): Promise<StoredSpace | null> {
    this.#reports.delete(space.id);
    return this.inTurn(() =>
      this.#options.store.updateSpace(space.id, { ...reported(space), ...beside }),
    );
  }

  /** Forgets that a space was removed, along with reports from before. */
  forget(spaceId: string): Promise<void> {
    this.#reports.delete(spaceId);
    return this.inTurn(() => this.#options.store.forgetRemoval(spaceId));
  }

  /** Runs `work` after everything that was asked for before it. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#turn.then(work);
    this.#turn = run.catch(() => undefined);
    return run;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    await this.#turn;
  }

  async #writeReport(id: string): Promise<void> {
    const space = this.#reports.get(id);
    if (space === undefined) return;
    try {
      await this.#write(space);
      if (this.#reports.get(id) === space) this.#reports.delete(id);
      else void this.inTurn(() => this.#writeReport(id));
    } catch (error) {
      this.#options.log.warn(
        { err: error, space: id },
        'the state of a space could not be stored yet',
      );
      this.#retryLater();
    }
  }

  async #write(space: PublicSpace): Promise<void> {
    const { store, clock, log, onRemoved } = this.#options;
    const stored = await store.space(space.id);
    if (stored !== null) {
      const change = reported(space);
      if (differs(stored, change)) await store.updateSpace(space.id, change);
      return;
    }
    const taken = {
      ...space,
      openedAtMs: space.state === 'scheduled' ? null : space.doorsAtMs,
      zone: space.zone ?? null,
      successor: space.successor ?? null,
      holdingSound: true,
      groups: [],
      clip: null,
      createdAtMs: clock.wallMs(),
    };
    if (await store.createSpace(taken)) {
      log.warn({ space: space.id }, 'took in a space that only the programme knew');
    } else {
      onRemoved();
    }
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== null) return;
    this.#retry = this.#options.timers.after(RETRY_MS, () => {
      this.#retry = null;
      for (const id of this.#reports.keys()) void this.inTurn(() => this.#writeReport(id));
    });
  }
}

/** What the programme decides. */
function reported(space: PublicSpace): Partial<StoredSpace> {
  return {
    title: space.title,
    host: space.host,
    state: space.state,
    profile: space.profile,
    rendition: space.rendition,
    startsAtMs: space.startsAtMs,
    zone: space.zone ?? null,
    ...(space.state === 'scheduled'
      ? { doorsAtMs: space.doorsAtMs }
      : { openedAtMs: space.doorsAtMs }),
    liveAtMs: space.liveAtMs,
    endedAtMs: space.endedAtMs,
    replayReady: space.replayReady,
    successor: space.successor ?? null,
  };
}

function differs(stored: StoredSpace, change: Partial<StoredSpace>): boolean {
  return Object.entries(change).some(([key, value]) => stored[key as keyof StoredSpace] !== value);
}
